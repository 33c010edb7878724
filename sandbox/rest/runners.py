"""Runners as their owners see them: create, read, edit, remove, enable for projects."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.context import new_token
from sandbox.models import Job, JsonObject, Namespace, Project, Runner, RunnerManager
from sandbox.rest.shapes import show_job, show_runner
from sandbox.wire import ApiError, Call, api, bad_request, not_found, nothing, page, reply

_TYPES = {"instance_type": "t1", "group_type": "t2", "project_type": "t3"}
_ACCESS = ("not_protected", "ref_protected")
_JOB_STATUSES = ("running", "success", "failed", "canceled")
_SHORTEST_TIMEOUT = 600


def show_runner_fully(call: Call, runner: Runner) -> JsonObject:
    """A runner with everything that can be set."""
    store = call.sandbox.store
    managers = store.find(RunnerManager, runner_id=runner.id)
    info = managers[-1].info if managers else {}
    projects = [project for number in runner.project_ids if (project := store.get(Project, number))]
    group = store.get(Namespace, runner.group_id) if runner.group_id else None
    return {
        **show_runner(runner),
        "contacted_at": runner.contacted_at,
        "tag_list": runner.tags,
        "run_untagged": runner.run_untagged,
        "locked": runner.locked,
        "access_level": runner.access_level,
        "maximum_timeout": runner.maximum_timeout,
        "maintenance_note": runner.maintenance_note,
        **{key: info.get(key) for key in ("version", "revision", "platform", "architecture")},
        "projects": [
            {"id": project.id, "name": project.name, "path_with_namespace": project.path}
            for project in projects
        ],
        "groups": [{"id": group.id, "name": group.name, "web_url": group.path}] if group else [],
    }


def create_runner(call: Call) -> Response:
    """POST /user/runners: the only way to make a runner, and the only time its token is shown."""
    params = call.params
    params.require("runner_type")
    kind = params.choice("runner_type", tuple(_TYPES), "")
    runner = Runner(token=new_token(f"glrt-{_TYPES[kind]}_"), runner_type=kind, created_at=clock.stamp())
    for name, wanted in (("project_id", "project_type"), ("group_id", "group_type")):
        if (name in params) != (kind == wanted):
            raise bad_request(f"{name} is for {wanted} runners, and required there")
    if kind == "project_type":
        number = params.number("project_id") or 0
        if call.sandbox.store.get(Project, number) is None:
            raise not_found("Project")
        runner.project_ids = [number]
    if kind == "group_type":
        runner.group_id = params.number("group_id")
        if call.sandbox.store.get(Namespace, runner.group_id or 0) is None:
            raise not_found("Group")
    _apply(call, runner)
    call.sandbox.store.add(runner)
    return reply({"id": runner.id, "token": runner.token, "token_expires_at": None}, 201)


def _apply(call: Call, runner: Runner) -> None:
    params = call.params
    runner.description = params.text("description", runner.description)
    runner.maintenance_note = params.text("maintenance_note", runner.maintenance_note)
    runner.paused = params.flag("paused", default=runner.paused)
    if "active" in params:
        runner.paused = not params.flag("active")
    runner.locked = params.flag("locked", default=runner.locked)
    runner.run_untagged = params.flag("run_untagged", default=runner.run_untagged)
    runner.access_level = params.choice("access_level", _ACCESS, runner.access_level)
    if "tag_list" in params:
        runner.tags = list(dict.fromkeys(params.words("tag_list")))
    if "maximum_timeout" in params:
        runner.maximum_timeout = params.number("maximum_timeout")
    problems: JsonObject = {}
    if runner.maximum_timeout is not None and runner.maximum_timeout < _SHORTEST_TIMEOUT:
        problems["maximum_timeout"] = [f"needs to be at least {_SHORTEST_TIMEOUT // 60} minutes"]
    if not runner.tags and not runner.run_untagged:
        problems["tags_list"] = ["can not be empty when runner is not allowed to pick untagged jobs"]
    if problems:
        raise ApiError(400, {"message": problems})
    call.sandbox.wakeups.notify()


def _runner(call: Call) -> Runner:
    return call.record(Runner, "runner", "Runner")


def list_runners(call: Call) -> Response:
    """GET /runners and /runners/all, by `type`, `status`, `paused` and `tag_list`."""
    return _list(call, call.sandbox.store.find(Runner))


def _list(call: Call, runners: list[Runner]) -> Response:
    params = call.params
    kind, status, tags = params.text("type"), params.text("status"), set(params.words("tag_list"))
    kept = [
        runner
        for runner in runners
        if kind in {"", runner.runner_type}
        and status in {"", show_runner(runner)["status"]}
        and ("paused" not in params or runner.paused == params.flag("paused"))
        and tags <= set(runner.tags)
    ]
    return page(call, kept, show_runner)


def get_runner(call: Call) -> Response:
    """GET /runners/:id."""
    return reply(show_runner_fully(call, _runner(call)))


def edit_runner(call: Call) -> Response:
    """PUT /runners/:id."""
    runner = _runner(call)
    _apply(call, runner)
    call.sandbox.store.save(runner)
    return reply(show_runner_fully(call, runner))


def delete_runner(call: Call) -> Response:
    """DELETE /runners/:id."""
    remove_runner(call, _runner(call))
    return nothing()


def remove_runner(call: Call, runner: Runner) -> None:
    """Removes a runner and what is known of its processes."""
    for manager in call.sandbox.store.find(RunnerManager, runner_id=runner.id):
        call.sandbox.store.delete(manager)
    call.sandbox.store.delete(runner)


def list_managers(call: Call) -> Response:
    """GET /runners/:id/managers."""
    managers = call.sandbox.store.find(RunnerManager, runner_id=_runner(call).id)
    return page(call, managers, _show_manager)


def _show_manager(manager: RunnerManager) -> JsonObject:
    return {
        "id": manager.id,
        "system_id": manager.system_id,
        **{key: manager.info.get(key) for key in ("version", "revision", "platform", "architecture")},
        "created_at": manager.created_at,
        "contacted_at": manager.contacted_at,
        "ip_address": manager.ip_address,
        "status": "online",
    }


def list_runner_jobs(call: Call) -> Response:
    """GET /runners/:id/jobs, by `status`."""
    status = call.params.choice("status", ("", *_JOB_STATUSES), "")
    found = call.sandbox.store.find(Job, runner_id=_runner(call).id)
    jobs = [job for job in found if status in {"", job.status}]
    return page(call, jobs, lambda job: show_job(call.sandbox, job))


def reset_token(call: Call) -> Response:
    """POST /runners/:id/reset_authentication_token."""
    runner = _runner(call)
    return reply(renew_token(call, runner), 201)


def renew_token(call: Call, runner: Runner) -> JsonObject:
    """Gives a runner a new token; the old one is worth nothing from now on."""
    runner.token = new_token(f"glrt-{_TYPES[runner.runner_type]}_")
    call.sandbox.store.save(runner)
    return {"token": runner.token, "token_expires_at": None}


def list_project_runners(call: Call) -> Response:
    """GET /projects/:id/runners: the project's own and, as GitLab does, the instance's."""
    project = call.project()
    runners = call.sandbox.store.find(Runner)
    mine = [item for item in runners if project.id in item.project_ids or item.runner_type == "instance_type"]
    return _list(call, mine)


def enable_runner(call: Call) -> Response:
    """POST /projects/:id/runners."""
    project = call.project()
    call.params.require("runner_id")
    runner = call.sandbox.store.get(Runner, call.params.number("runner_id") or 0)
    if runner is None:
        raise not_found("Runner")
    if runner.runner_type != "project_type" or runner.locked:
        raise ApiError(403, {"message": "403 Forbidden - Runner is locked or not a project runner"})
    if project.id in runner.project_ids:
        raise bad_request("Runner: has already been taken")
    runner.project_ids.append(project.id)
    call.sandbox.store.save(runner)
    call.sandbox.wakeups.notify()
    return reply(show_runner(runner), 201)


def disable_runner(call: Call) -> Response:
    """DELETE /projects/:id/runners/:runner_id."""
    project, runner = call.project(), _runner(call)
    if project.id not in runner.project_ids:
        raise not_found("Runner")
    if len(runner.project_ids) == 1:
        raise ApiError(403, {"message": "403 Forbidden - Only one project associated with the runner"})
    runner.project_ids.remove(project.id)
    call.sandbox.store.save(runner)
    return nothing()


ROUTES: list[BaseRoute] = [
    api("POST", "/user/runners", create_runner),
    api("GET", "/runners", list_runners),
    api("GET", "/runners/all", list_runners),
    api("GET", "/runners/{runner:int}", get_runner),
    api("PUT", "/runners/{runner:int}", edit_runner),
    api("DELETE", "/runners/{runner:int}", delete_runner),
    api("GET", "/runners/{runner:int}/managers", list_managers),
    api("GET", "/runners/{runner:int}/jobs", list_runner_jobs),
    api("POST", "/runners/{runner:int}/reset_authentication_token", reset_token),
    api("GET", "/projects/{project}/runners", list_project_runners),
    api("POST", "/projects/{project}/runners", enable_runner),
    api("DELETE", "/projects/{project}/runners/{runner}", disable_runner),
]
