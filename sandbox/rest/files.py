"""Files in a repository, each change a real commit (GitLab docs, "Repository files API" and "Commits API")."""

import base64
import binascii
import hashlib
import re
import time
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.context import ROOT_USER
from sandbox.models import JsonObject, Project
from sandbox.pushes import absorb_pushes
from sandbox.repositories import Change, File
from sandbox.rest.shapes import show_commit
from sandbox.wire import ApiError, Call, api, not_found, nothing, reply

# Each part of a path; what git itself would not check out is refused.
_PATH = re.compile(
    r"(?!\.git(/|$))(?!\.{1,2}(/|$))[^/\x00-\x1f\"]+(/(?!\.git(/|$))(?!\.{1,2}(/|$))[^/\x00-\x1f\"]+)*"
)


def _sentence(text: str) -> ApiError:
    """400 with a sentence of GitLab's own."""
    return ApiError(400, {"message": text})


def _existing(call: Call) -> tuple[Project, str, str, File]:
    """The project, the commit, the path and the file that the call names."""
    project = call.project()
    repository = call.sandbox.repository(project)
    path = call.part("path")
    sha = repository.resolve(call.params.text("ref", project.default_branch))
    file = repository.file(sha, path) if sha else None
    if sha is None or file is None:
        raise not_found("File")
    return project, sha, path, file


def _facts(call: Call) -> tuple[JsonObject, File]:
    project, sha, path, file = _existing(call)
    return {
        "file_name": path.rpartition("/")[2],
        "file_path": path,
        "size": len(file.content),
        "encoding": "base64",
        "content_sha256": hashlib.sha256(file.content).hexdigest(),
        "ref": call.params.text("ref", project.default_branch),
        "blob_id": file.blob,
        "commit_id": sha,
        "last_commit_id": call.sandbox.repository(project).last_change(sha, path),
        "execute_filemode": file.executable,
    }, file


def get_file(call: Call) -> Response:
    """GET and HEAD of a file: its content in base64, or its facts as headers."""
    facts, file = _facts(call)
    if call.request.method == "HEAD":
        headers = {
            f"X-Gitlab-{name.replace('_', '-').title()}": quote(str(value)) for name, value in facts.items()
        }
        return Response(headers=headers)
    return reply({**facts, "content": base64.b64encode(file.content).decode()})


def get_raw(call: Call) -> Response:
    """GET of a file's bytes."""
    return Response(_existing(call)[3].content, media_type="text/plain")


def create_file(call: Call) -> Response:
    """POST of a file that is not there yet."""
    return _write_one(call, "create")


def update_file(call: Call) -> Response:
    """PUT of a file that is there."""
    return _write_one(call, "update")


def delete_file(call: Call) -> Response:
    """DELETE of a file."""
    _write_one(call, "delete")
    return nothing()


def _write_one(call: Call, action: str) -> Response:
    call.params.require("branch", "commit_message", *(() if action == "delete" else ("content",)))
    path = call.part("path")
    _commit(call, [{**call.params.given, "action": action, "file_path": path}])
    return reply(
        {"file_path": path, "branch": call.params.text("branch")}, 201 if action == "create" else 200
    )


def create_commit(call: Call) -> Response:
    """POST /repository/commits: several files at once."""
    call.params.require("branch", "commit_message", "actions")
    sha = _commit(call, call.params.objects("actions"))
    return reply(
        show_commit(call.sandbox, call.project(), call.sandbox.repository(call.project()).commit(sha)), 201
    )


def _commit(call: Call, actions: list[JsonObject]) -> str:
    """Writes a commit to a branch, and makes the pipeline that it causes."""
    project, params = call.project(), call.params
    repository = call.sandbox.repository(project)
    branch = params.text("branch")
    refs = repository.refs()
    parent = refs.get(f"refs/heads/{branch}")
    if parent is None:
        repository.check_branch(branch)
    if parent is None and "start_branch" in params:
        parent = repository.resolve(params.text("start_branch"))
    if parent is None and refs:
        raise _sentence("You can only create or edit files when you are on a branch")
    sha = repository.write(
        branch=branch,
        parent=parent,
        changes=[_change(call, project, parent, action) for action in actions],
        message=params.text("commit_message"),
        author=(
            _plain(params.text("author_name", str(ROOT_USER["name"]))),
            _plain(params.text("author_email", str(ROOT_USER["email"]))),
        ),
        at=int(time.time()),
    )
    absorb_pushes(call.sandbox, project)
    return sha


def _plain(text: str) -> str:
    """A name or address without what separates them in a commit."""
    return re.sub(r"[<>\n\x00]", "", text)


def _change(call: Call, project: Project, parent: str | None, action: JsonObject) -> Change:
    path, kind = str(action.get("file_path", "")), action.get("action")
    if not _PATH.fullmatch(path):
        raise _sentence(f"invalid path: {path!r}")
    repository = call.sandbox.repository(project)
    before = repository.file(parent, path) if parent else None
    if kind not in {"create", "update", "delete"}:
        raise _sentence(f"the sandbox knows the actions create, update and delete, not {kind!r}")
    if kind == "create" and before is not None:
        raise _sentence("A file with this name already exists")
    if kind != "create" and before is None:
        raise _sentence("A file with this name doesn't exist")
    last = action.get("last_commit_id")
    if last and parent and last != repository.last_change(parent, path):
        raise _sentence("You are attempting to update a file that has changed since you started editing it.")
    if kind == "delete":
        return Change(path=path, content=None)
    executable = action.get("execute_filemode", before.executable if before else False)
    return Change(path=path, content=_content(action), executable=str(executable).lower() == "true")


def _content(action: JsonObject) -> bytes:
    text = str(action.get("content", ""))
    if action.get("encoding") != "base64":
        return text.encode()
    try:
        return base64.b64decode(text)
    except binascii.Error as why:
        raise _sentence(f"content is not base64: {why}") from why


_FILES = "/projects/{project}/repository/files/{path}"
ROUTES: list[BaseRoute] = [
    api("GET", f"{_FILES}/raw", get_raw),
    # Starlette answers HEAD wherever it answers GET.
    api("GET", _FILES, get_file),
    api("POST", _FILES, create_file),
    api("PUT", _FILES, update_file),
    api("DELETE", _FILES, delete_file),
    api("POST", "/projects/{project}/repository/commits", create_commit),
]
