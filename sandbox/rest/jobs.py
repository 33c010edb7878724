"""Jobs as people see them: list, read, trace, artifacts, cancel, retry, play."""

from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute

from sandbox import jobs
from sandbox.ci.status import FINISHED
from sandbox.models import Job, Pipeline
from sandbox.rest.shapes import show_job
from sandbox.wire import ApiError, Call, api, not_found, page, reply


def _job(call: Call) -> Job:
    return call.within(Job, "job", "Job", call.project())


def _list(call: Call, found: list[Job]) -> Response:
    scopes = call.params.words("scope")
    kept = [job for job in reversed(found) if not scopes or job.status in scopes]
    return page(call, kept, lambda job: show_job(call.sandbox, job))


def list_jobs(call: Call) -> Response:
    """GET /projects/:id/jobs, newest first, by `scope`."""
    return _list(call, call.sandbox.store.find(Job, project_id=call.project().id, retried=False))


def list_pipeline_jobs(call: Call) -> Response:
    """GET /projects/:id/pipelines/:pipeline_id/jobs; with `include_retried` those that were tried again too."""
    pipeline = call.within(Pipeline, "pipeline", "Pipeline", call.project())
    found = call.sandbox.store.find(Job, pipeline_id=pipeline.id)
    with_retried = call.params.flag("include_retried")
    return _list(call, [job for job in found if with_retried or not job.retried])


def get_job(call: Call) -> Response:
    """GET /projects/:id/jobs/:job_id."""
    return reply(show_job(call.sandbox, _job(call)))


def get_trace(call: Call) -> Response:
    """GET /projects/:id/jobs/:job_id/trace: what the job has written so far."""
    trace = call.sandbox.trace(_job(call))
    return Response(trace.read_bytes() if trace.exists() else b"", media_type="text/plain")


def get_artifacts(call: Call) -> Response:
    """GET /projects/:id/jobs/:job_id/artifacts: the archive."""
    job = _job(call)
    for kept in job.artifacts:
        if kept["file_type"] == "archive":
            place = call.sandbox.artifact(job, "archive")
            return FileResponse(place, filename=str(kept["filename"]), media_type="application/zip")
    raise not_found("Artifacts")


def cancel_job(call: Call) -> Response:
    """POST /projects/:id/jobs/:job_id/cancel; `force` ends a job that is already being cancelled."""
    job = _job(call)
    jobs.cancel(call.sandbox, job, force=call.params.flag("force"))
    return reply(show_job(call.sandbox, job), 201)


def retry_job(call: Call) -> Response:
    """POST /projects/:id/jobs/:job_id/retry."""
    job = _job(call)
    if job.status not in FINISHED - {"skipped"} or job.retried:
        raise ApiError(403, {"message": "403 Forbidden - Job is not retryable"})
    return reply(show_job(call.sandbox, jobs.retry(call.sandbox, job)), 201)


def play_job(call: Call) -> Response:
    """POST /projects/:id/jobs/:job_id/play."""
    job = _job(call)
    if job.status != "manual":
        raise ApiError(400, {"message": "400 Bad request - Unplayable Job"})
    jobs.play(call.sandbox, job)
    return reply(show_job(call.sandbox, job))


_JOB = "/projects/{project}/jobs/{job}"
ROUTES: list[BaseRoute] = [
    api("GET", "/projects/{project}/jobs", list_jobs),
    api("GET", "/projects/{project}/pipelines/{pipeline}/jobs", list_pipeline_jobs),
    api("GET", _JOB, get_job),
    api("GET", f"{_JOB}/trace", get_trace),
    api("GET", f"{_JOB}/artifacts", get_artifacts),
    api("POST", f"{_JOB}/cancel", cancel_job),
    api("POST", f"{_JOB}/retry", retry_job),
    api("POST", f"{_JOB}/play", play_job),
]
