"""Reviews of deployments that wait for one."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github import shapes
from sandbox.github.actions.contexts import environment_of
from sandbox.github.actions.progress import advance, finish, jobs_of
from sandbox.github.context import github_stamp
from sandbox.github.models import Account, Environment, Job, Repo, Run
from sandbox.github.wire import ApiError, Call, api, reply
from sandbox.models import JsonObject


def _waiting(call: Call, run: Run) -> list[tuple[Job, Environment]]:
    """The run's jobs that wait for a review, and for which environment."""
    found = [(job, environment_of(call.github, job)) for job in jobs_of(call.github, run)]
    return [
        (job, environment)
        for job, environment in found
        if environment and job.status == "waiting" and environment.reviewers and not job.approved
    ]


def _may_approve(call: Call, run: Run, environment: Environment) -> bool:
    caller = call.github.account(call.caller.account)
    is_own = environment.prevent_self_review and caller is not None and caller.login == run.actor
    return not is_own and caller is not None and caller.id in {each["id"] for each in environment.reviewers}


def _shape(call: Call, repo: Repo, run: Run, job: Job, environment: Environment) -> JsonObject:
    accounts = [call.github.store.get(Account, int(str(each["id"]))) for each in environment.reviewers]
    return {
        "environment": {
            "id": environment.id,
            "node_id": shapes.node_id("Environment", environment.id),
            "name": environment.name,
            "url": call.github.api_url(f"/repos/{repo.full_name}/environments/{environment.name}"),
            "html_url": call.github.html_url(f"/{repo.full_name}/deployments"),
        },
        "wait_timer": environment.wait_timer,
        "wait_timer_started_at": github_stamp(job.waiting_since or job.created_at),
        "current_user_can_approve": _may_approve(call, run, environment),
        "reviewers": [
            {"type": "User", "reviewer": shapes.user(call.github, account)} for account in accounts if account
        ],
    }


def list_pending(call: Call) -> Response:
    """GET .../actions/runs/{run_id}/pending_deployments."""
    repo = call.repo()
    run = call.record(Run, "run_id", repo_id=repo.id)
    waiting = _waiting(call, run)
    return reply([_shape(call, repo, run, job, environment) for job, environment in waiting])


def review(call: Call) -> Response:
    """POST .../actions/runs/{run_id}/pending_deployments: approves or rejects."""
    repo = call.repo()
    run = call.record(Run, "run_id", repo_id=repo.id)
    state = call.choice("state", ("approved", "rejected"))
    wanted, comment = call.wholes("environment_ids"), call.text("comment")
    meant = [(job, environment) for job, environment in _waiting(call, run) if environment.id in wanted]
    if not meant or not all(_may_approve(call, run, environment) for _, environment in meant):
        raise ApiError(422, "There is no such pending deployment that you may review")
    for job, _ in meant:
        job.approved = state == "approved"
        if job.approved:
            call.github.store.save(job)
        else:
            finish(call.github, job, "failure", reason=f"The deployment was rejected: {comment}")
    advance(call.github, run)
    return reply([_deployment(call, repo, run, job, environment) for job, environment in meant])


def _deployment(call: Call, repo: Repo, run: Run, job: Job, environment: Environment) -> JsonObject:
    base = call.github.api_url(f"/repos/{repo.full_name}")
    url = f"{base}/deployments/{job.id}"
    now = github_stamp(clock.stamp())
    return {
        "url": url,
        "id": job.id,
        "node_id": shapes.node_id("Deployment", job.id),
        "sha": run.sha,
        "ref": run.ref,
        "task": "deploy",
        "payload": {},
        "environment": environment.name,
        "description": None,
        "creator": None,
        "created_at": github_stamp(job.created_at),
        "updated_at": now,
        "statuses_url": f"{url}/statuses",
        "repository_url": base,
    }


_PATH = "/repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments"
ROUTES: list[BaseRoute] = [
    api("GET", _PATH, list_pending, needs="actions:read"),
    api("POST", _PATH, review, needs="deployments:write"),
]
