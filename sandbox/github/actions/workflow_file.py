"""Reads a workflow file: what decides which jobs there are and when. The steps themselves are the runner's.

GitHub docs, "Workflow syntax for GitHub Actions". Anything that is not understood is an error.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from sandbox.ci.cron import CronError, parse_cron
from sandbox.github.actions.permission_words import read_permissions
from sandbox.github.actions.workflow_jobs import JobSpec, WorkflowError, read_jobs, words

_KEYS = {"name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"}
_EVENTS = {"push", "pull_request", "workflow_dispatch", "schedule"}
_FILTERS = {"branches", "branches-ignore", "tags", "tags-ignore"}


class _Loader(yaml.SafeLoader):
    """YAML 1.2's words for true and false: `on` is a key, not a truth."""


# Resolvers go by a text's first letter.
_Loader.yaml_implicit_resolvers = {
    letter: [entry for entry in entries if letter in "tTfF" or entry[0] != "tag:yaml.org,2002:bool"]
    for letter, entries in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """Runs that must not overlap."""

    group: str
    cancel: bool | str = False
    """Whether a new run ends the one that is under way; may be an expression."""


@dataclass(frozen=True, kw_only=True)
class WorkflowSpec:
    """What a workflow file says."""

    name: str
    title: str = ""
    events: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Events that start it, with the filters of each."""
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What a person can give when starting it."""
    crons: tuple[str, ...] = ()
    permissions: dict[str, str] | None = None
    concurrency: Concurrency | None = None
    jobs: tuple[JobSpec, ...] = ()


def read_workflow(text: str, path: str) -> WorkflowSpec:
    """What the file says.

    Raises:
        WorkflowError: the file has problems; all of them are told.
    """
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as why:
        raise WorkflowError([f"not YAML: {why}"]) from why
    if not isinstance(document, dict):
        raise WorkflowError(["expected a mapping"])
    problems = [f"{key!r} is not understood" for key in document if key not in _KEYS]
    events = document.get("on")
    problems += list(_event_problems(events))
    jobs = read_jobs(document.get("jobs"), problems)
    permissions = read_permissions(document.get("permissions"), problems)
    concurrency = _concurrency(document.get("concurrency"), problems)
    if problems:
        raise WorkflowError(problems)
    by_name = _by_name(events)
    return WorkflowSpec(
        name=str(document.get("name") or path),
        title=str(document.get("run-name") or ""),
        events={
            event: {name: tuple(words(given)) for name, given in (filters or {}).items()}
            if event in {"push", "pull_request"}
            else {}
            for event, filters in by_name.items()
        },
        inputs=(by_name.get("workflow_dispatch") or {}).get("inputs") or {},
        crons=tuple(entry["cron"] for entry in by_name.get("schedule") or ()),
        permissions=permissions,
        concurrency=concurrency,
        jobs=jobs,
    )


def _by_name(events: Any) -> dict[str, Any]:  # noqa: ANN401 - YAML
    return dict(events) if isinstance(events, dict) else dict.fromkeys(words(events))


def _event_problems(events: Any) -> Iterator[str]:  # noqa: ANN401 - YAML
    if not events:
        yield "'on' is missing"
        return
    for name, given in _by_name(events).items():
        if name not in _EVENTS:
            yield f"on.{name} is not understood"
        elif name == "schedule":
            yield from _cron_problems(given)
        elif given is not None and not isinstance(given, dict):
            yield f"on.{name}: expected a mapping"
        elif name == "workflow_dispatch":
            yield from (f"on.{name}.{key} is not understood" for key in (given or {}) if key != "inputs")
        else:
            yield from (f"on.{name}.{key} is not understood" for key in (given or {}) if key not in _FILTERS)


def _cron_problems(entries: Any) -> Iterator[str]:  # noqa: ANN401 - YAML
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and set(entry) == {"cron"} for entry in entries
    ):
        yield "on.schedule: expected a list of cron entries"
        return
    for entry in entries:
        try:
            parse_cron(str(entry["cron"]))
        except CronError as why:
            yield f"on.schedule: {why}"


def _concurrency(given: Any, problems: list[str]) -> Concurrency | None:  # noqa: ANN401 - YAML
    if given is None:
        return None
    if isinstance(given, str):
        return Concurrency(group=given)
    if not isinstance(given, dict) or not isinstance(given.get("group"), str):
        problems.append("concurrency: expected a group")
        return None
    problems += [
        f"concurrency.{key} is not understood" for key in given if key not in {"group", "cancel-in-progress"}
    ]
    return Concurrency(group=given["group"], cancel=given.get("cancel-in-progress", False))
