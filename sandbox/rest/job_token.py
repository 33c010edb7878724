"""Which other projects' job tokens may read this project (GitLab docs, "CI/CD job token scopes API")."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.models import Namespace, Project
from sandbox.rest.shapes import show_namespace
from sandbox.wire import Call, api, invalid, not_found, nothing, page, reply


def get_scope(call: Call) -> Response:
    """GET /job_token_scope."""
    return reply({"inbound_enabled": call.project().job_token_limited, "outbound_enabled": False})


def edit_scope(call: Call) -> Response:
    """PATCH /job_token_scope."""
    project = call.project()
    call.params.require("enabled")
    project.job_token_limited = call.params.flag("enabled")
    call.sandbox.store.save(project)
    return nothing()


def list_projects(call: Call) -> Response:
    """GET /job_token_scope/allowlist; the project itself is always first."""
    project = call.project()
    listed = [project.id, *project.job_token_projects]
    found = [item for number in listed if (item := call.sandbox.store.get(Project, number))]
    return page(
        call, found, lambda item: {"id": item.id, "name": item.name, "path_with_namespace": item.path}
    )


def list_groups(call: Call) -> Response:
    """GET /job_token_scope/groups_allowlist."""
    found = [
        item
        for number in call.project().job_token_groups
        if (item := call.sandbox.store.get(Namespace, number))
    ]
    return page(call, found, show_namespace)


def allow_project(call: Call) -> Response:
    """POST /job_token_scope/allowlist."""
    number = call.params.number("target_project_id") or 0
    if call.sandbox.store.get(Project, number) is None:
        raise not_found("Project")
    project = call.project()
    _allow(call, project, project.job_token_projects, number)
    return reply({"source_project_id": project.id, "target_project_id": number}, 201)


def allow_group(call: Call) -> Response:
    """POST /job_token_scope/groups_allowlist."""
    number = call.params.number("target_group_id") or 0
    if call.sandbox.store.get(Namespace, number) is None:
        raise not_found("Group")
    project = call.project()
    _allow(call, project, project.job_token_groups, number)
    return reply({"source_project_id": project.id, "target_group_id": number}, 201)


def _allow(call: Call, project: Project, listed: list[int], number: int) -> None:
    if number in listed:
        raise invalid(target="is already in the job token scope")
    listed.append(number)
    call.sandbox.store.save(project)


def forbid_project(call: Call) -> Response:
    """DELETE /job_token_scope/allowlist/:target."""
    project = call.project()
    return _forbid(call, project, project.job_token_projects)


def forbid_group(call: Call) -> Response:
    """DELETE /job_token_scope/groups_allowlist/:target."""
    project = call.project()
    return _forbid(call, project, project.job_token_groups)


def _forbid(call: Call, project: Project, listed: list[int]) -> Response:
    target = call.part("target")
    if not target.isdecimal() or int(target) not in listed:
        raise not_found("Target")
    listed.remove(int(target))
    call.sandbox.store.save(project)
    return nothing()


_SCOPE = "/projects/{project}/job_token_scope"
ROUTES: list[BaseRoute] = [
    api("GET", _SCOPE, get_scope),
    api("PATCH", _SCOPE, edit_scope),
    api("GET", f"{_SCOPE}/allowlist", list_projects),
    api("POST", f"{_SCOPE}/allowlist", allow_project),
    api("DELETE", f"{_SCOPE}/allowlist/{{target}}", forbid_project),
    api("GET", f"{_SCOPE}/groups_allowlist", list_groups),
    api("POST", f"{_SCOPE}/groups_allowlist", allow_group),
    api("DELETE", f"{_SCOPE}/groups_allowlist/{{target}}", forbid_group),
]
