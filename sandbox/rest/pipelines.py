"""Pipelines: list, read, create, cancel, retry, delete."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import jobs
from sandbox.ci.config import CiConfigError
from sandbox.ci.expand import entry
from sandbox.context import Sandbox
from sandbox.models import Job, JsonObject, Pipeline, Project
from sandbox.pipelines import PipelineRefused, Trigger, create_pipeline
from sandbox.rest.shapes import show_pipeline, show_pipeline_fully
from sandbox.wire import ApiError, Call, api, bad_request, not_found, nothing, page, reply


def run_variables(given: list[JsonObject]) -> tuple[JsonObject, ...]:
    """The variables of one run, `{key, value, variable_type}` as the API takes them, in the payload's form."""
    for variable in given:
        if not isinstance(variable.get("key"), str) or not isinstance(variable.get("value"), str):
            raise bad_request("each variable needs a key and a value")
    return tuple(
        entry(
            str(variable["key"]),
            str(variable["value"]),
            raw=variable.get("raw") is True,
            file=variable.get("variable_type") == "file",
        )
        for variable in given
    )


def run_pipeline(
    sandbox: Sandbox,
    project: Project,
    *,
    ref: str,
    source: str,
    variables: tuple[JsonObject, ...] = (),
    schedule_id: int | None = None,
) -> Pipeline:
    """Makes a pipeline of a branch or tag, by its short or full name; refuses as GitLab's API does."""
    refs = sandbox.repository(project).refs()
    full = next((name for name in (ref, f"refs/heads/{ref}", f"refs/tags/{ref}") if name in refs), None)
    if full is None:
        raise ApiError(400, {"message": {"base": ["Reference not found"]}})
    trigger = Trigger(ref=full, sha=refs[full], source=source, variables=variables, schedule_id=schedule_id)
    try:
        return create_pipeline(sandbox, project, trigger)
    except PipelineRefused as why:
        raise ApiError(400, {"message": {"base": [str(why)]}}) from why
    except CiConfigError as why:
        raise ApiError(400, {"message": {"base": why.problems}}) from why


def _pipeline(call: Call) -> Pipeline:
    return call.within(Pipeline, "pipeline", "Pipeline", call.project())


def list_pipelines(call: Call) -> Response:
    """GET /projects/:id/pipelines, newest first, by `ref`, `status`, `source` and `sha`."""
    wanted = {
        name: call.params.text(name) for name in ("ref", "status", "source", "sha") if name in call.params
    }
    found = call.sandbox.store.find(Pipeline, project_id=call.project().id, **wanted)
    return page(call, found[::-1], lambda pipeline: show_pipeline(call.sandbox, pipeline))


def get_pipeline(call: Call) -> Response:
    """GET /projects/:id/pipelines/:pipeline_id."""
    return reply(show_pipeline_fully(call.sandbox, _pipeline(call)))


def get_latest_pipeline(call: Call) -> Response:
    """GET /projects/:id/pipelines/latest of a ref, by default the default branch."""
    project = call.project()
    ref = call.params.text("ref", project.default_branch)
    found = call.sandbox.store.find(Pipeline, project_id=project.id, ref=ref)
    if not found:
        raise not_found("Pipeline")
    return reply(show_pipeline_fully(call.sandbox, found[-1]))


def create(call: Call) -> Response:
    """POST /projects/:id/pipeline."""
    call.params.require("ref")
    variables = run_variables(call.params.objects("variables"))
    pipeline = run_pipeline(
        call.sandbox, call.project(), ref=call.params.text("ref"), source="api", variables=variables
    )
    return reply(show_pipeline_fully(call.sandbox, pipeline), 201)


def list_variables(call: Call) -> Response:
    """GET /projects/:id/pipelines/:pipeline_id/variables: those of this run alone."""
    shown = [
        {"key": item["key"], "value": item["value"], "variable_type": "file" if item["file"] else "env_var"}
        for item in _pipeline(call).variables
    ]
    return reply(shown)


def cancel(call: Call) -> Response:
    """POST /projects/:id/pipelines/:pipeline_id/cancel."""
    pipeline = _pipeline(call)
    jobs.cancel_pipeline(call.sandbox, pipeline)
    return reply(show_pipeline_fully(call.sandbox, _pipeline(call)))


def retry(call: Call) -> Response:
    """POST /projects/:id/pipelines/:pipeline_id/retry."""
    jobs.retry_pipeline(call.sandbox, _pipeline(call))
    return reply(show_pipeline_fully(call.sandbox, _pipeline(call)), 201)


def delete(call: Call) -> Response:
    """DELETE /projects/:id/pipelines/:pipeline_id, with its jobs."""
    pipeline, store = _pipeline(call), call.sandbox.store
    jobs.cancel_pipeline(call.sandbox, pipeline)
    for job in store.find(Job, pipeline_id=pipeline.id):
        jobs.erase(call.sandbox, job)
    store.delete(pipeline)
    return nothing()


_PIPELINE = "/projects/{project}/pipelines/{pipeline}"
ROUTES: list[BaseRoute] = [
    api("POST", "/projects/{project}/pipeline", create),
    api("GET", "/projects/{project}/pipelines", list_pipelines),
    api("GET", "/projects/{project}/pipelines/latest", get_latest_pipeline),
    api("GET", _PIPELINE, get_pipeline),
    api("DELETE", _PIPELINE, delete),
    api("GET", f"{_PIPELINE}/variables", list_variables),
    api("POST", f"{_PIPELINE}/cancel", cancel),
    api("POST", f"{_PIPELINE}/retry", retry),
]
