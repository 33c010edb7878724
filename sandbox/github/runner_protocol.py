"""What the stand-in runner talks to. It is not GitHub's protocol, which is in no document; see docs/sandbox-github.md."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import clock
from sandbox.github.access import ANONYMOUS
from sandbox.github.actions.dispatch import take_job
from sandbox.github.actions.payload import job_payload
from sandbox.github.actions.progress import end_job
from sandbox.github.context import GitHub
from sandbox.github.models import Account, Job, Repo, Run, Runner, Token, Workflow
from sandbox.github.registration import jit_config, new_runner
from sandbox.github.wire import ApiError, Call, bearer, not_found, nothing, read_call, reply, run

_CONCLUSIONS = ("success", "failure", "cancelled")


def _runner(call: Call) -> Runner:
    """The runner whose secret the call carries; it has just been heard of."""
    runner = _known(call.github, call.request)
    if runner is None:
        raise ApiError(401, "Bad credentials")
    if runner.contacted_at is not None:
        runner.contacted_at = clock.stamp()
        call.github.store.save(runner)
    return runner


def _known(github: GitHub, request: Request) -> Runner | None:
    token = bearer(request)
    return github.store.first(Runner, token=token) if token else None


def open_session(call: Call) -> Response:
    """POST /_runner/session: the runner is online."""
    runner = _runner(call)
    runner.contacted_at = clock.stamp()
    call.github.store.save(runner)
    return reply({})


def close_session(call: Call) -> Response:
    """DELETE /_runner/session: the runner is offline; its registration stays."""
    runner = _runner(call)
    runner.contacted_at = None
    call.github.store.save(runner)
    return nothing()


async def request_job(request: Request) -> Response:
    """GET /_runner/job?wait=SECONDS: 200 with a job, or 204, at once or after a wait."""
    call = await _read(request)
    if isinstance(call, Response):
        return call
    github = call.github
    seen = github.wakeups.version
    answer = run(call, _hand_out, "nobody")
    if answer.status_code == nothing().status_code:
        await github.wakeups.wait(seen, _seconds(call))
        # A job for a runner that no longer listens would stay running until it counts as lost.
        if await request.is_disconnected():
            return nothing()
        answer = run(call, _hand_out, "nobody")
    return answer


def _seconds(call: Call) -> float:
    try:
        wanted = float(call.query("wait", "0"))
    except ValueError:
        wanted = 0.0
    return min(max(wanted, 0.0), call.github.settings.long_poll_seconds)


def _hand_out(call: Call) -> Response:
    runner = _runner(call)
    if runner.contacted_at is None:
        raise ApiError(409, "The runner has no session")
    store = call.github.store
    job = take_job(call.github, runner) if runner.job_id is None else None
    if job is None:
        return nothing()
    repo, a_run = store.get(Repo, job.repo_id), store.get(Run, job.run_id)
    workflow = store.get(Workflow, a_run.workflow_id) if a_run else None
    if repo is None or a_run is None or workflow is None:
        raise not_found()
    return reply(job_payload(call.github, job, repo, a_run, workflow))


def _job(call: Call) -> tuple[Runner, Job]:
    """The runner and its job, if that is the one that the path names."""
    runner = _runner(call)
    job = call.record(Job, "job", runner_id=runner.id)
    if runner.job_id != job.id:
        raise ApiError(409, "The job is not running on this runner")
    return runner, job


async def append_log(request: Request) -> Response:
    """POST /_runner/jobs/{job}/log: more of the job's log, as plain text."""
    text = await request.body()
    call = await _read(request, parse=False)
    if isinstance(call, Response):
        return call

    def append(call: Call) -> Response:
        _, job = _job(call)
        with call.github.log(job).open("ab") as log:
            log.write(text)
        return reply({"cancel": job.cancel_requested})

    return run(call, append, "nobody")


def heartbeat(call: Call) -> Response:
    """POST /_runner/jobs/{job}/heartbeat: says whether the job is to be ended."""
    _, job = _job(call)
    return reply({"cancel": job.cancel_requested})


def complete(call: Call) -> Response:
    """POST /_runner/jobs/{job}/complete: an ephemeral runner is gone with its job."""
    runner, job = _job(call)
    conclusion = call.choice("conclusion", _CONCLUSIONS)
    runner.job_id = None
    if runner.ephemeral:
        call.github.store.delete(runner)
    else:
        call.github.store.save(runner)
    end_job(call.github, job, conclusion)
    return reply({})


def register(call: Call) -> Response:
    """POST /_runner/register: what `config.sh` does with a registration token."""
    token = call.github.store.first(Token, token=call.text("token"), kind="registration")
    if token is None or (token.expires_at or "") < clock.stamp():
        raise ApiError(401, "Bad credentials")
    repo = call.github.store.get(Repo, token.repository_ids[0]) if token.repository_ids else None
    owner = None if repo else call.github.account(token.account)
    holder: Repo | Account | None = repo or owner
    if holder is None:
        raise not_found()
    runner = new_runner(
        call.github,
        holder,
        name=call.text("name"),
        labels=call.texts("labels"),
        ephemeral=call.flag("ephemeral", default=False),
        work_folder=call.text("work_folder", "_work"),
    )
    return reply(jit_config(call.github, runner), 201)


async def _read(request: Request, *, parse: bool = True) -> Call | Response:
    """Reads a call. Runners' secrets are no tokens of the API, so nobody is asked who calls."""
    return await read_call(request, caller=ANONYMOUS, parse=parse)


def _route(method: str, path: str, handler: Callable[[Call], Response]) -> Route:
    async def answer(request: Request) -> Response:
        call = await _read(request)
        await request.close()
        return call if isinstance(call, Response) else run(call, handler, "nobody")

    return Route(f"/_runner{path}", answer, methods=[method])


ROUTES: list[BaseRoute] = [
    _route("POST", "/session", open_session),
    _route("DELETE", "/session", close_session),
    Route("/_runner/job", request_job, methods=["GET"]),
    Route("/_runner/jobs/{job}/log", append_log, methods=["POST"]),
    _route("POST", "/jobs/{job}/heartbeat", heartbeat),
    _route("POST", "/jobs/{job}/complete", complete),
    _route("POST", "/register", register),
]
