"""Files of a repository (GitHub docs, "REST API endpoints for repository contents")."""

import base64
import binascii
from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.github.actions.pushes import absorb_pushes
from sandbox.github.models import Repo
from sandbox.github.shapes import git_commit
from sandbox.github.wire import ApiError, Call, api, invalid, not_found, reply
from sandbox.models import JsonObject
from sandbox.repositories import Change, File, GitError

WORKFLOWS = ".github/workflows/"


def _shape(call: Call, repo: Repo, path: str, file: File, ref: str) -> JsonObject:
    address = call.github.api_url(f"/repos/{repo.full_name}/contents/{path}?ref={ref}")
    git = call.github.api_url(f"/repos/{repo.full_name}/git/blobs/{file.blob}")
    html = call.github.html_url(f"/{repo.full_name}/blob/{ref}/{path}")
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": file.blob,
        "size": len(file.content),
        "url": address,
        "html_url": html,
        "git_url": git,
        "download_url": call.github.html_url(f"/{repo.full_name}/raw/{ref}/{path}"),
        "type": "file",
        "_links": {"self": address, "git": git, "html": html},
    }


def show(call: Call) -> Response:
    """GET .../contents/{path}: a file; folders are not told here."""
    repo, path = call.repo(), call.part("path")
    ref = call.query("ref", repo.default_branch)
    file = _file(call, repo, ref, path)
    if file is None:
        raise not_found()
    content = base64.encodebytes(file.content).decode()
    return reply({**_shape(call, repo, path, file, ref), "content": content, "encoding": "base64"})


def put(call: Call) -> Response:
    """PUT .../contents/{path}: 201 for a new file, 200 for a changed one, which needs the old one's hash."""
    repo, path = call.repo(), call.part("path")
    try:
        content = base64.b64decode(call.text("content").replace("\n", ""), validate=True)
    except binascii.Error as why:
        raise ApiError(422, "content is not valid Base64") from why
    branch = call.text("branch", repo.default_branch)
    there = _check_change(call, repo, branch, path)
    if there is None and "sha" in call.body and call.text("sha"):
        raise ApiError(409, f"{path} does not match {call.text('sha')}")
    sha = _commit(call, repo, branch, Change(path=path, content=content))
    made = call.github.repository(repo).file(sha, path)
    if made is None:
        raise not_found()
    body = {
        "content": _shape(call, repo, path, made, branch),
        "commit": git_commit(call.github, repo, call.github.repository(repo).commit(sha)),
    }
    return reply(body, 201 if there is None else 200)


def remove(call: Call) -> Response:
    """DELETE .../contents/{path}. Parameters come in the body or in the query."""
    repo, path = call.repo(), call.part("path")
    for name, value in call.request.query_params.items():
        call.body.setdefault(name, value)
    branch = call.text("branch", repo.default_branch)
    if _check_change(call, repo, branch, path) is None:
        raise not_found()
    sha = _commit(call, repo, branch, Change(path=path, content=None))
    commit = git_commit(call.github, repo, call.github.repository(repo).commit(sha))
    return reply({"content": None, "commit": commit})


def _file(call: Call, repo: Repo, ref: str, path: str) -> File | None:
    git = call.github.repository(repo)
    sha = git.resolve(ref.removeprefix("refs/heads/").removeprefix("refs/tags/"))
    return git.file(sha, path) if sha else None


def _check_change(call: Call, repo: Repo, branch: str, path: str) -> File | None:
    """The file as it is; refuses a change by who may not, or who does not know what is there."""
    if path.startswith(WORKFLOWS) and not call.caller.may("workflows", "write"):
        raise ApiError(
            403, f"Resource not accessible by {call.caller.title}: {WORKFLOWS} needs workflows:write"
        )
    if repo.archived:
        raise ApiError(403, "Repository was archived so is read-only.")
    if repo.refs and f"refs/heads/{branch}" not in repo.refs:
        raise ApiError(404, f"Branch {branch} not found")
    there = _file(call, repo, branch, path)
    if there is not None and not call.body.get("sha"):
        raise invalid("Content", "sha", 'Invalid request.\n\n"sha" wasn\'t supplied.', "missing_field")
    if there is not None and call.text("sha") != there.blob:
        raise ApiError(409, f"{path} does not match {call.text('sha')}")
    return there


def _commit(call: Call, repo: Repo, branch: str, change: Change) -> str:
    git = call.github.repository(repo)
    try:
        git.check_branch(branch)
        sha = git.write(
            branch=branch,
            parent=git.resolve(branch),
            changes=[change],
            message=call.text("message"),
            author=_author(call),
            at=int(datetime.now(UTC).timestamp()),
        )
    except GitError as why:
        raise ApiError(422, f"git: {why}") from why
    absorb_pushes(call.github, repo, pusher=call.caller.account, make_runs=call.caller.kind != "job")
    return sha


def _author(call: Call) -> tuple[str, str]:
    given = call.body.get("author") or call.body.get("committer")
    if isinstance(given, dict) and isinstance(given.get("name"), str) and isinstance(given.get("email"), str):
        return given["name"], given["email"]
    login = call.caller.account
    return login, f"{login}@users.noreply.{call.github.settings.host}"


_PATH = "/repos/{owner}/{repo}/contents/{path:path}"
ROUTES: list[BaseRoute] = [
    api("GET", _PATH, show, needs="contents:read"),
    api("PUT", _PATH, put, needs="contents:write"),
    api("DELETE", _PATH, remove, needs="contents:write"),
]
