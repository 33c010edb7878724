"""Repositories."""

import re
import shutil

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github import shapes
from sandbox.github.models import (
    Account,
    BranchPolicy,
    Environment,
    Job,
    Repo,
    Run,
    Runner,
    SealingKey,
    Secret,
    Variable,
    Workflow,
)
from sandbox.github.models_issues import Issue, IssueComment
from sandbox.github.wire import ApiError, Call, api, invalid, not_found, nothing, page, reply
from sandbox.models import Record
from sandbox.repositories import Change

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_VISIBILITIES = ("public", "private", "internal")


def create_own(call: Call) -> Response:
    """POST /user/repos."""
    owner = call.github.account(call.caller.account)
    if owner is None:
        raise not_found()
    return _create(call, owner)


def create_in_org(call: Call) -> Response:
    """POST /orgs/{org}/repos."""
    return _create(call, call.org())


def _create(call: Call, owner: Account) -> Response:
    name = call.text("name")
    if not _NAME.fullmatch(name):
        raise invalid("Repository", "name", "name can only contain ASCII letters, digits, and -, . and _")
    if call.github.find_repo(f"{owner.login}/{name}"):
        raise invalid("Repository", "name", "name already exists on this account")
    now = clock.stamp()
    repo = Repo(
        owner=owner.login,
        owner_id=owner.id,
        name=name,
        key=f"{owner.login}/{name}".lower(),
        created_at=now,
        updated_at=now,
    )
    call.github.store.add(repo)
    call.github.repository(repo).create(repo.default_branch)
    _change(call, repo)
    if call.flag("auto_init", default=False):
        _first_commit(call, repo)
    call.github.store.save(repo)
    return reply(shapes.full_repo(call.github, repo), 201)


def _first_commit(call: Call, repo: Repo) -> None:
    author = (call.caller.account, f"{call.caller.account}@users.noreply.{call.github.settings.host}")
    sha = call.github.repository(repo).write(
        branch=repo.default_branch,
        parent=None,
        changes=[Change(path="README.md", content=f"# {repo.name}".encode())],
        message="Initial commit",
        author=author,
        at=int(clock.parse(repo.created_at).timestamp()),
    )
    repo.refs = {f"refs/heads/{repo.default_branch}": sha}


def _change(call: Call, repo: Repo) -> None:
    """Takes over the settings that the body holds."""
    body = call.body
    if "description" in body:
        repo.description = call.text("description", "") or None
    if "private" in body:
        repo.visibility = "private" if call.flag("private", default=False) else "public"
    if "visibility" in body:
        repo.visibility = call.choice("visibility", _VISIBILITIES)
    if "archived" in body:
        repo.archived = call.flag("archived", default=False)
    repo.settings |= {name: value for name, value in body.items() if name in shapes.SETTINGS}
    repo.updated_at = clock.stamp()


def show(call: Call) -> Response:
    """GET /repos/{owner}/{repo}."""
    return reply(shapes.full_repo(call.github, call.repo()))


def change(call: Call) -> Response:
    """PATCH /repos/{owner}/{repo}."""
    repo = call.repo()
    _change(call, repo)
    if (name := call.text("name", repo.name)) != repo.name:
        taken = call.github.find_repo(f"{repo.owner}/{name}")
        if not _NAME.fullmatch(name) or (taken and taken.id != repo.id):
            raise invalid("Repository", "name", "name is invalid or taken on this account")
        repo.name, repo.key = name, f"{repo.owner}/{name}".lower()
    if (branch := call.text("default_branch", repo.default_branch)) != repo.default_branch:
        if f"refs/heads/{branch}" not in repo.refs:
            raise ApiError(422, f"The branch {branch} was not found.")
        repo.default_branch = branch
        call.github.repository(repo).set_head(branch)
    call.github.store.save(repo)
    return reply(shapes.full_repo(call.github, repo))


def remove(call: Call) -> Response:
    """DELETE /repos/{owner}/{repo}, with everything in it."""
    repo = call.repo()
    store = call.github.store
    for environment in store.find(Environment, repo_id=repo.id):
        for policy in store.find(BranchPolicy, environment_id=environment.id):
            store.delete(policy)
        for kind in (Secret, Variable, SealingKey):
            for held in store.find(kind, owner="environment", owner_id=environment.id):
                store.delete(held)
    for kind in (Secret, Variable, SealingKey):
        for held in store.find(kind, owner="repository", owner_id=repo.id):
            store.delete(held)
    parts: tuple[type[Record], ...] = (Environment, Runner, Workflow, Job, Run, Issue, IssueComment)
    for part_kind in parts:
        for part in store.find(part_kind, repo_id=repo.id):
            store.delete(part)
    store.delete(repo)
    shutil.rmtree(call.github.repository(repo).path, ignore_errors=True)
    return nothing()


def list_of_org(call: Call) -> Response:
    """GET /orgs/{org}/repos: those that the caller may see."""
    found = call.github.store.find(Repo, owner_id=call.org().id)
    seen = [repo for repo in found if call.caller.reaches(repo) or not repo.private]
    return page(call, seen, lambda repo: shapes.minimal_repo(call.github, repo))


def by_number(call: Call) -> Response:
    """GET /repositories/{id}: in no description, but clients that keep numbers use it."""
    repo = call.record(Repo, "id")
    if repo.private and not call.caller.reaches(repo):
        raise not_found()
    return reply(shapes.full_repo(call.github, repo))


ROUTES: list[BaseRoute] = [
    api("POST", "/user/repos", create_own, needs="administration:write"),
    api("POST", "/orgs/{org}/repos", create_in_org, needs="administration:write"),
    api("GET", "/orgs/{org}/repos", list_of_org, needs="nobody"),
    api("GET", "/repos/{owner}/{repo}", show, needs="metadata:read"),
    api("PATCH", "/repos/{owner}/{repo}", change, needs="administration:write"),
    api("DELETE", "/repos/{owner}/{repo}", remove, needs="administration:write"),
    api("GET", "/repositories/{id}", by_number, needs="nobody"),
]
