"""The life of a job: it waits, runs, ends, is cancelled, played or tried again."""

from dataclasses import asdict
from typing import cast

from sandbox import clock
from sandbox.ci.config import JobSpec
from sandbox.ci.status import ACTIVE, FINISHED, JobState, composite, next_status
from sandbox.context import Sandbox, new_token
from sandbox.models import Job, Pipeline, Runner, RunnerManager


def spec_of(job: Job) -> JobSpec:
    """The job as its pipeline file has it."""
    return JobSpec(**job.spec)  # type: ignore[arg-type] # written from a JobSpec


def state_of(job: Job) -> JobState:
    """What other jobs look at."""
    return JobState(status=job.status, allow_failure=job.allow_failure)


def current_jobs(sandbox: Sandbox, pipeline: Pipeline) -> list[Job]:
    """The pipeline's jobs without those that were tried again, by stage."""
    jobs = sandbox.store.find(Job, pipeline_id=pipeline.id, retried=False)
    return sorted(jobs, key=lambda job: (job.stage_index, job.id))


def advance(sandbox: Sandbox, pipeline: Pipeline) -> None:
    """Moves on every job whose turn has come, then works out the pipeline's status."""
    moved = True
    while moved:
        moved = False
        jobs = current_jobs(sandbox, pipeline)
        for job in (job for job in jobs if job.status == "created"):
            if status := _turn(job, jobs):
                job.status = status
                moved = True
                _entered(sandbox, job)
    _refresh(sandbox, pipeline)


def _turn(job: Job, jobs: list[Job]) -> str | None:
    needs = spec_of(job).needs
    wanted = {str(need["job"]) for need in needs or []}
    before = [
        state_of(other)
        for other in jobs
        if (other.stage_index < job.stage_index if needs is None else other.name in wanted)
    ]
    return next_status(when=job.when, before=before, by_needs=needs is not None)


def _entered(sandbox: Sandbox, job: Job) -> None:
    """Writes down that a job has a new status."""
    now = clock.stamp()
    if job.status == "pending":
        job.queued_at = now
        sandbox.wakeups.notify()
    if job.status in FINISHED:
        job.finished_at = now
    sandbox.store.save(job)


def _refresh(sandbox: Sandbox, pipeline: Pipeline) -> None:
    jobs = current_jobs(sandbox, pipeline)
    status = composite([state_of(job) for job in jobs])
    now = clock.stamp()
    if pipeline.started_at is None and any(job.started_at for job in jobs):
        pipeline.started_at = now
    if status != pipeline.status:
        pipeline.status = status
        pipeline.finished_at = now if status in FINISHED else None
    pipeline.updated_at = now
    sandbox.store.save(pipeline)


def pipeline_of(sandbox: Sandbox, job: Job) -> Pipeline:
    """The job's pipeline."""
    # A pipeline is only ever deleted together with its jobs.
    return cast("Pipeline", sandbox.store.get(Pipeline, job.pipeline_id))


def start(sandbox: Sandbox, job: Job, runner: Runner, *, system_id: str, timeout: int) -> None:
    """Gives a pending job to a runner."""
    job.status = "running"
    job.runner_id = runner.id
    job.system_id = system_id
    job.timeout = timeout
    job.started_at = clock.stamp()
    _entered(sandbox, job)
    _refresh(sandbox, pipeline_of(sandbox, job))


def finish(
    sandbox: Sandbox, job: Job, status: str, *, reason: str | None = None, code: int | None = None
) -> None:
    """Ends a running job with `success` or `failed`, and tries it again where its `retry` says so."""
    spec = spec_of(job)
    cancelled = job.status == "canceling"
    job.status = "canceled" if cancelled else status
    if job.status == "failed":
        job.failure_reason = reason or "unknown_failure"
        job.exit_code = code
        job.allow_failure = job.allow_failure or code in spec.allowed_exit_codes
    _entered(sandbox, job)
    if job.status == "failed" and _again(job, spec):
        retry(sandbox, job, attempt=job.attempt + 1)
    advance(sandbox, pipeline_of(sandbox, job))


def _again(job: Job, spec: JobSpec) -> bool:
    limit, reasons = spec.retry["max"], spec.retry["when"]
    wanted = isinstance(reasons, list) and ("always" in reasons or job.failure_reason in reasons)
    return isinstance(limit, int) and job.attempt < limit and wanted


def cancel(sandbox: Sandbox, job: Job, *, force: bool = False) -> None:
    """Cancels a job that has not ended. A runner that can is asked to end it itself, after_script included."""
    if job.status in FINISHED:
        return
    graceful = job.status == "running" and not force and _ends_gracefully(sandbox, job)
    job.status = "canceling" if graceful else "canceled"
    _entered(sandbox, job)
    advance(sandbox, pipeline_of(sandbox, job))


def _ends_gracefully(sandbox: Sandbox, job: Job) -> bool:
    manager = sandbox.store.first(RunnerManager, runner_id=job.runner_id, system_id=job.system_id)
    features = manager.info.get("features") if manager else None
    return isinstance(features, dict) and features.get("cancel_gracefully") is True


def play(sandbox: Sandbox, job: Job) -> None:
    """Starts a job that waits for somebody to start it."""
    job.played = True
    job.status = "pending"
    _entered(sandbox, job)
    advance(sandbox, pipeline_of(sandbox, job))


def retry(sandbox: Sandbox, job: Job, *, attempt: int = 0) -> Job:
    """Puts a fresh copy of a job in its place, ready to run; jobs that were skipped because of it get another turn."""
    job.retried = True
    sandbox.store.save(job)
    fresh = Job(
        project_id=job.project_id,
        pipeline_id=job.pipeline_id,
        name=job.name,
        stage=job.stage,
        stage_index=job.stage_index,
        token=new_token("glcbt-"),
        spec=job.spec,
        when=job.when,
        allow_failure=job.allow_failure,
        protected=job.protected,
        status="pending",
        attempt=attempt,
        played=job.when == "manual",
        created_at=clock.stamp(),
    )
    _entered(sandbox, sandbox.store.add(fresh))
    pipeline = pipeline_of(sandbox, job)
    for later in current_jobs(sandbox, pipeline):
        if later.status == "skipped" and later.stage_index >= job.stage_index:
            later.status, later.finished_at = "created", None
            sandbox.store.save(later)
    advance(sandbox, pipeline)
    return fresh


def cancel_pipeline(sandbox: Sandbox, pipeline: Pipeline) -> None:
    """Cancels everything in a pipeline that has not ended."""
    for job in current_jobs(sandbox, pipeline):
        if job.status in ACTIVE | {"created", "manual"}:
            cancel(sandbox, job)


def retry_pipeline(sandbox: Sandbox, pipeline: Pipeline) -> None:
    """Tries every failed or cancelled job of a pipeline again."""
    for job in current_jobs(sandbox, pipeline):
        if job.status in {"failed", "canceled"}:
            retry(sandbox, job)


def erase(sandbox: Sandbox, job: Job) -> None:
    """Removes a job with its trace and artifacts."""
    sandbox.trace(job).unlink(missing_ok=True)
    for kept in job.artifacts:
        sandbox.artifact(job, str(kept["file_type"])).unlink(missing_ok=True)
    sandbox.store.delete(job)


def spec_body(spec: JobSpec) -> dict[str, object]:
    """A job's spec as it is stored."""
    return asdict(spec)
