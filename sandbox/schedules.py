"""Pipeline schedules: when they are due, and running those that are."""

from datetime import UTC, datetime

from sandbox import clock
from sandbox.ci.config import CiConfigError
from sandbox.ci.cron import parse_cron
from sandbox.context import Sandbox
from sandbox.models import Pipeline, Project, Schedule
from sandbox.pipelines import PipelineRefused, Trigger, create_pipeline


def plan(schedule: Schedule) -> None:
    """Works out the next time a schedule is due; an inactive one never is.

    Raises:
        CronError: the expression or time zone is not understood.
    """
    moment = parse_cron(schedule.cron, schedule.cron_timezone).next_after(datetime.now(UTC))
    schedule.next_run_at = clock.stamp(moment) if moment and schedule.active else None


def run_schedule(sandbox: Sandbox, project: Project, schedule: Schedule) -> Pipeline:
    """Makes the pipeline of a schedule now.

    Raises:
        PipelineRefused: its branch is gone, or there is nothing to run.
        CiConfigError: the pipeline file has problems.
    """
    refs = sandbox.repository(project).refs()
    full = next((ref for ref in (schedule.ref, f"refs/heads/{schedule.ref}") if ref in refs), None)
    if full is None:
        raise PipelineRefused("Reference not found")
    trigger = Trigger(
        ref=full,
        sha=refs[full],
        source="schedule",
        variables=tuple(schedule.variables),
        schedule_id=schedule.id,
    )
    pipeline = create_pipeline(sandbox, project, trigger)
    schedule.last_pipeline_id = pipeline.id
    sandbox.store.save(schedule)
    return pipeline


def run_due(sandbox: Sandbox) -> None:
    """Runs every schedule whose time has come, once, however long ago that was."""
    now = clock.stamp()
    for schedule in sandbox.store.find(Schedule):
        if schedule.next_run_at is None or schedule.next_run_at > now:
            continue
        with sandbox.store.transaction():
            plan(schedule)
            sandbox.store.save(schedule)
        project = sandbox.store.get(Project, schedule.project_id)
        if project is not None:
            _run_quietly(sandbox, project, schedule)


def _run_quietly(sandbox: Sandbox, project: Project, schedule: Schedule) -> None:
    try:
        with sandbox.store.transaction():
            run_schedule(sandbox, project, schedule)
    except (PipelineRefused, CiConfigError) as why:
        print(f"schedule {schedule.id} of {project.path} made no pipeline: {why}", flush=True)
