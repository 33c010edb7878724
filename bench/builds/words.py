"""Figures and findings as Markdown: tables with spread, and verdicts in whole sentences."""

from collections.abc import Sequence

from bench.builds.claims import Finding
from bench.builds.rows import NO_PROJECT, Mode, Row
from bench.builds.spreads import Build, Spread, builds, runs, spread

TITLES = {
    "dood": "DooD: the host's engine",
    "dind": "DinD, storage volume",
    "dind-no-volume": "DinD, no storage volume",
    "dind-mirror": "DinD, storage volume, mirror",
    "buildkit": "BuildKit, rootless",
    "kaniko": "Kaniko, no cache",
    "kaniko-cache": "Kaniko, cache in the registry",
}
"""The ways that are compared, in the order of the tables."""
KEYS = {
    "dind": "as `DindDaemon` makes it",
    "dind-rsa": "docker:dind with its own keys, RSA of 4096 bits",
    "dind-p384": "docker:dind with keys on the curve P-384",
}
FIELDS = {
    "wall_s": ("Time", "Seconds to build and push"),
    "cpu_s": ("CPU", "CPU seconds of builder and client"),
    "peak_mib": ("Memory", "MiB that builder and client held at their peak"),
    "disk_mib": ("Disk", "MiB by which the builder's store grew"),
    "registry_mib": ("Registry", "MiB by which the registry grew"),
}
LESS_THAN = {"dind": "against DinD with a storage volume", "dind-no-volume": "against DinD without one"}


def ways(rows: Sequence[Row]) -> list[str]:
    """The ways that were measured, without the controls."""
    measured = {row.way for row in rows}
    return [way for way in TITLES if way in measured]


LONG_S = 10
"""Seconds of which hundredths say nothing."""


def shown(value: float, field: str) -> str:
    """A figure in as many digits as it is worth."""
    if field.endswith("_mib"):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= LONG_S else f"{value:.2f}"


def cell(figures: Spread | None, field: str, *, with_spread: bool = True) -> str:
    """A figure of a table, with its spread."""
    if figures is None:
        return "n/a"
    around = f" ({shown(figures.least, field)} to {shown(figures.most, field)})" if with_spread else ""
    return shown(figures.median, field) + around


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])


Column = tuple[str, str, Build]
"""A column's head, the field and the build that it shows."""


def figures(rows: Sequence[Row], columns: Sequence[Column], *, with_spread: bool = True) -> str:
    """A table with a line for each way."""
    lines = [
        [
            TITLES[way],
            *(
                cell(spread(runs(rows, field, way, build).values()), field, with_spread=with_spread)
                for _, field, build in columns
            ),
        ]
        for way in ways(rows)
    ]
    return table(["", *(head for head, _, _ in columns)], lines)


def all_figures(rows: Sequence[Row]) -> str:
    """Every figure of every build."""
    parts = []
    for field, (title, what) in FIELDS.items():
        parts.append(f"## {title}\n\n{what}: median (least to most) of the runs.")
        for project in dict.fromkeys(project for project, _ in builds(rows)):
            columns = [
                (f"{project}, {build[1].value}", field, build)
                for build in builds(rows)
                if build[0] == project
            ]
            parts.append(figures(rows, columns))
    return "\n\n".join(parts)


def daemons(rows: Sequence[Row]) -> str:
    """What daemons cost without any build."""
    idle: Build = (NO_PROJECT, Mode.IDLE)
    lines = []
    for way in ways(rows):
        begun = [row for row in rows if row.way == way and row.mode is Mode.START]
        lines.append(
            [
                TITLES[way],
                cell(spread(runs(rows, "peak_mib", way, idle).values()), "peak_mib"),
                cell(spread(runs(rows, "cpu_s", way, idle).values()), "cpu_s"),
                cell(spread(row.wall_s for row in begun), "wall_s"),
                cell(spread(row.cpu_s for row in begun), "cpu_s"),
            ]
        )
    head = ["", "at rest, MiB", "at rest, CPU s in 3 s", "each start, s", "each start, CPU s"]
    return table(head, lines)


MULTIPLE = 2
"""From which ratio on a multiple says more than percent."""


def percent(ratio: float, noun: str = "") -> str:
    """A ratio as a difference, `12 % less`, or as a multiple; `noun` is what there is less of."""
    by = round((ratio - 1) * 100)
    if ratio >= MULTIPLE:
        return f"{ratio:.1f} times {f'the {noun}' if noun else 'as much'}"
    if not by:
        return f"the same {noun}".rstrip()
    return f"{abs(by)} % {'more' if by > 0 else 'less'} {noun}".rstrip()


def difference(ratio: Spread, noun: str = "") -> str:
    """A ratio's spread as differences."""
    middle, least, most = (percent(value, noun) for value in (ratio.median, ratio.least, ratio.most))
    return f"{middle} ({least} to {most})" if least != most else middle


def verdict(found: Sequence[Finding], claim: str) -> str:
    """Whether a claim holds, as a sentence."""
    holding = sum(finding.holds for finding in found)
    if not found:
        return f"{claim}: not measured."
    if holding == len(found):
        return f"**{claim}: it holds here**, in {holding} of {len(found)} comparisons."
    if not holding:
        return f"**{claim}: it does not hold here**, in none of {len(found)} comparisons."
    return f"**{claim}: it does not hold as a rule**, in {holding} of {len(found)} comparisons it does."


def resources(found: Sequence[Finding]) -> str:
    """DooD against DinD, resource by resource."""
    lines = [
        [finding.about, LESS_THAN[finding.to], difference(finding.ratio), _answer(finding)]
        for finding in found
    ]
    return table(["DooD takes of", "", "", "about 40 % less"], lines)


def kaniko(found: Sequence[Finding]) -> str:
    """Kaniko against the host's engine and DinD, mode by mode."""
    lines = [
        [
            TITLES[finding.of],
            finding.about,
            TITLES[finding.to],
            difference(finding.ratio, "time"),
            _answer(finding),
        ]
        for finding in found
    ]
    return table(["", "builds", "against", "", "20 to 30 % slower"], lines)


def warm(found: Sequence[Finding]) -> str:
    """DinD's warm rebuild against the host's engine's."""
    lines = [
        [
            finding.about,
            KEYS[finding.of],
            f"{finding.ratio.median:.2f} ({finding.ratio.least:.2f} to {finding.ratio.most:.2f})",
            _answer(finding),
        ]
        for finding in found
    ]
    return table(["warm rebuild", "DinD", "its time, the host's engine = 1", "at most 1.1"], lines)


def _answer(finding: Finding) -> str:
    return "yes" if finding.holds else "no"
