"""The report of `make soak`."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation, with the look at the station after it."""

    name: str
    way: str
    """The way to build that the station had before it."""
    seconds: float
    found: tuple[str, ...] = ()
    """What was not as it must be."""


def soak_report(
    steps: Sequence[Step],
    *,
    day: dt.date,
    commit: str,
    changed: bool,
    machine: str,
    seed: int,
    left: Sequence[str],
) -> str:
    """The report as Markdown."""
    names = sorted({step.name for step in steps})
    found = [(number, step) for number, step in enumerate(steps, 1) if step.found]
    lines = [
        f"# Soak of {day}",
        "",
        "Written by `make soak`; not edited by hand.",
        "",
        f"- commit: {commit}{', with changes that were not committed' if changed else ''}",
        f"- machine: {machine}",
        f"- seed: {seed}",
        f"- time: {sum(step.seconds for step in steps) / 3600:.2f} hours, {len(steps)} operations",
        f"- operations after which something was not as it must be: {len(found)}",
        f"- left after `destroy`: {', '.join(left) or 'nothing'}",
        "",
        "| operation | times | with findings | slowest, seconds |",
        "|---|---|---|---|",
        *(_row(name, [step for step in steps if step.name == name]) for name in names),
    ]
    if found:
        lines += ["", "## Findings", ""]
        lines += [f"- {number}. {step.name} ({step.way}): {_short(step.found)}" for number, step in found]
    return "\n".join(lines) + "\n"


def _row(name: str, steps: Sequence[Step]) -> str:
    slowest = max(step.seconds for step in steps)
    return f"| {name} | {len(steps)} | {sum(bool(step.found) for step in steps)} | {slowest:.0f} |"


def _short(found: Sequence[str]) -> str:
    return "; ".join(" ".join(each.split())[:300] for each in found)
