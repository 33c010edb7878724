"""The report, the plot and README.md's section, from builds.csv alone: `python -m bench.builds.report`."""

from collections.abc import Sequence
from pathlib import Path

from bench.builds import claims, plot, rows, words
from bench.builds.claims import CONTROLS, DIND, Finding
from bench.builds.rows import Mode, Row
from bench.builds.words import Column, ways

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"
BEGIN = "<!-- begin: python -m bench.builds.report -->"
END = "<!-- end: python -m bench.builds.report -->"

DOOD_CLAIM = "DooD takes about 40 % less than DinD"
KANIKO_CLAIM = "Kaniko is 20 to 30 % slower"
WARM_CLAIM = "A warm rebuild in DinD takes at most 1.1 times the host's engine's"
INTRODUCTION = """Written by `python -m bench.builds.report` from builds.csv. How it is measured, and how far it can be trusted:
[bench/README.md](../README.md)."""
BIGGEST = "compile"
"""The project whose figures README.md shows."""


def setting(measured: Sequence[Row]) -> str:
    """When, where and with what it was measured."""
    first = measured[0]
    runs = len({row.run for row in measured})
    builders = {row.way: row.builder for row in measured}
    said = [
        f"{builder} ({', '.join(way for way in ways(measured) if builders[way] == builder)})"
        for builder in dict.fromkeys(builders[way] for way in ways(measured))
    ]
    return (
        f"{first.date[:10]}, commit {first.commit}, {first.cores} cores, {runs} run{'s' if runs != 1 else ''}:"
        f" {'; '.join(said)}."
    )


def document(measured: Sequence[Row]) -> str:
    """results/builds.md."""
    dood, kaniko, warm = claims.resources(measured), claims.kaniko(measured), claims.warm(measured)
    return (
        "\n\n".join(
            [
                "# What each way to build costs",
                INTRODUCTION,
                setting(measured),
                "![Time, CPU seconds, memory and disk of every way and build](builds.svg)",
                f"## {DOOD_CLAIM}",
                verdict_of_dood(dood),
                words.resources(dood),
                f"## {KANIKO_CLAIM}",
                words.verdict(kaniko, KANIKO_CLAIM),
                words.kaniko(kaniko),
                f"## {WARM_CLAIM}",
                words.verdict(warm, WARM_CLAIM),
                words.warm(warm),
                words.warm([finding for way in CONTROLS for finding in claims.warm(measured, way)]),
                "## Daemons without a build",
                words.daemons(measured),
                words.all_figures(measured),
            ]
        )
        + "\n"
    )


def verdict_of_dood(found: Sequence[Finding]) -> str:
    """The verdict, and of each resource by how much, against a DinD with its storage volume."""
    parts = [
        f"{finding.about} {words.percent(finding.ratio.median)}" for finding in found if finding.to == DIND
    ]
    verdict = words.verdict(found, DOOD_CLAIM)
    return f"{verdict} Against DinD with a storage volume it takes: {'; '.join(parts)}." if parts else verdict


def verdict_of_kaniko(found: Sequence[Finding]) -> str:
    """The verdict, and by how much it is slower than DinD with its storage volume, mode by mode."""
    parts = [
        f"{words.TITLES[way]}: {', '.join(said)}"
        for way in dict.fromkeys(finding.of for finding in found)
        if (
            said := [
                f"{finding.about} {words.percent(finding.ratio.median, 'time')}"
                for finding in found
                if (finding.of, finding.to) == (way, DIND)
            ]
        )
    ]
    verdict = words.verdict(found, KANIKO_CLAIM)
    return f"{verdict} Against DinD with a storage volume, {'; '.join(parts)}." if parts else verdict


def verdict_of_warm(found: Sequence[Finding]) -> str:
    """The verdict, and the ratios."""
    parts = [f"{finding.about} {finding.ratio.median:.2f}" for finding in found]
    return (
        f"{words.verdict(found, WARM_CLAIM)} Its multiple: {'; '.join(parts)}."
        if parts
        else words.verdict(found, WARM_CLAIM)
    )


def section(measured: Sequence[Row]) -> str:
    """README.md's section, between its markers."""
    modes = [Mode.COLD, Mode.WARM, Mode.CHANGED, Mode.MOUNT]
    columns: list[Column] = [(f"{mode.value}, s", "wall_s", (BIGGEST, mode)) for mode in modes]
    cold = (BIGGEST, Mode.COLD)
    columns += [
        ("CPU s, cold", "cpu_s", cold),
        ("peak MiB, cold", "peak_mib", cold),
        ("disk MiB, cold", "disk_mib", cold),
    ]
    verdicts = [
        verdict_of_dood(claims.resources(measured)),
        verdict_of_kaniko(claims.kaniko(measured)),
        verdict_of_warm(claims.warm(measured)),
    ]
    return "\n".join(
        [
            BEGIN,
            f"Building and pushing a small C program in two stages, medians. {setting(measured)}",
            "",
            words.figures(measured, columns, with_spread=False),
            "",
            *(f"- {verdict}" for verdict in verdicts),
            END,
        ]
    )


def replaced(text: str, new: str) -> str:
    """A text with another section between the markers. Raises `ValueError` where they are missing."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"README.md has no {BEGIN} and {END}")
    return before + new + after


def write(folder: Path) -> None:
    """Write builds.md and the plot beside builds.csv; and README.md's section, for the results that are committed."""
    measured = rows.read(folder / "builds.csv")
    (folder / "builds.md").write_text(document(measured))
    plot.write(measured, folder)
    if folder.resolve() == RESULTS:
        readme = ROOT / "README.md"
        readme.write_text(replaced(readme.read_text(), section(measured)))


if __name__ == "__main__":
    write(RESULTS)
