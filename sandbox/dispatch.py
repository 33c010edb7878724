"""Which runner gets which job."""

from dataclasses import dataclass

from sandbox import clock, jobs
from sandbox.context import Sandbox
from sandbox.models import Job, Namespace, Project, Runner
from sandbox.project_settings import number, setting

# GitLab calls a runner online that was in contact within two hours.
_ONLINE_SECONDS = 7200


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a job asks of a runner."""

    tags: frozenset[str]
    protected: bool
    project_id: int
    group_ids: frozenset[int]
    """The groups above the project."""
    instance_runners: bool
    group_runners: bool


def wanted_by(sandbox: Sandbox, job: Job, project: Project) -> Wanted:
    """Gathers what the job and its project ask of a runner."""
    parts = project.path.split("/")
    paths = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    groups = [group.id for group in sandbox.store.find(Namespace, kind="group") if group.path in paths]
    return Wanted(
        tags=frozenset(jobs.spec_of(job).tags),
        protected=job.protected,
        project_id=project.id,
        group_ids=frozenset(groups),
        instance_runners=bool(setting(project, "shared_runners_enabled")),
        group_runners=bool(setting(project, "group_runners_enabled")),
    )


def refusal(runner: Runner, wanted: Wanted) -> str | None:
    """Why the runner doesn't get the job; None if it does."""
    if runner.paused:
        return "is paused"
    if scope := _out_of_scope(runner, wanted):
        return scope
    if runner.access_level == "ref_protected" and not wanted.protected:
        return "takes jobs of protected branches and tags only"
    if not wanted.tags and not runner.run_untagged:
        return "takes no jobs without tags"
    if missing := sorted(wanted.tags - set(runner.tags)):
        return f"lacks the tags {', '.join(missing)}"
    return None


def _out_of_scope(runner: Runner, wanted: Wanted) -> str | None:
    if runner.runner_type == "project_type":
        return None if wanted.project_id in runner.project_ids else "is not enabled for this project"
    if runner.runner_type == "group_type":
        if not wanted.group_runners:
            return "is a group runner, and the project takes none"
        return None if runner.group_id in wanted.group_ids else "belongs to another group"
    return None if wanted.instance_runners else "is an instance runner, and the project takes none"


def take_job(sandbox: Sandbox, runner: Runner, system_id: str) -> Job | None:
    """Gives the runner the job that has waited longest of those that it may run."""
    waiting = sandbox.store.find(Job, status="pending")
    for job in sorted(waiting, key=lambda job: (job.queued_at or "", job.id)):
        project = sandbox.store.get(Project, job.project_id)
        if project is not None and refusal(runner, wanted_by(sandbox, job, project)) is None:
            jobs.start(sandbox, job, runner, system_id=system_id, timeout=_timeout(job, project, runner))
            return job
    return None


def _timeout(job: Job, project: Project, runner: Runner) -> int:
    """The job's own limit, or the project's; never more than the runner allows. Seconds."""
    limit = jobs.spec_of(job).timeout or number(project, "build_timeout")
    return min(limit, runner.maximum_timeout or limit)


def why_waiting(sandbox: Sandbox, job: Job, project: Project) -> list[str]:
    """For every runner that is known, why it hasn't taken a pending job."""
    wanted = wanted_by(sandbox, job, project)
    reasons = []
    for runner in sandbox.store.find(Runner):
        why = refusal(runner, wanted)
        if why is None:
            why = "may take it" if is_online(runner) else "may take it, but is not in contact"
        reasons.append(f"Runner #{runner.id} ({runner.description or 'no description'}) {why}.")
    return reasons or ["There are no runners."]


def is_online(runner: Runner) -> bool:
    """Whether the runner was in contact lately."""
    age = clock.seconds_between(runner.contacted_at, None)
    return age is not None and age < _ONLINE_SECONDS
