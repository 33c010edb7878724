"""Reads the jobs of a workflow file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.github.actions.permission_words import read_permissions

_KEYS = {
    "name",
    "permissions",
    "needs",
    "if",
    "runs-on",
    "environment",
    "env",
    "defaults",
    "outputs",
    "steps",
    "timeout-minutes",
    "container",
    "services",
}
_STEP_KEYS = {
    "id",
    "if",
    "name",
    "uses",
    "run",
    "working-directory",
    "shell",
    "with",
    "env",
    "continue-on-error",
    "timeout-minutes",
}
_DEFAULT_MINUTES = 360


class WorkflowError(ValueError):
    """A workflow file with problems."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """What the file says of a job."""

    key: str
    name: str
    needs: tuple[str, ...] = ()
    condition: str = ""
    labels: tuple[str, ...] = ()
    group: str = ""
    environment: str = ""
    timeout_minutes: float = _DEFAULT_MINUTES
    permissions: dict[str, str] | None = None
    actions: tuple[str, ...] = ()
    """What its steps use, such as `actions/checkout@<commit>`."""


def words(given: Any) -> list[str]:  # noqa: ANN401 - YAML
    """One word or a list of them."""
    if given is None:
        return []
    return [str(word) for word in given] if isinstance(given, list) else [str(given)]


def read_jobs(given: Any, problems: list[str]) -> tuple[JobSpec, ...]:  # noqa: ANN401 - YAML
    """All jobs, in the file's order; what is wrong with them is added to the problems."""
    if not isinstance(given, dict) or not given:
        problems.append("'jobs' is missing")
        return ()
    specs = []
    for key, body in given.items():
        where = f"jobs.{key}"
        if not isinstance(body, dict):
            problems.append(f"{where}: expected a mapping")
            continue
        problems += _problems(where, body)
        specs.append(_spec(str(key), body, problems))
    problems += _cycles(specs)
    return tuple(specs)


def _spec(key: str, body: dict[str, Any], problems: list[str]) -> JobSpec:
    where = f"jobs.{key}"
    runs_on = body.get("runs-on")
    minutes = body.get("timeout-minutes", _DEFAULT_MINUTES)
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or minutes <= 0:
        problems.append(f"{where}.timeout-minutes: expected minutes, got {minutes!r}")
        minutes = _DEFAULT_MINUTES
    environment = body.get("environment") or ""
    if isinstance(environment, dict):
        environment = environment.get("name", "")
    in_group = runs_on if isinstance(runs_on, dict) else {}
    condition = body.get("if", "")
    steps = body.get("steps") or ()
    return JobSpec(
        key=key,
        name=str(body.get("name") or key),
        needs=tuple(words(body.get("needs"))),
        condition=str(condition).lower() if isinstance(condition, bool) else str(condition),
        labels=tuple(words(in_group.get("labels") if in_group else runs_on)),
        group=str(in_group.get("group", "")),
        environment=str(environment),
        timeout_minutes=minutes,
        permissions=read_permissions(body.get("permissions"), problems, f"{where}.permissions"),
        actions=tuple(
            str(step["uses"])
            for step in steps
            if isinstance(step, dict) and isinstance(step.get("uses"), str)
        ),
    )


def _problems(where: str, body: dict[str, Any]) -> Iterator[str]:
    yield from (f"{where}.{key} is not understood" for key in body if key not in _KEYS)
    runs_on = body.get("runs-on")
    if isinstance(runs_on, dict):
        yield from (
            f"{where}.runs-on.{key} is not understood" for key in runs_on if key not in {"group", "labels"}
        )
    elif not words(runs_on):
        yield f"{where}.runs-on is missing"
    steps = body.get("steps")
    if not isinstance(steps, list) or not steps:
        yield f"{where}.steps is missing"
        return
    for number, step in enumerate(steps, 1):
        at = f"{where}.steps[{number}]"
        if not isinstance(step, dict):
            yield f"{at}: expected a mapping"
            continue
        yield from (f"{at}.{key} is not understood" for key in step if key not in _STEP_KEYS)
        if ("uses" in step) == ("run" in step):
            yield f"{at}: expected either uses or run"


def _cycles(specs: Sequence[JobSpec]) -> Iterator[str]:
    """Needs that are not there, or go round in circles."""
    known = {spec.key for spec in specs}
    for spec in specs:
        yield from (
            f"jobs.{spec.key}.needs: there is no job {need}" for need in spec.needs if need not in known
        )
    left = {spec.key: set(spec.needs) & known for spec in specs}
    while free := [key for key, needs in left.items() if not needs & set(left)]:
        for key in free:
            del left[key]
    if left:
        yield f"jobs need one another in a circle: {', '.join(sorted(left))}"
