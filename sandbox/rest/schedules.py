"""Pipeline schedules and their variables."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.ci.config import CiConfigError
from sandbox.ci.cron import CronError
from sandbox.ci.expand import entry
from sandbox.context import ROOT_USER
from sandbox.models import JsonObject, Pipeline, Schedule
from sandbox.pipelines import PipelineRefused
from sandbox.rest.shapes import show_pipeline
from sandbox.schedules import plan, run_schedule
from sandbox.wire import ApiError, Call, api, invalid, not_found, nothing, page, reply

_VARIABLE_TYPES = ("env_var", "file")


def _show(schedule: Schedule) -> JsonObject:
    return {
        "id": schedule.id,
        "description": schedule.description,
        "ref": schedule.ref,
        "cron": schedule.cron,
        "cron_timezone": schedule.cron_timezone,
        "next_run_at": schedule.next_run_at,
        "active": schedule.active,
        "created_at": schedule.created_at,
        "updated_at": schedule.updated_at,
        "owner": ROOT_USER,
        "inputs": [],
    }


def _show_fully(call: Call, schedule: Schedule) -> JsonObject:
    last = call.sandbox.store.get(Pipeline, schedule.last_pipeline_id or 0)
    return {
        **_show(schedule),
        "last_pipeline": show_pipeline(call.sandbox, last) if last else None,
        "variables": [_show_variable(item) for item in schedule.variables],
    }


def _show_variable(item: JsonObject) -> JsonObject:
    kind = "file" if item["file"] else "env_var"
    return {"key": item["key"], "variable_type": kind, "value": item["value"], "raw": item["raw"]}


def _schedule(call: Call) -> Schedule:
    return call.within(Schedule, "schedule", "Pipeline Schedule", call.project())


def _apply(call: Call, schedule: Schedule) -> None:
    params = call.params
    if params.given.get("inputs"):
        raise ApiError(400, {"message": "400 Bad request - the sandbox has no inputs of pipeline schedules"})
    schedule.description = params.text("description", schedule.description)
    schedule.ref = _full_ref(call, params.text("ref", schedule.ref))
    schedule.cron = params.text("cron", schedule.cron)
    schedule.cron_timezone = params.text("cron_timezone", schedule.cron_timezone)
    schedule.active = params.flag("active", default=schedule.active)
    schedule.updated_at = clock.stamp()
    try:
        plan(schedule)
    except CronError as why:
        raise invalid(cron=f"syntax is invalid: {why}") from why


def _full_ref(call: Call, ref: str) -> str:
    """The full name of a ref, as GitLab stores it."""
    if ref.startswith("refs/"):
        return ref
    refs = call.sandbox.repository(call.project()).refs()
    return f"refs/tags/{ref}" if f"refs/tags/{ref}" in refs else f"refs/heads/{ref}"


def list_schedules(call: Call) -> Response:
    """GET /pipeline_schedules."""
    return page(call, call.sandbox.store.find(Schedule, project_id=call.project().id), _show)


def create_schedule(call: Call) -> Response:
    """POST /pipeline_schedules."""
    call.params.require("description", "ref", "cron")
    schedule = Schedule(
        project_id=call.project().id, description="", ref="", cron="", created_at=clock.stamp()
    )
    _apply(call, schedule)
    return reply(_show_fully(call, call.sandbox.store.add(schedule)), 201)


def get_schedule(call: Call) -> Response:
    """GET /pipeline_schedules/:id."""
    return reply(_show_fully(call, _schedule(call)))


def edit_schedule(call: Call) -> Response:
    """PUT /pipeline_schedules/:id."""
    schedule = _schedule(call)
    _apply(call, schedule)
    call.sandbox.store.save(schedule)
    return reply(_show_fully(call, schedule))


def delete_schedule(call: Call) -> Response:
    """DELETE /pipeline_schedules/:id."""
    call.sandbox.store.delete(_schedule(call))
    return nothing()


def take_ownership(call: Call) -> Response:
    """POST /pipeline_schedules/:id/take_ownership: there is one user, who owns it already."""
    return reply(_show_fully(call, _schedule(call)), 201)


def play_schedule(call: Call) -> Response:
    """POST /pipeline_schedules/:id/play: runs it now. What stops it is said, where GitLab answers 201 first."""
    try:
        run_schedule(call.sandbox, call.project(), _schedule(call))
    except (PipelineRefused, CiConfigError) as why:
        raise ApiError(400, {"message": {"base": [str(why)]}}) from why
    return reply({"message": "201 Created"}, 201)


def list_pipelines(call: Call) -> Response:
    """GET /pipeline_schedules/:id/pipelines."""
    found = call.sandbox.store.find(Pipeline, schedule_id=_schedule(call).id)
    return page(call, found[::-1], lambda pipeline: show_pipeline(call.sandbox, pipeline))


def _variable(call: Call, schedule: Schedule) -> int:
    """Where the schedule keeps the variable that the path names."""
    for place, item in enumerate(schedule.variables):
        if item["key"] == call.part("key"):
            return place
    raise not_found("Pipeline Schedule Variable")


def create_variable(call: Call) -> Response:
    """POST /pipeline_schedules/:id/variables."""
    call.params.require("key", "value")
    schedule = _schedule(call)
    key = call.params.text("key")
    if any(item["key"] == key for item in schedule.variables):
        raise invalid(key=f"({key}) has already been taken")
    item = _made(call, key, entry(key, ""))
    schedule.variables.append(item)
    call.sandbox.store.save(schedule)
    return reply(_show_variable(item), 201)


def edit_variable(call: Call) -> Response:
    """PUT /pipeline_schedules/:id/variables/:key."""
    schedule = _schedule(call)
    place = _variable(call, schedule)
    schedule.variables[place] = _made(call, call.part("key"), schedule.variables[place])
    call.sandbox.store.save(schedule)
    return reply(_show_variable(schedule.variables[place]))


def _made(call: Call, key: str, before: JsonObject) -> JsonObject:
    kind = call.params.choice("variable_type", _VARIABLE_TYPES, "file" if before["file"] else "env_var")
    value = call.params.text("value", str(before["value"]))
    return entry(key, value, file=kind == "file", raw=call.params.flag("raw", default=bool(before["raw"])))


def delete_variable(call: Call) -> Response:
    """DELETE /pipeline_schedules/:id/variables/:key."""
    schedule = _schedule(call)
    gone = schedule.variables.pop(_variable(call, schedule))
    call.sandbox.store.save(schedule)
    return reply(_show_variable(gone), 202)


_ALL = "/projects/{project}/pipeline_schedules"
_ONE = f"{_ALL}/{{schedule}}"
ROUTES: list[BaseRoute] = [
    api("GET", _ALL, list_schedules),
    api("POST", _ALL, create_schedule),
    api("GET", _ONE, get_schedule),
    api("PUT", _ONE, edit_schedule),
    api("DELETE", _ONE, delete_schedule),
    api("POST", f"{_ONE}/take_ownership", take_ownership),
    api("POST", f"{_ONE}/play", play_schedule),
    api("GET", f"{_ONE}/pipelines", list_pipelines),
    api("POST", f"{_ONE}/variables", create_variable),
    api("PUT", f"{_ONE}/variables/{{key}}", edit_variable),
    api("DELETE", f"{_ONE}/variables/{{key}}", delete_variable),
]
