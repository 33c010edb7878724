"""The contexts that expressions and jobs see, and the variables and secrets that reach a job.

GitHub docs, "Contexts reference", "Using secrets in GitHub Actions", "Store information in variables".
"""

from collections.abc import Sequence

from sandbox.github.actions.expressions import Scope
from sandbox.github.context import GitHub
from sandbox.github.models import Account, Environment, Held, Job, Repo, Run, Secret, Variable, Workflow
from sandbox.models import JsonObject


def github_context(github: GitHub, repo: Repo, workflow: Workflow, run: Run) -> JsonObject:
    """`github` in expressions."""
    is_tag = run.ref.startswith("refs/tags/")
    return {
        "workflow": run.name,
        "workflow_ref": f"{repo.full_name}/{workflow.path}@{run.ref}",
        "ref": run.ref,
        "ref_name": run.ref.removeprefix("refs/tags/").removeprefix("refs/heads/"),
        "ref_type": "tag" if is_tag else "branch",
        "sha": run.sha,
        "event_name": run.event,
        "event": run.payload,
        "repository": repo.full_name,
        "repository_owner": repo.owner,
        "repository_visibility": repo.visibility,
        "actor": run.actor,
        "triggering_actor": run.actor,
        "run_id": str(run.id),
        "run_number": str(run.number),
        "run_attempt": "1",
        "head_ref": "",
        "base_ref": "",
        "server_url": github.settings.external_url,
        "api_url": github.settings.api_url,
    }


def run_scope(github: GitHub, repo: Repo, workflow: Workflow, run: Run) -> Scope:
    """What expressions outside jobs see."""
    return Scope(
        values={
            "github": github_context(github, repo, workflow, run),
            "inputs": run.payload.get("inputs") or {},
            "vars": variables_of(github, repo, None),
        }
    )


def job_scope(github: GitHub, repo: Repo, run: Run, job: Job, others: Sequence[Job]) -> Scope:
    """What a job's condition sees, once everything that it needs is done."""
    workflow = github.store.get(Workflow, run.workflow_id)
    needed = [other for other in others if other.key in job.needs]
    before = run_scope(github, repo, workflow, run).values if workflow else {}
    ended = {other.conclusion for other in _all_needed(job, others)}
    return Scope(
        values={**before, "needs": {other.key: {"result": other.conclusion} for other in needed}},
        status={
            "success": all(other.conclusion == "success" for other in needed) and not run.cancel_requested,
            "failure": bool(ended & {"failure", "timed_out"}) and not run.cancel_requested,
            "cancelled": run.cancel_requested,
            "always": True,
        },
    )


def _all_needed(job: Job, others: Sequence[Job]) -> list[Job]:
    """The jobs that a job needs, and those that they need, and so on."""
    by_key = {other.key: other for other in others}
    found: dict[str, Job] = {}
    open_keys = list(job.needs)
    while open_keys:
        key = open_keys.pop()
        if key not in found and key in by_key:
            found[key] = by_key[key]
            open_keys += by_key[key].needs
    return list(found.values())


def environment_of(github: GitHub, job: Job) -> Environment | None:
    """The environment that a job deploys to."""
    if not job.environment:
        return None
    return github.store.first(Environment, repo_id=job.repo_id, name=job.environment)


def variables_of(github: GitHub, repo: Repo, environment: Environment | None) -> dict[str, str]:
    """`vars`: an environment's win over a repository's, and those over an organization's."""
    return {held.name: held.value for held in _held(github, Variable, repo, environment)}


def secrets_of(github: GitHub, repo: Repo, environment: Environment | None) -> dict[str, str]:
    """`secrets`, in the same order, without the job's own token."""
    return {held.name: held.value for held in _held(github, Secret, repo, environment)}


def _held(
    github: GitHub, kind: type[Secret] | type[Variable], repo: Repo, environment: Environment | None
) -> list[Held]:
    owner = github.account(repo.owner)
    found: list[Held] = []
    if isinstance(owner, Account) and owner.is_organization:
        of_org = github.store.find(kind, owner="organization", owner_id=owner.id)
        found += [held for held in of_org if reaches(held, repo)]
    found += github.store.find(kind, owner="repository", owner_id=repo.id)
    if environment is not None:
        found += github.store.find(kind, owner="environment", owner_id=environment.id)
    return found


def reaches(held: Held, repo: Repo) -> bool:
    """Whether an organization's secret or variable is for this repository too."""
    if held.visibility == "selected":
        return repo.id in held.repository_ids
    return held.visibility == "all" or repo.private
