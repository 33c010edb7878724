"""Projects: create, read, edit, delete, list. Also the two calls that clients greet a server with."""

import shutil
import time

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock, jobs
from sandbox.context import ROOT_USER
from sandbox.models import (
    Job,
    JsonObject,
    MergeRequest,
    Namespace,
    Note,
    Pipeline,
    Project,
    ProtectedRef,
    Runner,
    Schedule,
    Variable,
)
from sandbox.project_settings import DEFAULTS, setting
from sandbox.pushes import absorb_pushes
from sandbox.repositories import Change
from sandbox.rest.groups import PATH
from sandbox.rest.shapes import show_namespace
from sandbox.settings import IMITATED_VERSION
from sandbox.wire import ApiError, Call, Params, api, bad_request, invalid, page, reply

_VISIBILITIES = ("private", "internal", "public")
# Fields with a place of their own in the record, and those that only mean something while creating.
_OWN = frozenset({"name", "path", "description", "visibility", "default_branch"})
_ON_CREATE = frozenset({"namespace_id", "initialize_with_readme"})
_RENAMED = {
    "container_expiration_policy_attributes": "container_expiration_policy",
    "public_builds": "public_jobs",
}


def show_project(call: Call, project: Project) -> JsonObject:
    """A project in the API's form: every setting, its default included."""
    namespace = call.sandbox.store.get(Namespace, project.namespace_id)
    url = call.sandbox.url(project)
    return {
        **DEFAULTS,
        **project.settings,
        "id": project.id,
        "name": project.name,
        "path": project.path.rpartition("/")[2],
        "path_with_namespace": project.path,
        "name_with_namespace": project.path.replace("/", " / "),
        "description": project.description,
        "visibility": project.visibility,
        "default_branch": project.default_branch,
        "created_at": project.created_at,
        "last_activity_at": project.created_at,
        "namespace": show_namespace(namespace) if namespace else None,
        "web_url": url,
        "http_url_to_repo": f"{url}.git",
        "ssh_url_to_repo": f"git@{call.sandbox.settings.host}:{project.path}.git",
        "container_registry_enabled": bool(call.sandbox.settings.registry),
        "ci_job_token_scope_enabled": False,
        "empty_repo": not project.refs,
        "archived": False,
        "runners_token": None,
        "import_status": "none",
        "creator_id": 1,
    }


def list_projects(call: Call) -> Response:
    """GET /projects, with `search`."""
    wanted = call.params.text("search").lower()
    projects = [item for item in call.sandbox.store.find(Project) if wanted in item.path.lower()]
    return page(call, projects, lambda project: show_project(call, project))


def create_project(call: Call) -> Response:
    """POST /projects. Without `namespace_id` it becomes the root user's own."""
    params, store = call.params, call.sandbox.store
    if "name" not in params and "path" not in params:
        raise ApiError(400, {"error": "name, path are missing, at least one parameter must be provided"})
    namespace = store.get(Namespace, params.number("namespace_id") or 1)
    if namespace is None:
        raise invalid(namespace="is not valid")
    short = params.text("path") or params.text("name").lower().replace(" ", "-")
    path = _free_path(call, namespace.path, short)
    project = Project(path=path, name=short, namespace_id=namespace.id, created_at=clock.stamp())
    _apply(call, project, also=_ON_CREATE)
    store.add(project)
    call.sandbox.repository(project).create(project.default_branch)
    if params.flag("initialize_with_readme"):
        _write_readme(call, project)
    return reply(show_project(call, project), 201)


def _free_path(call: Call, above: str, short: str) -> str:
    if not PATH.fullmatch(short) or short.endswith((".git", ".atom")):
        raise invalid(path="can contain only letters, digits, '_', '-' and '.'")
    path = f"{above}/{short}"
    if call.sandbox.store.first(Project, path=path):
        raise invalid(path="has already been taken")
    return path


def _write_readme(call: Call, project: Project) -> None:
    call.sandbox.repository(project).write(
        branch=project.default_branch,
        parent=None,
        changes=[Change(path="README.md", content=f"# {project.name}\n".encode())],
        message="Initial commit",
        author=(str(ROOT_USER["name"]), str(ROOT_USER["email"])),
        at=int(time.time()),
    )
    absorb_pushes(call.sandbox, project)


def _apply(call: Call, project: Project, *, also: frozenset[str] = frozenset()) -> None:
    """Takes over the given fields. One that the sandbox doesn't hold is refused: it could not be read back."""
    params = call.params
    for old, new in _RENAMED.items():
        if old in params:
            params.given[new] = params.given.pop(old)
    known = DEFAULTS.keys() | _OWN | also | {"private_token"}
    if unknown := sorted(params.given.keys() - known):
        raise bad_request(f"the sandbox does not hold these settings of a project: {', '.join(unknown)}")
    project.name = params.text("name", project.name)
    project.description = params.text("description", project.description)
    project.visibility = params.choice("visibility", _VISIBILITIES, project.visibility)
    project.default_branch = params.text("default_branch", project.default_branch)
    for name in DEFAULTS.keys() & params.given.keys():
        if params.given[name] is None:
            project.settings.pop(name, None)
        elif name == "container_expiration_policy":
            project.settings[name] = _cleanup_policy(params, project)
        else:
            project.settings[name] = _typed(params, name)


def _typed(params: Params, name: str) -> object:
    """The given value of a setting, in the type that its default has."""
    default, value = DEFAULTS[name], params.given[name]
    if isinstance(default, bool):
        return params.flag(name)
    if isinstance(default, int):
        return params.number(name)
    if isinstance(default, list | dict) and not isinstance(value, type(default)):
        raise ApiError(400, {"error": f"{name} is invalid"})
    return value


def _cleanup_policy(params: Params, project: Project) -> JsonObject:
    """The given part of a clean-up policy over what there is. Its pattern has a name for each way."""
    given = _typed(params, "container_expiration_policy")
    before = setting(project, "container_expiration_policy")
    policy = {**(before if isinstance(before, dict) else {}), **(given if isinstance(given, dict) else {})}
    if "name_regex_delete" in policy:
        policy["name_regex"] = policy.pop("name_regex_delete")
    return policy


def get_project(call: Call) -> Response:
    """GET /projects/:id."""
    return reply(show_project(call, call.project()))


def edit_project(call: Call) -> Response:
    """PUT /projects/:id."""
    project = call.project()
    head = project.default_branch
    _apply(call, project)
    if "path" in call.params:
        above, _, short = project.path.rpartition("/")
        if call.params.text("path") != short:
            project.path = _free_path(call, above, call.params.text("path"))
    if project.default_branch != head:
        if project.refs and f"refs/heads/{project.default_branch}" not in project.refs:
            raise invalid(base="Could not set the default branch")
        call.sandbox.repository(project).set_head(project.default_branch)
    call.sandbox.store.save(project)
    # It may take jobs from other runners now.
    call.sandbox.wakeups.notify()
    return reply(show_project(call, project))


def delete_project(call: Call) -> Response:
    """DELETE /projects/:id: at once, with everything in it."""
    project, store = call.project(), call.sandbox.store
    for job in store.find(Job, project_id=project.id):
        jobs.erase(call.sandbox, job)
    for kind in (Pipeline, Schedule, ProtectedRef, MergeRequest, Note):
        for record in store.find(kind, project_id=project.id):
            store.delete(record)
    for variable in store.find(Variable, owner="project", owner_id=project.id):
        store.delete(variable)
    for runner in store.find(Runner, runner_type="project_type"):
        _leave(call, runner, project)
    store.delete(project)
    shutil.rmtree(call.sandbox.repository(project).path)
    return reply({"message": "202 Accepted"}, 202)


def _leave(call: Call, runner: Runner, project: Project) -> None:
    """Takes a runner out of a project; a project runner without a project is gone."""
    if project.id in runner.project_ids:
        runner.project_ids.remove(project.id)
        if runner.project_ids:
            call.sandbox.store.save(runner)
        else:
            call.sandbox.store.delete(runner)


def show_version(call: Call) -> Response:
    """GET /version: the GitLab that the sandbox imitates, and that it is a stand-in."""
    return reply(
        {
            "version": IMITATED_VERSION,
            "revision": "sandbox",
            "kas": {"enabled": False, "externalUrl": None, "version": None},
            "enterprise": False,
            "stand_in": f"ci-runners sandbox at {call.sandbox.settings.external_url}, not GitLab",
        }
    )


def show_user(call: Call) -> Response:
    """GET /user: the one user there is."""
    return reply({**ROOT_USER, "is_admin": True, "web_url": f"{call.sandbox.settings.external_url}/root"})


ROUTES: list[BaseRoute] = [
    api("GET", "/version", show_version),
    api("GET", "/user", show_user),
    api("GET", "/projects", list_projects),
    api("POST", "/projects", create_project),
    api("GET", "/projects/{project}", get_project),
    api("PUT", "/projects/{project}", edit_project),
    api("DELETE", "/projects/{project}", delete_project),
]
