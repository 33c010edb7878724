"""How workflows, runs and jobs look in answers."""

from sandbox.github.context import GitHub, github_stamp
from sandbox.github.models import Job, Repo, Run, RunnerGroup, Workflow
from sandbox.github.shapes import minimal_repo, node_id, user
from sandbox.models import JsonObject


def workflow_shape(github: GitHub, repo: Repo, workflow: Workflow) -> JsonObject:
    """A workflow."""
    html = github.html_url(f"/{repo.full_name}")
    return {
        "id": workflow.id,
        "node_id": node_id("Workflow", workflow.id),
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": github_stamp(workflow.created_at),
        "updated_at": github_stamp(workflow.updated_at),
        "url": github.api_url(f"/repos/{repo.full_name}/actions/workflows/{workflow.id}"),
        "html_url": f"{html}/blob/{repo.default_branch}/{workflow.path}",
        "badge_url": f"{html}/workflows/{workflow.id}/badge.svg",
    }


def run_shape(github: GitHub, repo: Repo, run: Run) -> JsonObject:
    """A run."""
    url = github.api_url(f"/repos/{repo.full_name}/actions/runs/{run.id}")
    workflow = github.store.get(Workflow, run.workflow_id)
    actor = github.account(run.actor) or github.account(repo.owner)
    here = minimal_repo(github, repo)
    tails = ("jobs", "logs", "artifacts", "cancel", "rerun")
    is_branch = run.ref.startswith("refs/heads/")
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("WorkflowRun", run.id),
        "check_suite_id": run.id,
        "check_suite_node_id": node_id("CheckSuite", run.id),
        "head_branch": run.ref.removeprefix("refs/heads/" if is_branch else "refs/tags/"),
        "head_sha": run.sha,
        "path": workflow.path if workflow else "",
        "display_title": run.title,
        "run_number": run.number,
        "run_attempt": 1,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow_id,
        "url": url,
        "html_url": github.html_url(f"/{repo.full_name}/actions/runs/{run.id}"),
        "pull_requests": [],
        "created_at": github_stamp(run.created_at),
        "updated_at": github_stamp(run.updated_at),
        "run_started_at": github_stamp(run.created_at),
        **({"actor": user(github, actor), "triggering_actor": user(github, actor)} if actor else {}),
        **{f"{tail}_url": f"{url}/{tail}" for tail in tails},
        "check_suite_url": github.api_url(f"/repos/{repo.full_name}/check-suites/{run.id}"),
        "workflow_url": github.api_url(f"/repos/{repo.full_name}/actions/workflows/{run.workflow_id}"),
        "previous_attempt_url": None,
        "head_commit": _head_commit(github, repo, run),
        "repository": here,
        "head_repository": here,
    }


def _head_commit(github: GitHub, repo: Repo, run: Run) -> JsonObject:
    commit = github.repository(repo).commit(run.sha)
    return {
        "id": commit.sha,
        "tree_id": commit.sha,
        "message": commit.message.rstrip("\n"),
        "timestamp": commit.committed_at,
        "author": {"name": commit.author_name, "email": commit.author_email},
        "committer": {"name": commit.committer_name, "email": commit.committer_email},
    }


def job_shape(github: GitHub, repo: Repo, run: Run, job: Job) -> JsonObject:
    """A job. Its steps are the runner's and not told here."""
    base = github.api_url(f"/repos/{repo.full_name}")
    group = github.store.get(RunnerGroup, job.runner_group_id) if job.runner_group_id else None
    name = group.name if group else "Default"
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.name,
        "head_branch": run.ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        "run_url": f"{base}/actions/runs/{run.id}",
        "run_attempt": 1,
        "node_id": node_id("CheckRun", job.id),
        "head_sha": run.sha,
        "url": f"{base}/actions/jobs/{job.id}",
        "html_url": github.html_url(f"/{repo.full_name}/actions/runs/{run.id}/job/{job.id}"),
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": github_stamp(job.created_at),
        "started_at": github_stamp(job.started_at or job.created_at),
        "completed_at": github_stamp(job.completed_at) if job.completed_at else None,
        "name": job.name,
        "steps": [],
        "check_run_url": f"{base}/check-runs/{job.id}",
        "labels": job.labels,
        "runner_id": job.runner_id,
        "runner_name": job.runner_name,
        "runner_group_id": job.runner_group_id,
        "runner_group_name": name if job.runner_group_id else None,
    }
