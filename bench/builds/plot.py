"""The plot of every figure: a row for each project, a column for each resource, a bar for each way and mode."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.builds.rows import Mode, Row
from bench.builds.spreads import builds, runs, spread
from bench.builds.words import FIELDS, TITLES, ways

COLORS = {
    Mode.COLD: "#4477aa",
    Mode.WARM: "#ee6677",
    Mode.CHANGED: "#ccbb44",
    Mode.MOUNT: "#228833",
}
"""Paul Tol's bright scheme: told apart by color-blind readers too."""
SHOWN = ("wall_s", "cpu_s", "peak_mib", "disk_mib")
BAR = 0.2


def draw(measured: Sequence[Row]) -> Figure:
    """The figure: medians as bars, from the least to the greatest run as lines."""
    projects = list(dict.fromkeys(project for project, _ in builds(measured)))
    figure = Figure(figsize=(16, 4.2 * len(projects)), layout="constrained")
    grid = figure.subplots(len(projects), len(SHOWN), squeeze=False, sharey=True)
    for project, axes in zip(projects, grid, strict=True):
        for field, one in zip(SHOWN, axes, strict=True):
            _bars(one, measured, project, field)
        axes[0].set_ylabel(project)
    handles, labels = grid[-1][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _bars(axes: Axes, measured: Sequence[Row], project: str, field: str) -> None:
    names = ways(measured)
    modes = [mode for name, mode in builds(measured) if name == project]
    for position, mode in enumerate(modes):
        found = {
            number: known
            for number, way in enumerate(names)
            if (known := spread(runs(measured, field, way, (project, mode)).values())) is not None
        }
        places = [number + (position - (len(modes) - 1) / 2) * BAR for number in found]
        medians = [max(known.median, 0.0) for known in found.values()]
        axes.barh(places, medians, BAR, label=mode.value, color=COLORS[mode])
        for place, known in zip(places, found.values(), strict=True):
            axes.plot([known.least, known.most], [place, place], color="black", linewidth=1)
    axes.set_yticks(range(len(names)), [TITLES[way] for way in names])
    axes.set_title(FIELDS[field][1], fontsize="medium")
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    if not axes.yaxis_inverted():
        axes.invert_yaxis()


def write(measured: Sequence[Row], folder: Path) -> None:
    """Write builds.svg and builds.png; the same rows give the same SVG."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "ci-runners"}):
        figure = draw(measured)
        figure.savefig(folder / "builds.svg", metadata={"Date": None})
        figure.savefig(folder / "builds.png", dpi=80)
