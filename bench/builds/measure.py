"""One run through every way, project and mode, and the rows that it gives."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.builds import contexts, engine
from bench.builds.bases import COMPILER, SLIM, Bulk, Layer
from bench.builds.client import FOLDER
from bench.builds.contexts import Project
from bench.builds.processes import Use, Watch
from bench.builds.registry import Registry
from bench.builds.rows import NO_PROJECT, Mode, Row
from bench.builds.stack import NAME
from bench.builds.ways import WITHOUT_MOUNT, Running, Way

IDLE_S = 3
NOTHING_BUILT = {"build_s": 0.0, "disk_mib": 0.0, "registry_mib": 0.0}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a session measures, and what every row of it says."""

    date: str
    commit: str
    cores: int
    ways: Sequence[Way]
    projects: Sequence[Project]
    builders: dict[str, str]
    """What builds in each way, with its version."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where the builds happen."""

    registry: Registry
    registry_data: Path
    mirror: Callable[[], Registry]
    bulks: dict[str, Bulk]
    architecture: str

    def bases(self, tag: str, project: Project, ways: Sequence[Way]) -> None:
        """Base images that no daemon has: in the registry, and, as after an earlier push, in the images' repositories."""
        slim = self.bulks[SLIM].layer(tag)
        layers: dict[str, list[Layer]] = {SLIM: [slim]}
        if project.compiler:
            layers[COMPILER] = [slim, self.bulks[COMPILER].layer(tag)]
        for name, parts in layers.items():
            self.registry.push(f"{NAME}/{name}", tag, parts, architecture=self.architecture)
            if any(way.mirrored for way in ways):
                self.mirror().pull(f"{NAME}/{name}", tag)
        for way in ways:
            self.registry.mount(way.repository(project.name), [slim], source=f"{NAME}/{SLIM}")

    def build(self, running: Running, way: Way, project: Project, mode: Mode) -> dict[str, float]:
        """Build and push once; the figures of a row."""
        image, cache = (f"{way.registry}/{way.repository(project.name)}{end}" for end in (":built", "/cache"))
        home = f"{FOLDER}/{project.name}"
        running.client.run(f"export IMAGE={image} CACHE={cache} CI_PROJECT_DIR={home}; cd {home}")
        before = self._disk(running)
        with Watch(running.roots) as watch:
            seconds = running.client.run(*way.script(mode))
        after = self._disk(running)
        return {
            "wall_s": sum(seconds),
            "build_s": seconds[0],
            **_use(watch.used),
            "disk_mib": after[0] - before[0],
            "registry_mib": after[1] - before[1],
        }

    def _disk(self, running: Running) -> tuple[float, float]:
        store = running.store
        return (
            engine.disk_mib(store, leave_out=running.left_out) if store else 0.0,
            engine.disk_mib(self.registry_data),
        )


def _use(use: Use) -> dict[str, float]:
    return {"cpu_s": use.cpu_s, "peak_mib": use.peak_mib}


def turn(ways: Sequence[Way], number: int) -> list[Way]:
    """The ways in another order for every number, so that no way is always the first."""
    start = number % len(ways)
    return [*ways[start:], *ways[:start]]


def run(bench: Bench, plan: Plan, number: int) -> Iterator[Row]:
    """Run number 0 warms everything up, cache mounts too, with a few builds whose rows are not to be kept."""

    def row(way: Way, project: str, mode: Mode, figures: dict[str, float]) -> Row:
        said = {name: round(value, 3) for name, value in figures.items()}
        about = {"date": plan.date, "commit": plan.commit, "cores": plan.cores, "run": number}
        named = {"way": way.name, "builder": plan.builders[way.name], "project": project, "mode": mode}
        return Row(**about, **named, **said)  # type: ignore[arg-type]

    for way, figures in at_rest(plan.ways).items() if number else ():
        yield row(way, NO_PROJECT, Mode.IDLE, figures)
    for position, (project, modes) in enumerate(parts(plan.projects, warming_up=not number)):
        tag = f"{plan.date.translate(_TAG)}-{number}-{position}"
        bench.bases(tag, project, plan.ways)
        for way in turn(plan.ways, number + position):
            wanted = [mode for mode in modes if mode in way.modes and way.builds(project.name)]
            for mode, figures in one_way(bench, way, project, tag=tag, modes=wanted, change=str(number)):
                yield row(way, project.name, mode, figures)
    for way in plan.ways:
        way.clear()


def parts(projects: Sequence[Project], *, warming_up: bool) -> Iterator[tuple[Project, tuple[Mode, ...]]]:
    """What is built from the same base images, one after the other: a project, and in which modes."""
    for project in projects:
        if not warming_up:
            yield project, WITHOUT_MOUNT
        elif project is projects[0]:
            yield project, (Mode.COLD,)
        if project.mount:
            yield project, (Mode.MOUNT,)


_TAG = str.maketrans("", "", ":-+")


def at_rest(ways: Sequence[Way]) -> dict[Way, dict[str, float]]:
    """The daemons at rest, all at once."""
    daemons = {way: way.builders() for way in ways if way.builders()}
    watches = {way: Watch(partial(daemons.__getitem__, way)) for way in daemons}
    with contextlib.ExitStack() as all_watches:
        for watch in watches.values():
            all_watches.enter_context(watch)
        time.sleep(IDLE_S)
    return {way: {"wall_s": IDLE_S, **_use(watch.used), **NOTHING_BUILT} for way, watch in watches.items()}


def one_way(
    bench: Bench, way: Way, project: Project, *, tag: str, modes: Sequence[Mode], change: str
) -> Iterator[tuple[Mode, dict[str, float]]]:
    """One project in several modes, one after the other; `change` tells this run's changed file from every other."""
    folder = way.folder / project.name
    contexts.write(project, folder, prefix=way.bases, tag=tag)
    for mode in modes:
        if mode is Mode.CHANGED:
            contexts.change(project, folder, change)
        for _ in range(way.warm_builds if mode is Mode.WARM else 1):
            with way.running() as running:
                if running.start:
                    seconds, use = running.start
                    yield Mode.START, {"wall_s": seconds, **_use(use), **NOTHING_BUILT}
                yield mode, bench.build(running, way, project, mode)
