"""A station's health as a table of plain text, and as plain data for a program."""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from ci_runners.status.facts import EngineFacts
from ci_runners.status.rows import Row, Severity, worst

HEADINGS = ("", "component", "part", "state", "health", "since", "memory", "notes")
MARKS = {Severity.WELL: "", Severity.WARNING: "!", Severity.ERROR: "!!"}
VERDICTS = {
    Severity.WELL: "Everything is well.",
    Severity.WARNING: "Everything works. What is marked with ! will not for long.",
    Severity.ERROR: "What is marked with !! does not work.",
}

_MEBIBYTE = 1024**2
_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def status_table(facts: EngineFacts, rows: Iterable[Row], now: datetime) -> str:
    """A table for each stack, with a last line that says how it is as a whole."""
    rows = list(rows)
    sections = [
        [f"Stack {stack or '(unknown)'} on {facts.docker_host}", *_lines(found, now)]
        for stack, found in groupby(rows, key=lambda row: row.stack)
    ]
    return "\n\n".join("\n".join(lines) for lines in [*sections, [VERDICTS[worst(rows)]]]) + "\n"


def as_json(facts: EngineFacts, rows: Iterable[Row]) -> str:
    """The same as one JSON object."""
    rows = list(rows)
    said = {
        "docker_host": facts.docker_host,
        "severity": worst(rows).value,
        "rows": [dataclasses.asdict(row) for row in rows],
    }
    return json.dumps(said, indent=2) + "\n"


def _lines(rows: Iterable[Row], now: datetime) -> Iterator[str]:
    cells = [HEADINGS, *(_cells(row, now) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cells(row: Row, now: datetime) -> tuple[str, ...]:
    notes = [*row.notes]
    if row.until:
        notes.insert(0, f"until {row.until[:10]}")
    if row.last_success:
        notes.insert(0, f"last success {_ago(row.last_success, now)} ago")
    if row.name and row.part != "certificates" and row.name != row.component:
        notes.insert(0, row.name)
    return (
        MARKS[row.severity],
        row.component,
        row.part,
        row.state,
        row.health,
        _ago(row.since, now),
        _memory(row),
        ", ".join(notes),
    )


def _memory(row: Row) -> str:
    if row.memory is None:
        return ""
    used = f"{row.memory / _MEBIBYTE:.0f}"
    return f"{used} of {row.memory_limit / _MEBIBYTE:.0f} MiB" if row.memory_limit else f"{used} MiB"


def _ago(moment: str, now: datetime) -> str:
    """How long ago, in the largest unit of which there is one."""
    if not moment:
        return ""
    passed = max(now - datetime.fromisoformat(moment), timedelta(0))
    found = ((passed // unit, word) for unit, word in _UNITS if passed >= unit)
    number, word = next(found, (int(passed.total_seconds()), "s"))
    return f"{number} {word}"
