"""What an engine's containers mean for whoever has to act: a row for each part of a station, with how bad it is."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from ci_runners.certificate import expiry
from ci_runners.status.facts import ContainerFacts

SOON = timedelta(days=30)
"""What a certificate has left when it is time to act."""
RECENT = timedelta(minutes=10)
"""How long a restart is news."""
FULL = 0.9
"""The part of its memory that a container may use before it is said."""
NOTHING_RUNS = frozenset({"dood", "kaniko"})
"""Kinds of components that need no container of their own: the host's engine, and no daemon at all."""

_CLEANUP = re.compile(r"^ci_runners_cleanup_(\w+)(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)
_CERTIFICATE = "notAfter="


class Severity(str, Enum):
    """How bad it is."""

    WELL = "well"
    WARNING = "warning"
    """Works, and will not for long."""
    ERROR = "error"
    """Does not work."""


ORDER = list(Severity)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One part of a station."""

    stack: str
    component: str
    part: str
    """The component's kind, or `certificates`."""
    name: str
    """The container's name."""
    state: str
    health: str = ""
    since: str = ""
    memory: int | None = None
    memory_limit: int | None = None
    until: str = ""
    """End of certificates, ISO 8601 in UTC."""
    last_success: str = ""
    """When a cleanup last went well, ISO 8601 in UTC."""
    notes: tuple[str, ...] = ()
    severity: Severity = Severity.WELL


def status_rows(containers: Iterable[ContainerFacts], now: datetime, name: str = "") -> list[Row]:
    """A row for each part, by stack and component. `name` is a component's, or a station's that they begin with."""
    found = [one for one in containers if not name or _is_of(one, name)]
    rows = [row for one in found for row in _rows(one, now)]
    rows += _without_container(found, {row.component for row in rows if row.part != "certificates"})
    return sorted(rows, key=lambda row: (row.stack, row.component, row.part == "certificates", row.name))


def worst(rows: Iterable[Row]) -> Severity:
    """The worst of them all; well, where there is none."""
    return max((row.severity for row in rows), key=ORDER.index, default=Severity.WELL)


def _is_of(container: ContainerFacts, name: str) -> bool:
    return container.component == name or container.component.startswith(f"{name}-")


def _rows(container: ContainerFacts, now: datetime) -> Iterator[Row]:
    if not container.is_task:
        yield _lasting(container, now)
        return
    if container.state == "exited" and container.exit_code != 0:
        note = f"ended with exit code {container.exit_code}; see docker logs {container.name}"
        yield _row(container, container.kind, notes=(note,), severity=Severity.ERROR)
    elif _CERTIFICATE in container.output:
        yield _certificates(container, now)


def _lasting(container: ContainerFacts, now: datetime) -> Row:
    """A container that is meant to run always."""
    notes = [*_trouble(container, now)]
    severity = max((said for said, _ in notes), key=ORDER.index, default=Severity.WELL)
    texts = tuple(text for _, text in notes)
    last = _cleanups(container).get("last_success_timestamp_seconds")
    moment = "" if last is None else _iso(datetime.fromtimestamp(last, UTC))
    return _row(container, container.kind, notes=texts, severity=severity, last_success=moment)


def _trouble(container: ContainerFacts, now: datetime) -> Iterator[tuple[Severity, str]]:
    if container.state != "running":
        why = ", out of memory" if container.is_out_of_memory else ""
        yield Severity.ERROR, f"exit code {container.exit_code}{why}; see docker logs {container.name}"
        return
    if container.health == "unhealthy":
        said = " ".join(container.health_output.split())[:200]
        yield Severity.ERROR, f"the health check says: {said or 'nothing'}"
    elif container.health == "starting":
        yield Severity.WARNING, "does not answer yet"
    if container.restarts and container.since and now - _moment(container.since) < RECENT:
        yield Severity.WARNING, f"started anew {container.restarts} times by the engine"
    limit, used = container.memory_limit, container.memory
    if limit and used is not None and used > FULL * limit:
        yield Severity.WARNING, f"uses {used / limit:.0%} of its memory"
    yield from _cleanup_trouble(container)


def _cleanup_trouble(container: ContainerFacts) -> Iterator[tuple[Severity, str]]:
    """That its runs fail. That they are missed is for its health check to say, which knows the schedule."""
    errors = _cleanups(container).get("last_run_errors", 0)
    if errors:
        yield Severity.WARNING, f"{errors:.0f} errors in the last run; see docker logs {container.name}"


def _cleanups(container: ContainerFacts) -> dict[str, float]:
    """The cleanup's own figures, without labels."""
    return {name: float(value) for name, value in _CLEANUP.findall(container.cleanup_metrics)}


def _certificates(container: ContainerFacts, now: datetime) -> Row:
    try:
        until = expiry(container.output)
    except ValueError as wrong:
        return _row(container, "certificates", notes=(str(wrong),), severity=Severity.ERROR)
    left = _moment(until) - now
    if left <= timedelta(0):
        return _row(
            container,
            "certificates",
            state="ended",
            until=until,
            notes=("the daemon cannot be reached: renew them with pulumi up",),
            severity=Severity.ERROR,
        )
    is_soon = left < SOON
    return _row(
        container,
        "certificates",
        state="end soon" if is_soon else "valid",
        until=until,
        notes=(f"{left.days} days left",),
        severity=Severity.WARNING if is_soon else Severity.WELL,
    )


def _without_container(found: list[ContainerFacts], seen: set[str]) -> Iterator[Row]:
    """Components of which only tasks are there: some need nothing to run, of the others what runs is gone."""
    rest = {one.component: one for one in found if one.component not in seen}
    for one in rest.values():
        if one.kind in NOTHING_RUNS:
            yield _row(one, one.kind, name="", state="ready", severity=Severity.WELL)
        else:
            note = "its container is gone; pulumi up --refresh makes it anew"
            yield _row(one, one.kind, name="", state="missing", notes=(note,), severity=Severity.ERROR)


def _row(container: ContainerFacts, part: str, *, severity: Severity, **more: object) -> Row:
    values: dict[str, object] = {"name": container.name, "state": container.state} | more
    if part != "certificates":
        values |= {
            "health": container.health,
            "since": container.since,
            "memory": container.memory,
            "memory_limit": container.memory_limit,
        }
    return Row(
        stack=container.stack,
        component=container.component,
        part=part,
        severity=severity,
        **values,  # type: ignore[arg-type]
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
