"""Registering runners, just in time or with a registration token."""

import base64
import json
import re

from sandbox.github.actions.dispatch import is_online
from sandbox.github.context import GitHub, new_token
from sandbox.github.models import Account, Repo, Runner, RunnerGroup
from sandbox.github.wire import ApiError, not_found
from sandbox.models import JsonObject

_LABEL = re.compile(r"[^,\s]{1,256}")
_MOST_LABELS = 100
_NAME_LENGTH = 64
_READ_ONLY = ("self-hosted", "linux", "windows", "macos", "x64", "arm64", "arm", "x86")


def new_runner(
    github: GitHub,
    holder: Repo | Account,
    *,
    name: str,
    labels: list[str],
    ephemeral: bool,
    work_folder: str,
    group_id: int | None = None,
) -> Runner:
    """A registration; 409 if its name is taken, 422 if it makes no sense."""
    if not 0 < len(name) <= _NAME_LENGTH:
        raise ApiError(422, f"name may have 1 to {_NAME_LENGTH} characters")
    if not 0 < len(labels) <= _MOST_LABELS or not all(_LABEL.fullmatch(label) for label in labels):
        raise ApiError(422, f"labels: 1 to {_MOST_LABELS} without spaces and commas are expected")
    if any(runner.name.lower() == name.lower() for runner in runners_of(github, holder)):
        raise ApiError(409, f"Already exists - A runner with the name {name} already exists.")
    runner = Runner(
        token=new_token("runner_"),
        name=name,
        labels=labels,
        ephemeral=ephemeral,
        work_folder=work_folder,
        group_id=_group(github, holder, group_id),
    )
    if isinstance(holder, Repo):
        runner.repo_id = holder.id
    else:
        runner.account_id = holder.id
    return github.store.add(runner)


def _group(github: GitHub, holder: Repo | Account, wanted: int | None) -> int:
    """The number of the runner's group. A repository has one group only, with the number 1."""
    if isinstance(holder, Repo):
        if wanted not in {None, 1}:
            raise not_found()
        return 1
    if wanted is None:
        wanted = next(
            group.id for group in github.store.find(RunnerGroup, account_id=holder.id) if group.default
        )
    group = github.store.get(RunnerGroup, wanted)
    if group is None or group.account_id != holder.id:
        raise not_found()
    return group.id


def runners_of(github: GitHub, holder: Repo | Account) -> list[Runner]:
    """All runners of a repository, or of an organization itself."""
    if isinstance(holder, Repo):
        return github.store.find(Runner, repo_id=holder.id)
    return github.store.find(Runner, account_id=holder.id)


def jit_config(github: GitHub, runner: Runner) -> JsonObject:
    """What the stand-in runner is started with. GitHub's own is made of other things, and opaque too."""
    return {
        "url": github.settings.external_url,
        "runner_id": runner.id,
        "token": runner.token,
        "name": runner.name,
        "labels": runner.labels,
        "work_folder": runner.work_folder,
    }


def encoded_jit_config(github: GitHub, runner: Runner) -> str:
    """The same in base64, as `run.sh --jitconfig` takes it."""
    return base64.b64encode(json.dumps(jit_config(github, runner)).encode()).decode()


def shape(github: GitHub, runner: Runner) -> JsonObject:
    """How a runner looks in answers."""
    return {
        "id": runner.id,
        "runner_group_id": runner.group_id,
        "name": runner.name,
        "os": "linux",
        "status": "online" if is_online(github, runner) else "offline",
        "busy": runner.job_id is not None,
        "labels": [label_shape(number, label) for number, label in enumerate(runner.labels, 1)],
        "ephemeral": runner.ephemeral,
    }


def label_shape(number: int, label: str) -> JsonObject:
    """How a label looks in answers."""
    kind = "read-only" if label.lower() in _READ_ONLY else "custom"
    return {"id": number, "name": label, "type": kind}
