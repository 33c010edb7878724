"""Workflows, their runs and jobs."""

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from sandbox.github.actions.events import dispatched
from sandbox.github.actions.progress import cancel_run, jobs_of
from sandbox.github.actions.runs import make_run, workflow_at
from sandbox.github.actions.workflow_jobs import WorkflowError
from sandbox.github.models import Job, Repo, Run, Workflow
from sandbox.github.shapes_runs import job_shape, run_shape, workflow_shape
from sandbox.github.wire import ApiError, Call, api, not_found, nothing, page, reply

_RUN_FILTERS = {"actor": "actor", "event": "event", "head_sha": "sha"}


def _workflow(call: Call, repo: Repo) -> Workflow:
    """By number, or by the file's name."""
    word = call.part("workflow_id")
    if word.isdecimal():
        return call.record(Workflow, "workflow_id", repo_id=repo.id)
    found = call.github.store.first(Workflow, repo_id=repo.id, path=f".github/workflows/{word}")
    if found is None:
        raise not_found()
    return found


def list_workflows(call: Call) -> Response:
    """GET .../actions/workflows."""
    repo = call.repo()
    found = call.github.store.find(Workflow, repo_id=repo.id)
    return page(call, found, lambda each: workflow_shape(call.github, repo, each), "workflows")


def show_workflow(call: Call) -> Response:
    """GET .../actions/workflows/{workflow_id}."""
    repo = call.repo()
    return reply(workflow_shape(call.github, repo, _workflow(call, repo)))


def enable(call: Call) -> Response:
    """PUT .../actions/workflows/{workflow_id}/enable."""
    return _set_state(call, "active")


def disable(call: Call) -> Response:
    """PUT .../actions/workflows/{workflow_id}/disable."""
    return _set_state(call, "disabled_manually")


def _set_state(call: Call, state: str) -> Response:
    workflow = _workflow(call, call.repo())
    workflow.state = state
    call.github.store.save(workflow)
    return nothing()


def dispatch(call: Call) -> Response:
    """POST .../actions/workflows/{workflow_id}/dispatches: a run by hand."""
    repo = call.repo()
    workflow = _workflow(call, repo)
    wanted = call.text("ref")
    names = (wanted, f"refs/heads/{wanted}", f"refs/tags/{wanted}")
    ref = next((name for name in names if name in repo.refs), None)
    if ref is None:
        raise ApiError(422, f"No ref found for: {wanted}")
    try:
        spec = workflow_at(call.github, repo, workflow.path, repo.refs[ref])
    except WorkflowError as why:
        raise ApiError(422, f"failed to parse workflow: {why}") from why
    if "workflow_dispatch" not in spec.events:
        raise ApiError(422, "Workflow does not have 'workflow_dispatch' trigger")
    given = call.body.get("inputs") or {}
    if not isinstance(given, dict) or (unknown := sorted(set(given) - set(spec.inputs))):
        raise ApiError(422, f"Unexpected inputs provided: {unknown}")
    inputs: dict[str, object] = {name: about.get("default", "") for name, about in spec.inputs.items()}
    event = dispatched(
        call.github, repo, ref=ref, path=workflow.path, inputs=inputs | given, actor=call.caller.account
    )
    if make_run(call.github, repo, workflow, spec, event) is None:
        raise ApiError(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    return nothing()


def list_runs(call: Call) -> Response:
    """GET .../actions/runs, newest first, or those of one workflow."""
    repo = call.repo()
    found = call.github.store.find(Run, repo_id=repo.id)[::-1]
    if "workflow_id" in call.request.path_params:
        workflow = _workflow(call, repo)
        found = [run for run in found if run.workflow_id == workflow.id]
    for name, field in _RUN_FILTERS.items():
        if wanted := call.query(name):
            found = [run for run in found if getattr(run, field) == wanted]
    if branch := call.query("branch"):
        found = [run for run in found if run.ref in {f"refs/heads/{branch}", f"refs/tags/{branch}"}]
    if status := call.query("status"):
        found = [run for run in found if status in {run.status, run.conclusion}]
    return page(call, found, lambda run: run_shape(call.github, repo, run), "workflow_runs")


def _run(call: Call, repo: Repo) -> Run:
    return call.record(Run, "run_id", repo_id=repo.id)


def show_run(call: Call) -> Response:
    """GET .../actions/runs/{run_id}."""
    repo = call.repo()
    return reply(run_shape(call.github, repo, _run(call, repo)))


def cancel(call: Call) -> Response:
    """POST .../actions/runs/{run_id}/cancel."""
    run = _run(call, call.repo())
    if run.status == "completed":
        raise ApiError(409, "Cannot cancel a workflow run that is completed.")
    cancel_run(call.github, run)
    return reply({}, 202)


def remove_run(call: Call) -> Response:
    """DELETE .../actions/runs/{run_id}: one that is over."""
    run = _run(call, call.repo())
    if run.status != "completed":
        raise ApiError(403, "Could not delete the workflow run: it is in progress.")
    for job in jobs_of(call.github, run):
        call.github.log(job).unlink(missing_ok=True)
        call.github.store.delete(job)
    call.github.store.delete(run)
    return nothing()


def list_jobs(call: Call) -> Response:
    """GET .../actions/runs/{run_id}/jobs."""
    repo = call.repo()
    run = _run(call, repo)
    return page(call, jobs_of(call.github, run), lambda job: job_shape(call.github, repo, run, job), "jobs")


def _job(call: Call, repo: Repo) -> Job:
    return call.record(Job, "job_id", repo_id=repo.id)


def show_job(call: Call) -> Response:
    """GET .../actions/jobs/{job_id}."""
    repo = call.repo()
    job = _job(call, repo)
    run = call.github.store.get(Run, job.run_id)
    if run is None:
        raise not_found()
    return reply(job_shape(call.github, repo, run, job))


def show_log(call: Call) -> Response:
    """GET .../actions/jobs/{job_id}/logs: where the log can be read."""
    repo = call.repo()
    job = _job(call, repo)
    return RedirectResponse(
        call.github.api_url(f"/repos/{repo.full_name}/actions/jobs/{job.id}/log.txt"), 302
    )


def read_log(call: Call) -> Response:
    """Where `logs` leads to; GitHub's own is a signed address elsewhere. A running job's log can be read too."""
    log = call.github.log(_job(call, call.repo()))
    return PlainTextResponse(log.read_bytes() if log.exists() else b"")


_ACTIONS = "/repos/{owner}/{repo}/actions"
ROUTES: list[BaseRoute] = [
    api("GET", f"{_ACTIONS}/workflows", list_workflows, needs="actions:read"),
    api("GET", _ACTIONS + "/workflows/{workflow_id}", show_workflow, needs="actions:read"),
    api("PUT", _ACTIONS + "/workflows/{workflow_id}/enable", enable, needs="actions:write"),
    api("PUT", _ACTIONS + "/workflows/{workflow_id}/disable", disable, needs="actions:write"),
    api("POST", _ACTIONS + "/workflows/{workflow_id}/dispatches", dispatch, needs="actions:write"),
    api("GET", _ACTIONS + "/workflows/{workflow_id}/runs", list_runs, needs="actions:read"),
    api("GET", f"{_ACTIONS}/runs", list_runs, needs="actions:read"),
    api("GET", _ACTIONS + "/runs/{run_id}", show_run, needs="actions:read"),
    api("DELETE", _ACTIONS + "/runs/{run_id}", remove_run, needs="actions:write"),
    api("POST", _ACTIONS + "/runs/{run_id}/cancel", cancel, needs="actions:write"),
    api("GET", _ACTIONS + "/runs/{run_id}/jobs", list_jobs, needs="actions:read"),
    api("GET", _ACTIONS + "/jobs/{job_id}", show_job, needs="actions:read"),
    api("GET", _ACTIONS + "/jobs/{job_id}/logs", show_log, needs="actions:read"),
    api("GET", _ACTIONS + "/jobs/{job_id}/log.txt", read_log, needs="actions:read"),
]
