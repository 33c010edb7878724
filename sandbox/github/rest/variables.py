"""Actions variables."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github.models import Variable
from sandbox.github.rest import held
from sandbox.github.wire import ApiError, Call, api, nothing, page, reply
from sandbox.models import JsonObject


def _shape(call: Call, variable: Variable) -> JsonObject:
    return {**held.shape(call, variable), "value": variable.value}


def list_all(call: Call) -> Response:
    """GET .../variables."""
    return page(call, held.all_of(call, Variable), lambda each: _shape(call, each), "variables")


def show(call: Call) -> Response:
    """GET .../variables/{name}."""
    return reply(_shape(call, held.named(call, Variable)))


def create(call: Call) -> Response:
    """POST .../variables; 409 if it is there."""
    name = held.check_name(call.text("name"), "Variable")
    if held.find(call, Variable, name) is not None:
        raise ApiError(409, "Already exists - Variable already exists")
    owner, now = held.owner_of(call), clock.stamp()
    variable = Variable(
        owner=owner.owner,
        owner_id=owner.owner_id,
        name=name,
        value=held.check_value(call.text("value"), "Variable"),
        created_at=now,
        updated_at=now,
    )
    held.take_visibility(call, variable)
    call.github.store.add(variable)
    return reply({}, 201)


def change(call: Call) -> Response:
    """PATCH .../variables/{name}: another value, another name, or both."""
    variable = held.named(call, Variable)
    if "name" in call.body:
        name = held.check_name(call.text("name"), "Variable")
        if name != variable.name and held.find(call, Variable, name) is not None:
            raise ApiError(409, "Already exists - Variable already exists")
        variable.name = name
    variable.value = held.check_value(call.text("value", variable.value), "Variable")
    variable.updated_at = clock.stamp()
    held.take_visibility(call, variable)
    call.github.store.save(variable)
    return nothing()


def remove(call: Call) -> Response:
    """DELETE .../variables/{name}."""
    return held.remove(call, held.named(call, Variable))


def list_repositories(call: Call) -> Response:
    """GET .../variables/{name}/repositories."""
    return held.list_repositories(call, held.named(call, Variable))


def set_repositories(call: Call) -> Response:
    """PUT .../variables/{name}/repositories."""
    return held.set_repositories(call, held.named(call, Variable))


_CALLS = (
    ("GET", "", list_all, "read"),
    ("POST", "", create, "write"),
    ("GET", "/{name}", show, "read"),
    ("PATCH", "/{name}", change, "write"),
    ("DELETE", "/{name}", remove, "write"),
)
_SELECTED = "/orgs/{org}/actions/variables/{name}/repositories"
ROUTES: list[BaseRoute] = [
    *(
        api(method, f"{where}/variables{tail}", handler, needs=f"{permission}:{level}")
        for method, tail, handler, level in _CALLS
        for where, _, permission in held.PLACES
    ),
    api("GET", _SELECTED, list_repositories, needs="organization_actions_variables:read"),
    api("PUT", _SELECTED, set_repositories, needs="organization_actions_variables:write"),
]
