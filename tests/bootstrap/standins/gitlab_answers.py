"""What GitLab answers where it does not simply tell what it was sent."""

import base64
from typing import Any

from tests.bootstrap.standins.forge_double import Answer, Call, ForgeDouble

API = "/api/v4"
PROJECT = f"{API}/projects/3"
TEAM_VARIABLES = f"{API}/projects/team%2Fapp/variables"
FILE = f"{PROJECT}/repository/files/ci%2F.gitlab-ci.yml"


def runner_token(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    made = {"id": 7, "description": call.body.get("description")}
    double.objects[f"{API}/runners/7"] = {**call.body, **made}
    return 201, {**made, "token": "glrt-made-up"}


def runners_of_project(double: ForgeDouble, _: Call) -> tuple[int, Any]:
    entries = f"{PROJECT}/runners/"
    return 200, [
        {"id": each["runner_id"]} for path, each in double.objects.items() if path.startswith(entries)
    ]


def file_of_gitlab(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    """A file as GitLab tells it: whatever was sent, in base64."""
    there = double.objects.get(call.path)
    if there is None:
        return 404, {"message": "404 File Not Found"}
    content = base64.b64encode(there["content"].encode()).decode()
    return 200, {**there, "content": content, "encoding": "base64", "blob_id": "b1", "size": len(content)}


def put_file(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    double.objects[call.path] = call.body
    return 201, {"branch": call.body["branch"]}


def remove_file(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    return (204, None) if double.objects.pop(call.path, None) else (404, {"message": "404 File Not Found"})


def schedule_of_variable(double: ForgeDouble, _: Call) -> tuple[int, Any]:
    under = f"{PROJECT}/pipeline_schedules/5/variables/"
    return 200, {
        "id": 5,
        "variables": [each for path, each in double.objects.items() if path.startswith(under)],
    }


def protect(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    levels = {
        f"{each}_access_levels": [{"access_level": call.body[f"{each}_access_level"]}]
        for each in ("push", "merge")
    }
    double.objects[f"{PROJECT}/protected_branches/main"] = {"id": 11, **call.body, **levels}
    return 201, {"id": 11}


def job_token_scope(double: ForgeDouble, _: Call) -> tuple[int, Any]:
    there = double.objects.get(f"{PROJECT}/job_token_scope")
    return 200, {"inbound_enabled": (there or {}).get("enabled", True)}


def allowlist(path: str, key: str, own: tuple[int, ...] = ()) -> dict[str, Answer]:
    at = f"{PROJECT}/job_token_scope/{path}"

    def listed(double: ForgeDouble, _: Call) -> tuple[int, Any]:
        entries = [each[key] for where, each in double.objects.items() if where.startswith(at)]
        return 200, [{"id": each} for each in (*own, *entries)]

    return {f"GET {at}": listed}


def make_project(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    return _keep_project(double, call, 201)


def edit_project(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    return _keep_project(double, call, 200)


def _keep_project(double: ForgeDouble, call: Call, status: int) -> tuple[int, Any]:
    """A project as GitLab tells it: its clean-up policy goes by another name than it was sent by."""
    at, policy = f"{API}/projects/41", "container_expiration_policy"
    there = {**double.objects.get(at, {"id": 41}), **call.body}
    if f"{policy}_attributes" in there:
        told = dict(there.pop(f"{policy}_attributes"))
        there[policy] = {**told, "name_regex": told.pop("name_regex_delete")}
    double.objects[at] = there
    return status, there
