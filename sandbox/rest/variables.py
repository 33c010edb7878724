"""CI/CD variables of projects, groups and the instance, with GitLab's rules for keys and masked values."""

import re
from collections.abc import Callable

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.models import JsonObject, Variable
from sandbox.wire import ApiError, Call, api, invalid, not_found, nothing, page, reply

# GitLab docs, "Mask a CI/CD variable": one line, no spaces, 8 characters or more; a value in which `$NAME` is
# replaced may hold these characters only.
_MASKABLE = re.compile(r"[a-zA-Z0-9_+=/@:.~-]{8,}")
_MASKABLE_RAW = re.compile(r"\S{8,}")
_KEY = re.compile(r"[a-zA-Z0-9_]{1,255}")
_LONGEST = 10_000
_TYPES = ("env_var", "file")

Owner = tuple[str, int]


def _project(call: Call) -> Owner:
    return "project", call.project().id


def _group(call: Call) -> Owner:
    return "group", call.group().id


def _instance(_call: Call) -> Owner:
    return "instance", 0


def show_variable(variable: Variable) -> JsonObject:
    """A variable in the API's form. A hidden one keeps its value to itself."""
    shown: JsonObject = {
        "variable_type": variable.variable_type,
        "key": variable.key,
        "value": None if variable.hidden else variable.value,
        "protected": variable.protected,
        "masked": variable.masked,
        "raw": variable.raw,
        "description": variable.description,
    }
    if variable.owner != "instance":
        shown |= {"hidden": variable.hidden, "environment_scope": variable.environment_scope}
    return shown


def _find(call: Call, owner: Owner) -> Variable:
    """The variable of this key; of several with one key, the one with the scope of the filter."""
    scope = call.params.given.get("filter[environment_scope]")
    nested = call.params.given.get("filter")
    if isinstance(nested, dict):
        scope = nested.get("environment_scope", scope)
    found = [
        item
        for item in call.sandbox.store.find(Variable, owner=owner[0], owner_id=owner[1], key=call.part("key"))
        if scope is None or item.environment_scope == scope
    ]
    if not found:
        raise not_found("Variable")
    if len(found) > 1:
        raise ApiError(
            409,
            {
                "message": "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"
            },
        )
    return found[0]


def _apply(call: Call, variable: Variable) -> None:
    params = call.params
    variable.value = params.text("value", variable.value)
    variable.variable_type = params.choice("variable_type", _TYPES, variable.variable_type)
    variable.masked = params.flag("masked", default=variable.masked)
    variable.protected = params.flag("protected", default=variable.protected)
    variable.raw = params.flag("raw", default=variable.raw)
    variable.environment_scope = params.text("environment_scope", variable.environment_scope)
    variable.description = params.text("description", variable.description or "") or None
    _check(call, variable)


def _check(call: Call, variable: Variable) -> None:
    if not _KEY.fullmatch(variable.key):
        raise invalid(key="can contain only letters, digits and '_'.")
    if len(variable.value) > _LONGEST:
        raise invalid(value=f"is too long (maximum is {_LONGEST} characters)")
    allowed = _MASKABLE_RAW if variable.raw else _MASKABLE
    if variable.masked and not allowed.fullmatch(variable.value):
        raise invalid(value="is invalid")
    if variable.hidden and not variable.masked:
        raise invalid(masked="The visibility setting cannot be changed for masked and hidden variables.")
    same = call.sandbox.store.find(
        Variable,
        owner=variable.owner,
        owner_id=variable.owner_id,
        key=variable.key,
        environment_scope=variable.environment_scope,
    )
    if any(other.id != variable.id for other in same):
        raise invalid(key=f"({variable.key}) has already been taken")


def _listing(owner_of: Callable[[Call], Owner]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        owner, number = owner_of(call)
        return page(call, call.sandbox.store.find(Variable, owner=owner, owner_id=number), show_variable)

    return answer


def _creating(owner_of: Callable[[Call], Owner]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        call.params.require("key", "value")
        owner, number = owner_of(call)
        variable = Variable(owner=owner, owner_id=number, key=call.params.text("key"), value="")
        if call.params.flag("masked_and_hidden"):
            variable.masked = variable.hidden = True
            call.params.given["masked"] = True
        _apply(call, variable)
        return reply(show_variable(call.sandbox.store.add(variable)), 201)

    return answer


def _getting(owner_of: Callable[[Call], Owner]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        return reply(show_variable(_find(call, owner_of(call))))

    return answer


def _updating(owner_of: Callable[[Call], Owner]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        variable = _find(call, owner_of(call))
        _apply(call, variable)
        call.sandbox.store.save(variable)
        return reply(show_variable(variable))

    return answer


def _deleting(owner_of: Callable[[Call], Owner]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        call.sandbox.store.delete(_find(call, owner_of(call)))
        return nothing()

    return answer


def _routes(path: str, owner_of: Callable[[Call], Owner]) -> list[BaseRoute]:
    return [
        api("GET", path, _listing(owner_of)),
        api("POST", path, _creating(owner_of)),
        api("GET", f"{path}/{{key}}", _getting(owner_of)),
        api("PUT", f"{path}/{{key}}", _updating(owner_of)),
        api("DELETE", f"{path}/{{key}}", _deleting(owner_of)),
    ]


ROUTES: list[BaseRoute] = [
    *_routes("/projects/{project}/variables", _project),
    *_routes("/groups/{group}/variables", _group),
    *_routes("/admin/ci/variables", _instance),
]
