"""What gitlab-runner talks to: verify, ask for jobs, send traces, report how a job ended.

The protocol is in no document; this follows what gitlab-runner 19.4 sends and expects (its `network` package).
"""

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import clock, jobs
from sandbox.dispatch import take_job
from sandbox.models import Job, JsonObject, Project, Runner, RunnerManager
from sandbox.payload import job_payload
from sandbox.rest.runners import remove_runner, renew_token
from sandbox.wire import ApiError, Call, api, not_found, nothing, read_call, reply, run, same_token

# A sandbox's jobs are always watched, so traces come once a second; GitLab says 3 s to watched jobs, 60 s to others.
_TRACE_INTERVAL = "1"
_FORBIDDEN = "403 Forbidden"


def _runner(call: Call) -> Runner:
    """The runner whose token the call carries."""
    token = call.params.text("token")
    runner = call.sandbox.store.first(Runner, token=token)
    if runner is None:
        raise ApiError(403, {"message": _FORBIDDEN})
    return runner


def _note_contact(call: Call, runner: Runner) -> None:
    """Writes down that a process of the runner was in touch, and what it says about itself."""
    store, now = call.sandbox.store, clock.stamp()
    runner.contacted_at = now
    store.save(runner)
    system_id = call.params.text("system_id", "<legacy>")
    manager = store.first(RunnerManager, runner_id=runner.id, system_id=system_id)
    if manager is None:
        manager = store.add(RunnerManager(runner_id=runner.id, system_id=system_id, created_at=now))
    info = call.params.given.get("info")
    manager.info = info if isinstance(info, dict) else manager.info
    manager.contacted_at = now
    manager.ip_address = call.request.client.host if call.request.client else ""
    store.save(manager)


def verify(call: Call) -> Response:
    """POST /runners/verify."""
    runner = _runner(call)
    _note_contact(call, runner)
    return reply({"id": runner.id, "token": runner.token, "token_expires_at": None})


def register(_call: Call) -> Response:
    """POST /runners: registration tokens are gone from GitLab; runners are made through POST /user/runners."""
    raise ApiError(410, {"message": "410 Gone - runner registration disallowed"})


def unregister(call: Call) -> Response:
    """DELETE /runners, by the runner's own token."""
    remove_runner(call, _runner(call))
    return nothing()


def unregister_manager(call: Call) -> Response:
    """DELETE /runners/managers: one process of the runner is gone for good."""
    call.params.require("system_id")
    runner = _runner(call)
    system_id = call.params.text("system_id")
    manager = call.sandbox.store.first(RunnerManager, runner_id=runner.id, system_id=system_id)
    if manager is None:
        raise not_found("Runner Manager")
    call.sandbox.store.delete(manager)
    return nothing()


def reset_token(call: Call) -> Response:
    """POST /runners/reset_authentication_token, by the runner's own token."""
    return reply(renew_token(call, _runner(call)), 201)


async def request_job(request: Request) -> Response:
    """POST /jobs/request: 201 with a job, or 204, at once or after a long poll, or 403 for an unknown token."""
    call = await read_call(request)
    wakeups = call.sandbox.wakeups
    seen = wakeups.version
    # A job for a runner that no longer listens would stay running for ever.
    if await request.is_disconnected():
        return nothing()
    answer = run(call, _hand_out)
    # As GitLab's Workhorse does: a runner that already knows of everything there is waits for news.
    up_to_date = call.params.text("last_update") == seen == wakeups.version
    if answer.status_code == HTTPStatus.NO_CONTENT and up_to_date:
        if await _gone_while_waiting(call, seen):
            return nothing()
        answer = run(call, _hand_out)
    return answer


def _hand_out(call: Call) -> Response:
    runner = _runner(call)
    _note_contact(call, runner)
    headers = {"X-GitLab-Last-Update": call.sandbox.wakeups.version}
    job = take_job(call.sandbox, runner, call.params.text("system_id", "<legacy>"))
    if job is None:
        return Response(status_code=204, headers=headers)
    project = call.sandbox.store.get(Project, job.project_id)
    if project is None:
        raise not_found("Project")
    return reply(job_payload(call.sandbox, job, project, runner), 201, headers)


async def _gone_while_waiting(call: Call, seen: str) -> bool:
    """Waits for news; True if the runner hung up meanwhile."""
    limit = call.sandbox.settings.long_poll_seconds
    waiting = asyncio.ensure_future(call.sandbox.wakeups.wait(seen, limit))
    leaving = asyncio.ensure_future(_disconnected(call.request))
    try:
        done, _ = await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        leaving.cancel()
    return leaving in done


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def running_job(call: Call) -> Job:
    """The job that the path names, if the call carries its token and it is still running."""
    job = call.record(Job, "job", "Job")
    token = call.request.headers.get("job-token") or call.params.text("token")
    if not same_token(token, job.token):
        raise ApiError(403, {"message": _FORBIDDEN})
    if job.status not in {"running", "canceling"}:
        # The runner reads the header, and stops.
        raise ApiError(403, {"message": "403 Forbidden - Job is not running"}, {"Job-Status": job.status})
    return job


def _headers(job: Job, **more: str) -> dict[str, str]:
    return {"Job-Status": job.status, "X-GitLab-Trace-Update-Interval": _TRACE_INTERVAL, **more}


def update_job(call: Call) -> Response:
    """PUT /jobs/:id: a sign of life, or the end, which is only accepted (202) while some of the trace is missing."""
    job = running_job(call)
    params = call.params
    state = params.choice("state", ("pending", "running", "success", "failed"), "running")
    if state in {"pending", "running"}:
        return Response(headers=_headers(job))
    if _trace_size(call, job) < _said_size(params.given):
        return Response(status_code=202, headers=_headers(job))
    jobs.finish(
        call.sandbox,
        job,
        state,
        reason=params.text("failure_reason") or None,
        code=params.number("exit_code"),
    )
    return Response(headers=_headers(job))


def _said_size(given: JsonObject) -> int:
    """How long the trace is, according to the runner."""
    output = given.get("output")
    size = output.get("bytesize") if isinstance(output, dict) else None
    return size if isinstance(size, int) else 0


def _trace_size(call: Call, job: Job) -> int:
    trace = call.sandbox.trace(job)
    return trace.stat().st_size if trace.exists() else 0


def append_trace(call: Call) -> Response:
    """PATCH /jobs/:id/trace: the next piece. One that does not join on is refused (416) with what is there."""
    job = running_job(call)
    start, _, _ = call.request.headers.get("content-range", "").partition("-")
    if not start.isdecimal():
        raise ApiError(400, {"message": "400 Missing header Content-Range"})
    size = _trace_size(call, job)
    if int(start) != size:
        return Response(status_code=416, headers=_headers(job, Range=f"0-{size}"))
    with call.sandbox.trace(job).open("ab") as trace:
        trace.write(call.body)
    return Response(status_code=202, headers=_headers(job, Range=f"0-{size + len(call.body)}"))


ROUTES: list[BaseRoute] = [
    api("POST", "/runners/verify", verify, root_only=False),
    api("POST", "/runners", register, root_only=False),
    api("DELETE", "/runners", unregister, root_only=False),
    api("DELETE", "/runners/managers", unregister_manager, root_only=False),
    api("POST", "/runners/reset_authentication_token", reset_token, root_only=False),
    Route("/api/v4/jobs/request", request_job, methods=["POST"]),
    api("PUT", "/jobs/{job}", update_job, root_only=False),
    api("PATCH", "/jobs/{job}/trace", append_trace, root_only=False),
]
