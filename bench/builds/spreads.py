"""From raw rows to medians with their spread, and to ratios of two ways within the same run.

A run gives one figure for each build: the median, where it was measured more than once. What is compared is compared
within each run, so that whatever slowed the machine for a while slowed both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.builds.rows import NO_PROJECT, Mode, Row

Build = tuple[str, Mode]
"""A project and a mode."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median of the runs' figures, and the least and the greatest of them."""

    median: float
    least: float
    most: float


def spread(figures: Iterable[float]) -> Spread | None:
    """The spread of some figures. None: there are none."""
    known = list(figures)
    return Spread(median=median(known), least=min(known), most=max(known)) if known else None


def runs(rows: Sequence[Row], field: str, way: str, build: Build) -> dict[int, float]:
    """Each run's figure of one way and build."""
    figures: dict[int, list[float]] = {}
    for row in rows:
        if row.way == way and (row.project, row.mode) == build:
            figures.setdefault(row.run, []).append(getattr(row, field))
    return {run: median(found) for run, found in figures.items()}


def together(rows: Sequence[Row], field: str, way: str, builds: Sequence[Build]) -> dict[int, float]:
    """Each run's sum over several builds, in the runs that have them all."""
    each = [runs(rows, field, way, build) for build in builds]
    return {run: sum(figures[run] for figures in each) for run in _in_all(each)}


def greatest(rows: Sequence[Row], field: str, way: str, builds: Sequence[Build]) -> dict[int, float]:
    """Each run's greatest figure of several builds, in the runs that have them all."""
    each = [runs(rows, field, way, build) for build in builds]
    return {run: max(figures[run] for figures in each) for run in _in_all(each)}


def plus(one: Mapping[int, float], other: Mapping[int, float]) -> dict[int, float]:
    """The sum of two figures, in the runs that have both."""
    return {run: one[run] + other[run] for run in one if run in other}


def _in_all(each: Sequence[Mapping[int, float]]) -> list[int]:
    return [run for run in each[0] if all(run in figures for figures in each)] if each else []


def ratio(top: Mapping[int, float], bottom: Mapping[int, float]) -> Spread | None:
    """The spread of the ratios in the runs that have both."""
    return spread(top[run] / bottom[run] for run in top if bottom.get(run))


def starts(rows: Sequence[Row], field: str, way: str, builds: Sequence[Build]) -> dict[int, float]:
    """Each run's figure of the starts that as many builds needed; nothing for a daemon that stays."""
    figures: dict[int, list[float]] = {}
    for row in rows:
        if row.way == way and row.mode is Mode.START:
            figures.setdefault(row.run, []).append(getattr(row, field))
    return {run: median(found) * len(builds) for run, found in figures.items()}


def common(rows: Sequence[Row], *ways: str) -> list[Build]:
    """The builds that every one of the ways was measured in."""
    has = {
        way: {(row.project, row.mode) for row in rows if row.way == way and row.project != NO_PROJECT}
        for way in ways
    }
    return [build for build in builds(rows) if all(build in has[way] for way in ways)]


def builds(rows: Sequence[Row]) -> list[Build]:
    """Every project and mode, in the order of the rows' projects and of `Mode`; starts are none."""
    projects = dict.fromkeys(row.project for row in rows if row.project != NO_PROJECT)
    found = {(row.project, row.mode) for row in rows if row.mode not in {Mode.START, Mode.IDLE}}
    return [(project, mode) for project in projects for mode in Mode if (project, mode) in found]
