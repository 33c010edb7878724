"""Makes runs of workflows."""

from sandbox import clock
from sandbox.github.actions import policy
from sandbox.github.actions.contexts import run_scope
from sandbox.github.actions.events import Event
from sandbox.github.actions.expressions import ExpressionError, Scope, condition, insert
from sandbox.github.actions.patterns import matches
from sandbox.github.actions.permission_words import by_default
from sandbox.github.actions.progress import take_turn
from sandbox.github.actions.schedules import plan
from sandbox.github.actions.workflow_file import WorkflowSpec, read_workflow
from sandbox.github.actions.workflow_jobs import JobSpec, WorkflowError
from sandbox.github.context import GitHub
from sandbox.github.models import Job, Repo, Run, Workflow

FOLDER = ".github/workflows"
_SKIP = ("[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]")


def workflow_at(github: GitHub, repo: Repo, path: str, sha: str) -> WorkflowSpec:
    """What a workflow file says at a commit.

    Raises:
        WorkflowError: it has problems, or is not there.
    """
    file = github.repository(repo).file(sha, path)
    if file is None:
        raise WorkflowError([f"{path} is not there"])
    return read_workflow(file.content.decode(errors="replace"), path)


def runs_for_push(github: GitHub, repo: Repo, event: Event) -> None:
    """Runs every workflow of the commit that the push starts. A file that is not understood makes a failed run."""
    for path in github.repository(repo).folder(event.sha, FOLDER):
        if not path.endswith((".yml", ".yaml")):
            continue
        try:
            spec = workflow_at(github, repo, path, event.sha)
        except WorkflowError as why:
            workflow = note_workflow(github, repo, path, path)
            _fail(github, _new_run(github, repo, workflow, event), str(why))
            continue
        workflow = note_workflow(github, repo, path, spec.name)
        if event.ref == f"refs/heads/{repo.default_branch}":
            plan(github, workflow, spec)
        if _starts(spec, event) and not _skipped(event):
            make_run(github, repo, workflow, spec, event)


def note_workflow(github: GitHub, repo: Repo, path: str, name: str) -> Workflow:
    """The record of a workflow file, made when it is first seen."""
    found = github.store.first(Workflow, repo_id=repo.id, path=path)
    now = clock.stamp()
    if found is None:
        found = Workflow(repo_id=repo.id, path=path, name=name, created_at=now, updated_at=now)
        return github.store.add(found)
    if found.name != name:
        found.name, found.updated_at = name, now
        github.store.save(found)
    return found


def _skipped(event: Event) -> bool:
    head = event.payload.get("head_commit")
    message = str(head.get("message", "")) if isinstance(head, dict) else ""
    return any(word in message for word in _SKIP)


def _starts(spec: WorkflowSpec, event: Event) -> bool:
    """Whether the push is one that the workflow's filters let in."""
    if "push" not in spec.events:
        return False
    filters = spec.events["push"]
    is_tag = event.ref.startswith("refs/tags/")
    name = event.ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    mine, other = ("tags", "branches") if is_tag else ("branches", "tags")
    if mine in filters:
        return matches(name, filters[mine])
    if f"{mine}-ignore" in filters:
        return not matches(name, filters[f"{mine}-ignore"])
    # Filters of the other kind alone leave this kind out.
    return not any(key.startswith(other) for key in filters)


def make_run(github: GitHub, repo: Repo, workflow: Workflow, spec: WorkflowSpec, event: Event) -> Run | None:
    """A run of a workflow with its jobs; none where Actions or the workflow are off."""
    if workflow.state != "active" or not policy.enabled(github, repo):
        return None
    run = _new_run(github, repo, workflow, event)
    if refused := policy.refusals(github, repo, spec):
        return _fail(github, run, "; ".join(refused), "startup_failure")
    scope = run_scope(github, repo, workflow, run)
    try:
        run.title = insert(spec.title, scope) or run.title
        cancels = _concurrency(run, spec, scope)
        jobs = [_job(github, repo, spec, job, scope) for job in spec.jobs]
    except ExpressionError as why:
        return _fail(github, run, str(why))
    for job in jobs:
        job.run_id = run.id
        github.store.add(job)
    take_turn(github, run, cancels=cancels)
    return run


def _new_run(github: GitHub, repo: Repo, workflow: Workflow, event: Event) -> Run:
    workflow.runs += 1
    github.store.save(workflow)
    now = clock.stamp()
    run = Run(
        repo_id=repo.id,
        workflow_id=workflow.id,
        number=workflow.runs,
        name=workflow.name,
        title=github.repository(repo).commit(event.sha).title,
        event=event.name,
        ref=event.ref,
        sha=event.sha,
        actor=event.actor,
        payload=event.payload,
        created_at=now,
        updated_at=now,
    )
    return github.store.add(run)


def _fail(github: GitHub, run: Run, why: str, conclusion: str = "failure") -> Run:
    """Ends a run before it has any jobs."""
    run.status, run.conclusion, run.error = "completed", conclusion, why
    github.store.save(run)
    return run


def _concurrency(run: Run, spec: WorkflowSpec, scope: Scope) -> bool:
    """Puts the run into its concurrency group. Says whether it ends the one that is under way."""
    if spec.concurrency is None:
        return False
    run.concurrency_group = insert(spec.concurrency.group, scope)
    cancels = spec.concurrency.cancel
    return cancels if isinstance(cancels, bool) else insert(cancels, scope) == "true"


def _job(github: GitHub, repo: Repo, spec: WorkflowSpec, job: JobSpec, scope: Scope) -> Job:
    allowed = job.permissions if job.permissions is not None else spec.permissions
    return Job(
        run_id=0,
        repo_id=repo.id,
        key=job.key,
        name=insert(job.name, scope),
        needs=list(job.needs),
        condition=condition(job.condition),
        labels=[insert(label, scope) for label in job.labels],
        group=insert(job.group, scope),
        environment=insert(job.environment, scope),
        timeout_minutes=job.timeout_minutes,
        permissions=allowed if allowed is not None else by_default(policy.token_default(github, repo)),
        created_at=clock.stamp(),
    )
