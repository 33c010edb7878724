"""What secrets and variables have in common: whose they are, their names, and which repositories they reach.

GitHub docs, "Secrets reference" and "Variables reference".
"""

import re
from dataclasses import dataclass
from typing import TypeVar

from starlette.responses import Response

from sandbox import clock
from sandbox.github.context import github_stamp
from sandbox.github.models import Environment, Held, Repo, Secret, Variable
from sandbox.github.shapes import minimal_repo
from sandbox.github.wire import ApiError, Call, invalid, not_found, nothing, page
from sandbox.models import JsonObject

H = TypeVar("H", Secret, Variable)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST = 48 * 1024
_VISIBILITIES = ("all", "private", "selected")
PLACES = (
    ("/repos/{owner}/{repo}/actions", "secrets", "actions_variables"),
    ("/repos/{owner}/{repo}/environments/{environment_name}", "environments", "environments"),
    ("/orgs/{org}/actions", "organization_secrets", "organization_actions_variables"),
)
"""Where secrets and variables are, and the permissions that secrets and variables need there."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose secrets and variables a call is about: a repository, an environment or an organization."""

    owner: str
    owner_id: int


def owner_of(call: Call) -> Owner:
    """By the path."""
    names = call.request.path_params
    if "org" in names:
        return Owner(owner="organization", owner_id=call.org().id)
    if "environment_name" in names:
        return Owner(owner="environment", owner_id=environment_of(call).id)
    return Owner(owner="repository", owner_id=call.repo().id)


def environment_of(call: Call) -> Environment:
    """The environment that the path names."""
    found = call.github.store.first(Environment, repo_id=call.repo().id, name=call.part("environment_name"))
    if found is None:
        raise not_found()
    return found


def all_of(call: Call, kind: type[H]) -> list[H]:
    """All secrets or variables of the owner that the path names, by name."""
    owner = owner_of(call)
    found = call.github.store.find(kind, owner=owner.owner, owner_id=owner.owner_id)
    return sorted(found, key=lambda held: held.name)


def find(call: Call, kind: type[H], name: str) -> H | None:
    """The secret or variable of this name, whatever its case."""
    return next((held for held in all_of(call, kind) if held.name == name.upper()), None)


def named(call: Call, kind: type[H]) -> H:
    """The secret or variable that the path names."""
    found = find(call, kind, call.part("name"))
    if found is None:
        raise not_found()
    return found


def check_name(name: str, what: str) -> str:
    """The name as GitHub keeps it: in capitals. 422 for one that it refuses."""
    if not _NAME.fullmatch(name):
        why = "can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_), and not start with a number"
        raise invalid(what, "name", f"{what} names {why}")
    if name.upper().startswith("GITHUB_"):
        raise invalid(what, "name", f"{what} names must not start with GITHUB_")
    return name.upper()


def check_value(value: str, what: str) -> str:
    """The value; 422 for one that is too large."""
    if len(value.encode()) > _LARGEST:
        raise invalid(what, "value", f"{what} values may have {_LARGEST} bytes")
    return value


def take_visibility(call: Call, held: H) -> None:
    """Which repositories an organization's secret or variable is for."""
    if "org" not in call.request.path_params:
        return
    held.visibility = call.choice("visibility", _VISIBILITIES, held.visibility)
    if "selected_repository_ids" in call.body:
        held.repository_ids = call.wholes("selected_repository_ids")
    if held.visibility != "selected":
        held.repository_ids = []


def shape(call: Call, held: Held) -> JsonObject:
    """How both look in answers, but for the value."""
    told: JsonObject = {
        "name": held.name,
        "created_at": github_stamp(held.created_at),
        "updated_at": github_stamp(held.updated_at),
    }
    if held.owner == "organization":
        told["visibility"] = held.visibility
        if held.visibility == "selected":
            here = call.request.path_params["org"]
            kind = "secrets" if isinstance(held, Secret) else "variables"
            tail = f"/orgs/{here}/actions/{kind}/{held.name}/repositories"
            told["selected_repositories_url"] = call.github.api_url(tail)
    return told


def remove(call: Call, held: Held) -> Response:
    """DELETE of a secret or variable."""
    call.github.store.delete(held)
    return nothing()


def _selected(held: H) -> H:
    if held.visibility != "selected":
        raise ApiError(409, "Visibility type is not selected")
    return held


def list_repositories(call: Call, held: H) -> Response:
    """GET of the repositories that a secret or variable was selected for."""
    found = [call.github.store.get(Repo, number) for number in _selected(held).repository_ids]
    return page(
        call, [repo for repo in found if repo], lambda repo: minimal_repo(call.github, repo), "repositories"
    )


def set_repositories(call: Call, held: H) -> Response:
    """PUT of the repositories that a secret or variable is for."""
    _selected(held).repository_ids = call.wholes("selected_repository_ids")
    held.updated_at = clock.stamp()
    call.github.store.save(held)
    return nothing()
