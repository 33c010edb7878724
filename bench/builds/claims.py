"""What the figures say about two published claims and one of this project's own, in plain words.

The claims: DooD takes about 40 % less of the machine than DinD; Kaniko is 20 to 30 % slower. This project's: a warm
rebuild in DinD with its storage volume takes at most 1.1 times what it takes on the host's engine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.builds.rows import NO_PROJECT, Mode, Row
from bench.builds.spreads import (
    Build,
    Spread,
    common,
    greatest,
    plus,
    ratio,
    runs,
    starts,
    together,
)

LESS = (0.5, 0.7)
"""DooD's share of DinD's for "about 40 % less": 30 to 50 % less."""
SLOWER = (1.2, 1.3)
"""Kaniko's time as a multiple, for "20 to 30 % slower"."""
WARM_LIMIT = 1.1

HOST, DIND, NO_VOLUME = "dood", "dind", "dind-no-volume"
KANIKOS = ("kaniko", "kaniko-cache")
CONTROLS = ("dind-rsa", "dind-p384")
"""Daemons that differ in their keys alone: what a warm rebuild over TLS owes to them."""
_IDLE: Build = (NO_PROJECT, Mode.IDLE)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One comparison: the ratio of two ways, and whether what was claimed of it holds."""

    about: str
    of: str
    to: str
    ratio: Spread
    holds: bool


def within(ratio: Spread, bounds: tuple[float, float]) -> bool:
    """Whether the median, to the hundredth that is shown, lies between the bounds."""
    return bounds[0] <= round(ratio.median, 2) <= bounds[1]


def resources(rows: Sequence[Row]) -> list[Finding]:
    """DooD's share of what DinD takes, for each resource, with a storage volume and without one."""
    found = []
    for other in (DIND, NO_VOLUME):
        shared = common(rows, HOST, other)
        for about, (mine, theirs) in _taken(rows, other, shared).items():
            share = ratio(mine, theirs)
            if share is not None:
                found.append(Finding(about=about, of=HOST, to=other, ratio=share, holds=within(share, LESS)))
    return found


Taken = tuple[Mapping[int, float], Mapping[int, float]]
"""What the host's engine took, and what DinD took."""


def _taken(rows: Sequence[Row], other: str, shared: Sequence[Build]) -> dict[str, Taken]:
    """Of all shared builds of a run: time, CPU and disk together, and the greatest peak of memory."""

    def both(field: str) -> Taken:
        theirs = together(rows, field, other, shared)
        begun = starts(rows, field, other, shared)
        return together(rows, field, HOST, shared), plus(theirs, begun) if begun else theirs

    mine = greatest(rows, "peak_mib", HOST, shared)
    theirs = greatest(rows, "peak_mib", other, shared)
    disk = (together(rows, "disk_mib", HOST, shared), together(rows, "disk_mib", other, shared))
    return {
        "time": both("wall_s"),
        "CPU seconds": both("cpu_s"),
        "peak memory, the builder's own": (mine, theirs),
        # The host's engine runs DinD's container too, and is there at rest.
        "peak memory, with the host's engine": (mine, plus(theirs, runs(rows, "peak_mib", HOST, _IDLE))),
        "bytes on disk": disk,
    }


def kaniko(rows: Sequence[Row]) -> list[Finding]:
    """Kaniko's time as a multiple of the host's engine's and of DinD's, for each mode and for all builds together."""
    found = []
    for way in KANIKOS:
        for other in (HOST, DIND):
            shared = common(rows, way, other)
            modes = [mode for mode in Mode if any(mode is build[1] for build in shared)]
            parts = {
                **{mode.value: [build for build in shared if build[1] is mode] for mode in modes},
                "all": shared,
            }
            for about, builds in parts.items():
                times = ratio(*(together(rows, "wall_s", each, builds) for each in (way, other)))
                if times is not None:
                    found.append(
                        Finding(about=about, of=way, to=other, ratio=times, holds=within(times, SLOWER))
                    )
    return found


def warm(rows: Sequence[Row], way: str = DIND) -> list[Finding]:
    """A DinD's warm rebuild as a multiple of the host's engine's: the build alone, and with its push."""
    found = []
    for project, mode in common(rows, HOST, way):
        for field, part in (("build_s", "build"), ("wall_s", "build and push")):
            if mode is Mode.WARM:
                times = ratio(*(runs(rows, field, each, (project, mode)) for each in (way, HOST)))
                if times is not None:
                    holds = round(times.median, 2) <= WARM_LIMIT
                    about = f"{project}: {part}"
                    found.append(Finding(about=about, of=way, to=HOST, ratio=times, holds=holds))
    return found
