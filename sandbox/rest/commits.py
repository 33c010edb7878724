"""Commits and branches, read-mostly."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.models import JsonObject, Project
from sandbox.protection import is_protected
from sandbox.pushes import absorb_pushes
from sandbox.rest.shapes import show_commit
from sandbox.wire import ApiError, Call, api, not_found, nothing, page, reply

_MOST_COMMITS = 1000


def list_commits(call: Call) -> Response:
    """GET /repository/commits of a ref, newest first."""
    project = call.project()
    repository = call.sandbox.repository(project)
    sha = repository.resolve(call.params.text("ref_name", project.default_branch))
    commits = repository.commits(sha, _MOST_COMMITS) if sha else []
    return page(call, commits, lambda commit: show_commit(call.sandbox, project, commit))


def get_commit(call: Call) -> Response:
    """GET /repository/commits/:sha, which may be a branch or a tag too."""
    project = call.project()
    repository = call.sandbox.repository(project)
    sha = repository.resolve(call.part("sha"))
    if sha is None:
        raise not_found("Commit")
    return reply(show_commit(call.sandbox, project, repository.commit(sha)))


def _show_branch(call: Call, project: Project, name: str, sha: str) -> JsonObject:
    return {
        "name": name,
        "commit": show_commit(call.sandbox, project, call.sandbox.repository(project).commit(sha)),
        "merged": False,
        "protected": is_protected(call.sandbox.store, project, name, tag=False),
        "default": name == project.default_branch,
        "can_push": True,
        "developers_can_push": False,
        "developers_can_merge": False,
        "web_url": call.sandbox.url(project, f"/-/tree/{name}"),
    }


def _branches(call: Call, project: Project) -> dict[str, str]:
    refs = call.sandbox.repository(project).refs()
    return {
        ref.removeprefix("refs/heads/"): sha for ref, sha in refs.items() if ref.startswith("refs/heads/")
    }


def list_branches(call: Call) -> Response:
    """GET /repository/branches."""
    project = call.project()
    return page(call, list(_branches(call, project).items()), lambda item: _show_branch(call, project, *item))


def _branch(call: Call, project: Project) -> tuple[str, str]:
    name = call.part("branch")
    sha = _branches(call, project).get(name)
    if sha is None:
        raise not_found("Branch")
    return name, sha


def get_branch(call: Call) -> Response:
    """GET /repository/branches/:branch."""
    project = call.project()
    return reply(_show_branch(call, project, *_branch(call, project)))


def create_branch(call: Call) -> Response:
    """POST /repository/branches."""
    project = call.project()
    call.params.require("branch", "ref")
    repository = call.sandbox.repository(project)
    name = call.params.text("branch")
    sha = repository.resolve(call.params.text("ref"))
    if sha is None:
        raise ApiError(400, {"message": f"Invalid reference name: {call.params.text('ref')}"})
    if name in _branches(call, project):
        raise ApiError(400, {"message": "Branch already exists"})
    repository.set_ref(f"refs/heads/{name}", sha)
    absorb_pushes(call.sandbox, project)
    return reply(_show_branch(call, project, name, sha), 201)


def delete_branch(call: Call) -> Response:
    """DELETE /repository/branches/:branch; a protected or the default branch stays."""
    project = call.project()
    name, _ = _branch(call, project)
    if name == project.default_branch or is_protected(call.sandbox.store, project, name, tag=False):
        raise ApiError(403, {"message": "403 Forbidden - a protected or default branch cannot be removed"})
    call.sandbox.repository(project).delete_ref(f"refs/heads/{name}")
    absorb_pushes(call.sandbox, project)
    return nothing()


_PROJECT = "/projects/{project}/repository"
ROUTES: list[BaseRoute] = [
    api("GET", f"{_PROJECT}/commits", list_commits),
    api("GET", f"{_PROJECT}/commits/{{sha}}", get_commit),
    api("GET", f"{_PROJECT}/branches", list_branches),
    api("POST", f"{_PROJECT}/branches", create_branch),
    api("GET", f"{_PROJECT}/branches/{{branch}}", get_branch),
    api("DELETE", f"{_PROJECT}/branches/{{branch}}", delete_branch),
]
