"""Self-hosted runners of repositories and organizations."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github.context import new_token
from sandbox.github.models import Account, Repo, Runner, Token
from sandbox.github.registration import encoded_jit_config, label_shape, new_runner, runners_of, shape
from sandbox.github.wire import ApiError, Call, api, not_found, nothing, page, reply

_TOKEN_LIFE = timedelta(hours=1)


def _holder(call: Call) -> Repo | Account:
    return call.org() if "org" in call.request.path_params else call.repo()


def _runner(call: Call) -> Runner:
    holder = _holder(call)
    runner = call.record(Runner, "runner_id")
    if runner.id not in {mine.id for mine in runners_of(call.github, holder)}:
        raise not_found()
    return runner


def list_runners(call: Call) -> Response:
    """GET .../actions/runners, all or those of a name."""
    name = call.query("name")
    found = [runner for runner in runners_of(call.github, _holder(call)) if name in {"", runner.name}]
    return page(call, found, lambda runner: shape(call.github, runner), "runners")


def show(call: Call) -> Response:
    """GET .../actions/runners/{runner_id}."""
    return reply(shape(call.github, _runner(call)))


def remove(call: Call) -> Response:
    """DELETE .../actions/runners/{runner_id}: one that has a job stays."""
    runner = _runner(call)
    if runner.job_id is not None:
        raise ApiError(422, f"Runner {runner.name} is currently running a job and cannot be deleted.")
    call.github.store.delete(runner)
    return nothing()


def generate_jit_config(call: Call) -> Response:
    """POST .../actions/runners/generate-jitconfig: an ephemeral runner."""
    runner = new_runner(
        call.github,
        _holder(call),
        name=call.text("name"),
        labels=call.texts("labels"),
        ephemeral=True,
        work_folder=call.text("work_folder", "_work"),
        group_id=call.whole("runner_group_id"),
    )
    body = {
        "runner": shape(call.github, runner),
        "encoded_jit_config": encoded_jit_config(call.github, runner),
    }
    return reply(body, 201)


def registration_token(call: Call) -> Response:
    """POST .../actions/runners/registration-token."""
    return _short_lived(call, "registration")


def remove_token(call: Call) -> Response:
    """POST .../actions/runners/remove-token."""
    return _short_lived(call, "remove")


def _short_lived(call: Call, kind: str) -> Response:
    holder = _holder(call)
    is_repo = isinstance(holder, Repo)
    expires = clock.stamp(datetime.now(UTC) + _TOKEN_LIFE)
    token = Token(
        token=new_token("A").upper(),
        kind=kind,
        account=holder.owner if isinstance(holder, Repo) else holder.login,
        repository_ids=[holder.id] if is_repo else None,
        expires_at=expires,
    )
    call.github.store.add(token)
    return reply({"token": token.token, "expires_at": expires}, 201)


def list_labels(call: Call) -> Response:
    """GET .../actions/runners/{runner_id}/labels."""
    return _labels(_runner(call))


def set_labels(call: Call) -> Response:
    """PUT .../actions/runners/{runner_id}/labels: the custom ones; `self-hosted` and the like stay."""
    runner = _runner(call)
    kept = [label for label in runner.labels if label_shape(0, label)["type"] == "read-only"]
    runner.labels = [*kept, *(label for label in call.texts("labels") if label not in kept)]
    if not runner.labels:
        raise ApiError(422, "labels: a runner needs one")
    call.github.store.save(runner)
    call.github.wakeups.notify()
    return _labels(runner)


def _labels(runner: Runner) -> Response:
    told = [label_shape(number, label) for number, label in enumerate(runner.labels, 1)]
    return reply({"total_count": len(told), "labels": told})


_CALLS = (
    ("GET", "", list_runners, "read"),
    ("POST", "/generate-jitconfig", generate_jit_config, "write"),
    ("POST", "/registration-token", registration_token, "write"),
    ("POST", "/remove-token", remove_token, "write"),
    ("GET", "/{runner_id}", show, "read"),
    ("DELETE", "/{runner_id}", remove, "write"),
    ("GET", "/{runner_id}/labels", list_labels, "read"),
    ("PUT", "/{runner_id}/labels", set_labels, "write"),
)
ROUTES: list[BaseRoute] = [
    api(method, f"{where}/actions/runners{tail}", handler, needs=f"{permission}:{level}")
    for method, tail, handler, level in _CALLS
    for where, permission in (
        ("/repos/{owner}/{repo}", "administration"),
        ("/orgs/{org}", "organization_self_hosted_runners"),
    )
]
