"""Which runner gets which job."""

from sandbox import clock
from sandbox.github.actions.progress import start
from sandbox.github.context import GitHub
from sandbox.github.models import Account, Job, Repo, Run, Runner, RunnerGroup, Workflow


def is_online(github: GitHub, runner: Runner) -> bool:
    """Whether the runner has a session and was heard of lately."""
    silent = clock.seconds_between(runner.contacted_at, None)
    return silent is not None and silent < github.settings.offline_seconds


def take_job(github: GitHub, runner: Runner) -> Job | None:
    """Gives the runner the job that has waited longest of those that it may run."""
    for job in github.store.find(Job, status="queued"):
        repo = github.store.get(Repo, job.repo_id)
        if repo is not None and refusal(github, runner, job, repo) is None:
            start(github, job, runner)
            return job
    return None


def refusal(github: GitHub, runner: Runner, job: Job, repo: Repo) -> str | None:
    """Why the runner doesn't get the job; None if it does."""
    has = {label.lower() for label in runner.labels}
    if missing := [label for label in job.labels if label.lower() not in has]:
        return f"lacks the labels {', '.join(missing)}"
    if runner.repo_id is not None:
        if runner.repo_id != repo.id:
            return "belongs to another repository"
        return "is in no runner group" if job.group else None
    if runner.account_id != repo.owner_id:
        return "belongs to another organization"
    group = github.store.get(RunnerGroup, runner.group_id)
    return "is in no runner group" if group is None else _against_group(github, group, job, repo)


def _against_group(github: GitHub, group: RunnerGroup, job: Job, repo: Repo) -> str | None:
    if job.group and job.group.lower() != group.name.lower():
        return f"is in the runner group {group.name}, not in {job.group}"
    if group.visibility == "selected" and repo.id not in group.repository_ids:
        return f"is in the runner group {group.name}, which {repo.full_name} may not use"
    if group.visibility == "private" and not repo.private:
        return f"is in the runner group {group.name}, which is for private repositories"
    if not repo.private and not group.allows_public_repositories:
        return f"is in the runner group {group.name}, which public repositories may not use"
    if group.restricted_to_workflows and not _is_selected(github, group, job, repo):
        return f"is in the runner group {group.name}, which is for other workflows"
    return None


def _is_selected(github: GitHub, group: RunnerGroup, job: Job, repo: Repo) -> bool:
    """Whether the job's workflow is one of the group's, such as `owner/repo/.github/workflows/x.yml@refs/heads/main`."""
    run = github.store.get(Run, job.run_id)
    workflow = github.store.get(Workflow, run.workflow_id) if run else None
    if run is None or workflow is None:
        return False
    file = f"{repo.full_name}/{workflow.path}"
    short = run.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    return any(
        name in group.selected_workflows for name in (f"{file}@{at}" for at in (run.ref, short, run.sha))
    )


def why_waiting(github: GitHub, job: Job, repo: Repo) -> list[str]:
    """For every runner of the repository and its organization, why it hasn't taken a queued job."""
    owner = github.account(repo.owner)
    reasons = []
    for runner in github.store.find(Runner):
        is_near = runner.repo_id == repo.id or (isinstance(owner, Account) and runner.account_id == owner.id)
        if not is_near:
            continue
        why = refusal(github, runner, job, repo)
        if why is None:
            why = "may take it" if is_online(github, runner) else "may take it, but is offline"
        reasons.append(f"Runner {runner.name} {why}.")
    return reasons or ["There are no runners."]
