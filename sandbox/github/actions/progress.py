"""How runs and jobs go on: what waits, what starts, what ends."""

from sandbox import clock
from sandbox.github.actions.contexts import environment_of, job_scope
from sandbox.github.actions.expressions import ExpressionError, evaluate, truth, uses_status
from sandbox.github.actions.gates import gate
from sandbox.github.context import GitHub, new_token
from sandbox.github.models import Job, Repo, Run, Runner

OPEN = ("pending", "waiting", "queued", "in_progress")


def jobs_of(github: GitHub, run: Run) -> list[Job]:
    """The run's jobs, in the file's order."""
    return github.store.find(Job, run_id=run.id)


def take_turn(github: GitHub, run: Run, *, cancels: bool) -> None:
    """Starts a new run, or lets it wait for the one of its concurrency group that is under way.

    GitHub docs, "Control the concurrency of workflows and jobs": one runs and one waits; a newer one takes the place
    of the one that waits.

    Args:
        github: the running sandbox.
        run: the new run.
        cancels: whether it ends the one that is under way.
    """
    for other in _rivals(github, run):
        if cancels or other.status == "pending":
            cancel_run(github, other)
    if _rivals(github, run):
        run.status = "pending"
        github.store.save(run)
    else:
        advance(github, run)


def _rivals(github: GitHub, run: Run) -> list[Run]:
    """Other runs of the same concurrency group that are not over."""
    if not run.concurrency_group:
        return []
    group = run.concurrency_group.lower()
    return [
        other
        for other in github.store.find(Run, repo_id=run.repo_id)
        if other.id != run.id and other.status != "completed" and other.concurrency_group.lower() == group
    ]


def advance(github: GitHub, run: Run) -> None:
    """Moves every job of a run as far as it can go, and ends the run with its last one."""
    repo = github.store.get(Repo, run.repo_id)
    if repo is None or run.status in {"pending", "completed"}:
        return
    moved = True
    while moved:
        jobs = jobs_of(github, run)
        moved = any(_move(github, repo, run, job, jobs) for job in jobs)
    _conclude(github, run)
    github.wakeups.notify()


def _move(github: GitHub, repo: Repo, run: Run, job: Job, jobs: list[Job]) -> bool:
    """One step of one job. Says whether there was one."""
    if job.status == "pending":
        done = {other.key for other in jobs if other.status == "completed"}
        if not set(job.needs) <= done:
            return False
        _begin(github, repo, run, job, jobs)
        return True
    if job.status == "waiting":
        _enter(github, run, job)
        return job.status != "waiting"
    return False


def _begin(github: GitHub, repo: Repo, run: Run, job: Job, jobs: list[Job]) -> None:
    """Everything that it needs is done: the job is skipped, or goes to its environment's gate."""
    try:
        wanted = _condition(github, repo, run, job, jobs)
    except ExpressionError as why:
        finish(github, job, "failure", reason=f"if: {why}")
        return
    if not wanted:
        finish(github, job, "cancelled" if run.cancel_requested else "skipped")
        return
    job.waiting_since = clock.stamp()
    _enter(github, run, job)


def _condition(github: GitHub, repo: Repo, run: Run, job: Job, jobs: list[Job]) -> bool:
    scope = job_scope(github, repo, run, job, jobs)
    if not job.condition.strip():
        return scope.status["success"]
    value = truth(evaluate(job.condition, scope))
    return value and (uses_status(job.condition) or scope.status["success"])


def _enter(github: GitHub, run: Run, job: Job) -> None:
    """Lets a job through its environment's gate, or has it wait there."""
    environment = environment_of(github, job)
    state, why = gate(github, run, job, environment) if environment else ("open", "")
    if state == "refused":
        finish(github, job, "failure", reason=why)
        return
    job.status, job.reason = ("queued", "") if state == "open" else ("waiting", why)
    github.store.save(job)


def start(github: GitHub, job: Job, runner: Runner) -> None:
    """Hands a job to a runner."""
    job.status, job.started_at = "in_progress", clock.stamp()
    job.token = new_token("ghs_")
    job.runner_id, job.runner_name, job.runner_group_id = runner.id, runner.name, runner.group_id
    github.store.save(job)
    runner.job_id = job.id
    github.store.save(runner)
    run = github.store.get(Run, job.run_id)
    if run is not None and run.status != "in_progress":
        run.status, run.updated_at = "in_progress", clock.stamp()
        github.store.save(run)


def finish(github: GitHub, job: Job, conclusion: str, *, reason: str = "") -> None:
    """Ends a job. Its token is worth nothing from here."""
    job.status, job.conclusion = "completed", conclusion
    job.completed_at, job.token = clock.stamp(), ""
    job.reason = reason or job.reason
    github.store.save(job)


def end_job(github: GitHub, job: Job, conclusion: str, *, reason: str = "") -> None:
    """Ends a job that a runner had, and moves its run on."""
    finish(github, job, conclusion, reason=reason)
    run = github.store.get(Run, job.run_id)
    if run is not None:
        advance(github, run)


def cancel_run(github: GitHub, run: Run) -> None:
    """Ends what has not started, and asks runners to end what has."""
    run.cancel_requested = True
    if run.status == "pending":
        run.status = "queued"
    github.store.save(run)
    for job in jobs_of(github, run):
        if job.status == "in_progress":
            job.cancel_requested = True
            github.store.save(job)
        elif job.status in {"queued", "waiting"}:
            finish(github, job, "cancelled")
    advance(github, run)


def _conclude(github: GitHub, run: Run) -> None:
    jobs = jobs_of(github, run)
    if any(job.status != "completed" for job in jobs):
        under_way = any(job.status in {"in_progress", "completed"} for job in jobs)
        waiting = all(job.status in {"waiting", "completed", "pending"} for job in jobs)
        run.status = "waiting" if waiting else "in_progress" if under_way else "queued"
        github.store.save(run)
        return
    ends = {job.conclusion for job in jobs}
    order = ("failure", "cancelled", "success")
    run.status = "completed"
    run.conclusion = next((end for end in order if end in ends), "skipped")
    run.updated_at = clock.stamp()
    github.store.save(run)
    for other in _rivals(github, run):
        if other.status == "pending":
            other.status = "queued"
            github.store.save(other)
            advance(github, other)
            return
