"""Groups and namespaces, as little as projects and group runners need."""

import re

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.models import JsonObject, Namespace, Project
from sandbox.rest.shapes import show_namespace
from sandbox.wire import Call, api, bad_request, invalid, page, reply

PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def show_group(call: Call, group: Namespace) -> JsonObject:
    """A group in the API's form."""
    parent, _, path = group.path.rpartition("/")
    above = call.sandbox.store.first(Namespace, path=parent) if parent else None
    return {
        "id": group.id,
        "name": group.name,
        "path": path,
        "full_path": group.path,
        "full_name": group.name,
        "description": group.description,
        "visibility": group.visibility,
        "parent_id": above.id if above else None,
        "created_at": group.created_at,
        "web_url": f"{call.sandbox.settings.external_url}/{group.path}",
        "runners_token": None,
        "shared_runners_setting": "enabled",
    }


def list_groups(call: Call) -> Response:
    """GET /groups."""
    wanted = call.params.text("search").lower()
    groups = [
        item for item in call.sandbox.store.find(Namespace, kind="group") if wanted in item.path.lower()
    ]
    return page(call, groups, lambda group: show_group(call, group))


def create_group(call: Call) -> Response:
    """POST /groups."""
    call.params.require("name", "path")
    path = call.params.text("path")
    if not PATH.fullmatch(path):
        raise invalid(path="can contain only letters, digits, '_', '-' and '.'")
    parent = call.params.number("parent_id")
    if parent is not None:
        above = call.sandbox.store.get(Namespace, parent)
        if above is None:
            raise bad_request("parent group not found")
        path = f"{above.path}/{path}"
    if call.sandbox.store.first(Namespace, path=path):
        raise invalid(path="has already been taken")
    group = Namespace(
        path=path,
        name=call.params.text("name"),
        description=call.params.text("description"),
        visibility=call.params.choice("visibility", ("private", "internal", "public"), "private"),
        created_at=clock.stamp(),
    )
    return reply(show_group(call, call.sandbox.store.add(group)), 201)


def get_group(call: Call) -> Response:
    """GET /groups/:id."""
    return reply(show_group(call, call.group()))


def delete_group(call: Call) -> Response:
    """DELETE /groups/:id; refused while something lives in it."""
    group = call.group()
    store = call.sandbox.store
    inside = [item.path for item in store.find(Namespace)] + [item.path for item in store.find(Project)]
    if any(path.startswith(f"{group.path}/") for path in inside):
        raise bad_request("the sandbox deletes empty groups only")
    store.delete(group)
    return reply({"message": "202 Accepted"}, 202)


def get_namespace(call: Call) -> Response:
    """GET /namespaces/:id."""
    found = call.record(Namespace, "namespace", "Namespace")
    return reply(show_namespace(found))


ROUTES: list[BaseRoute] = [
    api("GET", "/groups", list_groups),
    api("POST", "/groups", create_group),
    api("GET", "/groups/{group}", get_group),
    api("DELETE", "/groups/{group}", delete_group),
    api("GET", "/namespaces/{namespace}", get_namespace),
]
