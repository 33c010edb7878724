"""The raw figures: one row for each build, and for each daemon at rest and at its start."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any


class Mode(str, Enum):
    """What is measured."""

    COLD = "cold"
    """Neither a base image nor a layer of the build is there; a mirror, where there is one, holds the base images."""
    WARM = "warm"
    """The same build again."""
    CHANGED = "changed"
    """The same build with one other file."""
    MOUNT = "cache mount"
    """Cold, but for a cache mount that an earlier build has filled."""
    START = "start"
    """A daemon's start, until it answers."""
    IDLE = "idle"
    """A daemon at rest, for a few seconds."""


NO_PROJECT = "-"
"""Of a row that is about a daemon, not about a build."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement. Seconds, and MiB of 2^20 bytes."""

    date: str
    commit: str
    cores: int
    run: int
    way: str
    builder: str
    """What builds, with its version."""
    project: str
    mode: Mode
    wall_s: float
    build_s: float
    """The part of `wall_s` that `docker build` took; all of it where one command builds and pushes."""
    cpu_s: float
    peak_mib: float
    disk_mib: float
    """By how much the builder's store grew."""
    registry_mib: float
    """By how much the registry grew."""


FIELDS = [field.name for field in fields(Row)]
_WHOLE = frozenset({"cores", "run"})
_TEXT = frozenset({"date", "commit", "way", "builder", "project"})


def read(file: Path) -> list[Row]:
    """The rows of a CSV file."""
    with file.open(newline="") as lines:
        return [Row(**{name: _typed(name, line[name]) for name in FIELDS}) for line in csv.DictReader(lines)]


def _typed(name: str, text: str) -> Any:  # noqa: ANN401  each field has a type of its own
    if name in _TEXT:
        return text
    if name in _WHOLE:
        return int(text)
    return Mode(text) if name == "mode" else float(text)


def write(file: Path, rows: Iterable[Row]) -> None:
    """Write the rows as a CSV file."""
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**asdict(row), "mode": row.mode.value} for row in rows)
