"""What happens by itself: schedules come due, timers end, runners are lost, jobs take too long."""

from sandbox import clock
from sandbox.github.actions.dispatch import is_online
from sandbox.github.actions.events import due
from sandbox.github.actions.progress import advance, end_job
from sandbox.github.actions.runs import make_run, workflow_at
from sandbox.github.actions.schedules import plan
from sandbox.github.actions.workflow_jobs import WorkflowError
from sandbox.github.context import GitHub
from sandbox.github.models import Job, Repo, Run, Runner, Workflow

_SECONDS_A_MINUTE = 60


def watch(github: GitHub) -> None:
    """Looks at everything once."""
    for job in github.store.find(Job, status="in_progress"):
        with github.store.transaction():
            _watch_job(github, job)
    for job in github.store.find(Job, status="waiting"):
        run = github.store.get(Run, job.run_id)
        if run is not None:
            with github.store.transaction():
                advance(github, run)
    for workflow in github.store.find(Workflow, state="active"):
        if workflow.next_run_at is not None and workflow.next_run_at <= clock.stamp():
            with github.store.transaction():
                _run_scheduled(github, workflow)


def _watch_job(github: GitHub, job: Job) -> None:
    runner = github.store.get(Runner, job.runner_id) if job.runner_id else None
    if runner is None or not is_online(github, runner):
        if runner is not None:
            runner.job_id = None
            github.store.save(runner)
        end_job(github, job, "failure", reason="The self-hosted runner lost communication with the server.")
        return
    lasted = clock.seconds_between(job.started_at, None) or 0
    if lasted > job.timeout_minutes * _SECONDS_A_MINUTE and not job.cancel_requested:
        job.cancel_requested = True
        job.reason = f"The job has exceeded the maximum execution time of {job.timeout_minutes:g} minutes."
        github.store.save(job)


def _run_scheduled(github: GitHub, workflow: Workflow) -> None:
    repo = github.store.get(Repo, workflow.repo_id)
    head = repo.refs.get(f"refs/heads/{repo.default_branch}") if repo else None
    try:
        spec = workflow_at(github, repo, workflow.path, head) if repo and head else None
    except WorkflowError:
        spec = None
    if repo is None or spec is None or not spec.crons:
        workflow.next_run_at = None
        github.store.save(workflow)
        return
    make_run(github, repo, workflow, spec, due(github, repo, spec.crons[0]))
    plan(github, workflow, spec)
