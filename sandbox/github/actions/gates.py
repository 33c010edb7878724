"""What an environment asks before a job may deploy to it (GitHub docs, "Managing environments for deployment")."""

from sandbox import clock
from sandbox.github.actions.patterns import matches
from sandbox.github.context import GitHub
from sandbox.github.models import BranchPolicy, Environment, Job, Run

_SECONDS_A_MINUTE = 60


def gate(github: GitHub, run: Run, job: Job, environment: Environment) -> tuple[str, str]:
    """Whether the gate is open, closed for now, or the job is refused; and why."""
    if not _branch_allowed(github, run, environment):
        short = run.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        return (
            "refused",
            f"{short} is not allowed to deploy to {environment.name} due to environment protection rules.",
        )
    if environment.reviewers and not job.approved:
        return "closed", f"waits for a review of the deployment to {environment.name}"
    waited = clock.seconds_between(job.waiting_since, None) or 0
    if waited < environment.wait_timer * _SECONDS_A_MINUTE:
        return "closed", f"waits {environment.wait_timer} minutes for {environment.name}"
    return "open", ""


def _branch_allowed(github: GitHub, run: Run, environment: Environment) -> bool:
    """Custom policies name branches and tags. There are no protected branches here: then GitHub lets in all."""
    if not environment.branch_policy or not environment.branch_policy.get("custom_branch_policies"):
        return True
    kind, prefix = ("tag", "refs/tags/") if run.ref.startswith("refs/tags/") else ("branch", "refs/heads/")
    short = run.ref.removeprefix(prefix)
    policies = github.store.find(BranchPolicy, environment_id=environment.id)
    return any(matches(short, [policy.name]) for policy in policies if policy.kind == kind)
