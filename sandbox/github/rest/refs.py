"""Branches, commits and git references."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.github.actions.pushes import absorb_pushes
from sandbox.github.models import Repo
from sandbox.github.shapes import node_id, repo_commit
from sandbox.github.wire import ApiError, Call, api, not_found, nothing, page, reply
from sandbox.models import JsonObject
from sandbox.repositories import GitError

_MOST_COMMITS = 1000


def _branch(call: Call, repo: Repo, name: str) -> JsonObject:
    base = call.github.api_url(f"/repos/{repo.full_name}")
    commit = call.github.repository(repo).commit(repo.refs[f"refs/heads/{name}"])
    html = call.github.html_url(f"/{repo.full_name}/tree/{name}")
    return {
        "name": name,
        "commit": repo_commit(call.github, repo, commit),
        "_links": {"self": f"{base}/branches/{name}", "html": html},
        "protected": False,
        "protection": {"enabled": False},
        "protection_url": f"{base}/branches/{name}/protection",
    }


def list_branches(call: Call) -> Response:
    """GET .../branches."""
    repo = call.repo()
    base = call.github.api_url(f"/repos/{repo.full_name}/commits")
    branches = [
        (ref.removeprefix("refs/heads/"), sha)
        for ref, sha in repo.refs.items()
        if ref.startswith("refs/heads/")
    ]
    return page(
        call,
        branches,
        lambda at: {"name": at[0], "commit": {"sha": at[1], "url": f"{base}/{at[1]}"}, "protected": False},
    )


def show_branch(call: Call) -> Response:
    """GET .../branches/{branch}."""
    repo, name = call.repo(), call.part("branch")
    if f"refs/heads/{name}" not in repo.refs:
        raise ApiError(404, "Branch not found")
    return reply(_branch(call, repo, name))


def list_commits(call: Call) -> Response:
    """GET .../commits, newest first."""
    repo = call.repo()
    git = call.github.repository(repo)
    sha = git.resolve(call.query("sha", repo.default_branch))
    if sha is None:
        raise ApiError(409, "Git Repository is empty.") if not repo.refs else not_found()
    return page(call, git.commits(sha, _MOST_COMMITS), lambda commit: repo_commit(call.github, repo, commit))


def show_commit(call: Call) -> Response:
    """GET .../commits/{ref}."""
    repo = call.repo()
    git = call.github.repository(repo)
    sha = git.resolve(call.part("ref").removeprefix("heads/").removeprefix("tags/"))
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.part('ref')}")
    return reply(repo_commit(call.github, repo, git.commit(sha)))


def _ref(call: Call, repo: Repo, name: str) -> JsonObject:
    base = call.github.api_url(f"/repos/{repo.full_name}/git")
    sha = repo.refs[name]
    return {
        "ref": name,
        "node_id": node_id("Ref", repo.id),
        "url": f"{base}/{name}",
        "object": {"type": "commit", "sha": sha, "url": f"{base}/commits/{sha}"},
    }


def show_ref(call: Call) -> Response:
    """GET .../git/ref/{ref}."""
    repo, name = call.repo(), f"refs/{call.part('ref')}"
    if name not in repo.refs:
        raise not_found()
    return reply(_ref(call, repo, name))


def create_ref(call: Call) -> Response:
    """POST .../git/refs."""
    repo, name, sha = call.repo(), call.text("ref"), call.text("sha")
    git = call.github.repository(repo)
    if name in repo.refs:
        raise ApiError(422, "Reference already exists")
    if not name.startswith(("refs/heads/", "refs/tags/")) or git.resolve(sha) != sha:
        raise ApiError(422, "Reference name or object is not valid")
    _set(call, repo, name, sha)
    return reply(_ref(call, repo, name), 201)


def change_ref(call: Call) -> Response:
    """PATCH .../git/refs/{ref}: with `force`, or only forward."""
    repo, name, sha = call.repo(), f"refs/{call.part('ref')}", call.text("sha")
    git = call.github.repository(repo)
    if name not in repo.refs or git.resolve(sha) != sha:
        raise ApiError(422, "Reference does not exist")
    forward = any(commit.sha == repo.refs[name] for commit in git.commits(sha, _MOST_COMMITS))
    if not forward and not call.flag("force", default=False):
        raise ApiError(422, "Update is not a fast forward")
    _set(call, repo, name, sha)
    return reply(_ref(call, repo, name))


def remove_ref(call: Call) -> Response:
    """DELETE .../git/refs/{ref}."""
    repo, name = call.repo(), f"refs/{call.part('ref')}"
    if name not in repo.refs:
        raise ApiError(422, "Reference does not exist")
    call.github.repository(repo).delete_ref(name)
    absorb_pushes(call.github, repo, pusher=call.caller.account)
    return nothing()


def _set(call: Call, repo: Repo, name: str, sha: str) -> None:
    try:
        call.github.repository(repo).set_ref(name, sha)
    except GitError as why:
        raise ApiError(422, f"git: {why}") from why
    absorb_pushes(call.github, repo, pusher=call.caller.account, make_runs=call.caller.kind != "job")


_REPO = "/repos/{owner}/{repo}"
ROUTES: list[BaseRoute] = [
    api("GET", f"{_REPO}/branches", list_branches, needs="contents:read"),
    api("GET", _REPO + "/branches/{branch:path}", show_branch, needs="contents:read"),
    api("GET", f"{_REPO}/commits", list_commits, needs="contents:read"),
    api("GET", _REPO + "/commits/{ref:path}", show_commit, needs="contents:read"),
    api("GET", _REPO + "/git/ref/{ref:path}", show_ref, needs="contents:read"),
    api("POST", f"{_REPO}/git/refs", create_ref, needs="contents:write"),
    api("PATCH", _REPO + "/git/refs/{ref:path}", change_ref, needs="contents:write"),
    api("DELETE", _REPO + "/git/refs/{ref:path}", remove_ref, needs="contents:write"),
]
