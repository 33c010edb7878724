"""Runner groups of organizations, and which repositories may use them."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.github.models import Repo, Runner, RunnerGroup
from sandbox.github.registration import shape as runner_shape
from sandbox.github.shapes import minimal_repo
from sandbox.github.wire import ApiError, Call, api, invalid, not_found, nothing, page, reply
from sandbox.models import JsonObject

_VISIBILITIES = ("selected", "all", "private")


def _shape(call: Call, group: RunnerGroup) -> JsonObject:
    base = call.github.api_url(f"/orgs/{call.org().login}/actions/runner-groups/{group.id}")
    told: JsonObject = {
        "id": group.id,
        "name": group.name,
        "visibility": group.visibility,
        "default": group.default,
        "runners_url": f"{base}/runners",
        "inherited": False,
        "allows_public_repositories": group.allows_public_repositories,
        "workflow_restrictions_read_only": False,
        "restricted_to_workflows": group.restricted_to_workflows,
        "selected_workflows": group.selected_workflows,
    }
    if group.visibility == "selected":
        told["selected_repositories_url"] = f"{base}/repositories"
    return told


def _group(call: Call) -> RunnerGroup:
    return call.record(RunnerGroup, "runner_group_id", account_id=call.org().id)


def list_all(call: Call) -> Response:
    """GET .../runner-groups."""
    found = call.github.store.find(RunnerGroup, account_id=call.org().id)
    return page(call, found, lambda group: _shape(call, group), "runner_groups")


def show(call: Call) -> Response:
    """GET .../runner-groups/{runner_group_id}."""
    return reply(_shape(call, _group(call)))


def create(call: Call) -> Response:
    """POST .../runner-groups."""
    group = RunnerGroup(account_id=call.org().id, name="")
    _change(call, group)
    group.repository_ids = _repositories(call)
    call.github.store.add(group)
    for number in call.wholes("runners"):
        _move(call, number, group)
    return reply(_shape(call, group), 201)


def change(call: Call) -> Response:
    """PATCH .../runner-groups/{runner_group_id}."""
    group = _group(call)
    if group.default and call.text("name") != group.name:
        raise ApiError(422, "The default runner group cannot be renamed.")
    _change(call, group)
    call.github.store.save(group)
    call.github.wakeups.notify()
    return reply(_shape(call, group))


def _change(call: Call, group: RunnerGroup) -> None:
    group.name = call.text("name")
    others = call.github.store.find(RunnerGroup, account_id=group.account_id)
    if not group.name or any(each.name == group.name and each.id != group.id for each in others):
        raise invalid("RunnerGroup", "name", "name is empty or taken in this organization")
    group.visibility = call.choice("visibility", _VISIBILITIES, group.visibility)
    group.allows_public_repositories = call.flag(
        "allows_public_repositories", default=group.allows_public_repositories
    )
    group.restricted_to_workflows = call.flag(
        "restricted_to_workflows", default=group.restricted_to_workflows
    )
    if "selected_workflows" in call.body:
        group.selected_workflows = call.texts("selected_workflows")


def remove(call: Call) -> Response:
    """DELETE .../runner-groups/{runner_group_id}: its runners go back to the default group."""
    group = _group(call)
    if group.default:
        raise ApiError(422, "The default runner group cannot be deleted.")
    default = call.github.store.first(RunnerGroup, account_id=group.account_id, default=1)
    for runner in call.github.store.find(Runner, group_id=group.id, account_id=group.account_id):
        if default is not None:
            _move(call, runner.id, default)
    call.github.store.delete(group)
    return nothing()


def _repositories(call: Call) -> list[int]:
    """Numbers of repositories of the organization; 422 for another."""
    numbers = call.wholes("selected_repository_ids")
    mine = {repo.id for repo in call.github.store.find(Repo, owner_id=call.org().id)}
    if unknown := sorted(set(numbers) - mine):
        raise ApiError(422, f"Repositories {unknown} are not the organization's")
    return sorted(set(numbers))


def list_repositories(call: Call) -> Response:
    """GET .../repositories."""
    found = [call.github.store.get(Repo, number) for number in _group(call).repository_ids]
    return page(
        call, [repo for repo in found if repo], lambda repo: minimal_repo(call.github, repo), "repositories"
    )


def set_repositories(call: Call) -> Response:
    """PUT .../repositories."""
    group = _group(call)
    group.repository_ids = _repositories(call)
    call.github.store.save(group)
    call.github.wakeups.notify()
    return nothing()


def list_runners(call: Call) -> Response:
    """GET .../runners."""
    group = _group(call)
    found = call.github.store.find(Runner, group_id=group.id, account_id=group.account_id)
    return page(call, found, lambda runner: runner_shape(call.github, runner), "runners")


def set_runners(call: Call) -> Response:
    """PUT .../runners."""
    group = _group(call)
    for number in call.wholes("runners"):
        _move(call, number, group)
    return nothing()


def _move(call: Call, number: int, group: RunnerGroup) -> None:
    runner = call.github.store.get(Runner, number)
    if runner is None or runner.account_id != group.account_id:
        raise not_found()
    runner.group_id = group.id
    call.github.store.save(runner)


_ALL = "/orgs/{org}/actions/runner-groups"
_ONE = _ALL + "/{runner_group_id}"
_CALLS = (
    ("GET", _ALL, list_all, "read"),
    ("POST", _ALL, create, "write"),
    ("GET", _ONE, show, "read"),
    ("PATCH", _ONE, change, "write"),
    ("DELETE", _ONE, remove, "write"),
    ("GET", f"{_ONE}/repositories", list_repositories, "read"),
    ("PUT", f"{_ONE}/repositories", set_repositories, "write"),
    ("GET", f"{_ONE}/runners", list_runners, "read"),
    ("PUT", f"{_ONE}/runners", set_runners, "write"),
)
ROUTES: list[BaseRoute] = [
    api(method, path, handler, needs=f"organization_self_hosted_runners:{level}")
    for method, path, handler, level in _CALLS
]
