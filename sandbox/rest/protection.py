"""Protected branches and tags."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.models import JsonObject, Project, ProtectedRef
from sandbox.wire import ApiError, Call, api, not_found, nothing, page, reply

_LEVELS = {0: "No one", 30: "Developers + Maintainers", 40: "Maintainers", 60: "Instance admins"}


def _level(call: Call, name: str, default: int) -> int:
    given = call.params.number(name)
    value = default if given is None else given
    if value not in _LEVELS:
        raise ApiError(400, {"error": f"{name} does not have a valid value"})
    return value


def _shown_level(level: int) -> list[JsonObject]:
    return [{"id": level, "access_level": level, "access_level_description": _LEVELS[level]}]


def _show_branch(rule: ProtectedRef) -> JsonObject:
    return {
        "id": rule.id,
        "name": rule.name,
        "push_access_levels": _shown_level(rule.push_access_level),
        "merge_access_levels": _shown_level(rule.merge_access_level),
        "unprotect_access_levels": [],
        "allow_force_push": rule.allow_force_push,
        "code_owner_approval_required": False,
    }


def _show_tag(rule: ProtectedRef) -> JsonObject:
    return {"name": rule.name, "create_access_levels": _shown_level(rule.create_access_level)}


def _find(call: Call, project: Project, kind: str) -> ProtectedRef:
    store = call.sandbox.store
    found = store.find(ProtectedRef, project_id=project.id, kind=kind, name=call.part("name"))
    if not found:
        raise not_found(f"Protected {kind.capitalize()}")
    return found[0]


def _new(call: Call, kind: str) -> ProtectedRef:
    project = call.project()
    call.params.require("name")
    name = call.params.text("name")
    if call.sandbox.store.first(ProtectedRef, project_id=project.id, kind=kind, name=name):
        raise ApiError(409, {"message": f"Protected {kind} '{name}' already exists"})
    return ProtectedRef(project_id=project.id, kind=kind, name=name)


def list_branches(call: Call) -> Response:
    """GET /protected_branches."""
    rules = call.sandbox.store.find(ProtectedRef, project_id=call.project().id, kind="branch")
    return page(call, rules, _show_branch)


def protect_branch(call: Call) -> Response:
    """POST /protected_branches."""
    rule = _new(call, "branch")
    rule.push_access_level = _level(call, "push_access_level", rule.push_access_level)
    rule.merge_access_level = _level(call, "merge_access_level", rule.merge_access_level)
    rule.allow_force_push = call.params.flag("allow_force_push")
    return reply(_show_branch(call.sandbox.store.add(rule)), 201)


def get_branch(call: Call) -> Response:
    """GET /protected_branches/:name."""
    return reply(_show_branch(_find(call, call.project(), "branch")))


def edit_branch(call: Call) -> Response:
    """PATCH /protected_branches/:name: whether it may be force-pushed."""
    rule = _find(call, call.project(), "branch")
    rule.allow_force_push = call.params.flag("allow_force_push", default=rule.allow_force_push)
    call.sandbox.store.save(rule)
    return reply(_show_branch(rule))


def unprotect_branch(call: Call) -> Response:
    """DELETE /protected_branches/:name."""
    call.sandbox.store.delete(_find(call, call.project(), "branch"))
    return nothing()


def list_tags(call: Call) -> Response:
    """GET /protected_tags."""
    rules = call.sandbox.store.find(ProtectedRef, project_id=call.project().id, kind="tag")
    return page(call, rules, _show_tag)


def protect_tag(call: Call) -> Response:
    """POST /protected_tags."""
    rule = _new(call, "tag")
    rule.create_access_level = _level(call, "create_access_level", rule.create_access_level)
    return reply(_show_tag(call.sandbox.store.add(rule)), 201)


def get_tag(call: Call) -> Response:
    """GET /protected_tags/:name."""
    return reply(_show_tag(_find(call, call.project(), "tag")))


def unprotect_tag(call: Call) -> Response:
    """DELETE /protected_tags/:name."""
    call.sandbox.store.delete(_find(call, call.project(), "tag"))
    return nothing()


_BRANCHES = "/projects/{project}/protected_branches"
_TAGS = "/projects/{project}/protected_tags"
ROUTES: list[BaseRoute] = [
    api("GET", _BRANCHES, list_branches),
    api("POST", _BRANCHES, protect_branch),
    api("GET", f"{_BRANCHES}/{{name}}", get_branch),
    api("PATCH", f"{_BRANCHES}/{{name}}", edit_branch),
    api("DELETE", f"{_BRANCHES}/{{name}}", unprotect_branch),
    api("GET", _TAGS, list_tags),
    api("POST", _TAGS, protect_tag),
    api("GET", f"{_TAGS}/{{name}}", get_tag),
    api("DELETE", f"{_TAGS}/{{name}}", unprotect_tag),
]
