"""What must be true of a station after whatever happened to it."""

import time
from collections import Counter
from collections.abc import Iterator

from tests.e2e.pulumi_cli import counts
from tests.prove.killing import inventory
from tests.soak.world import World

ENDED = {"success", "failed", "canceled", "skipped"}
LONGEST_JOB_SECONDS = 300


def broken(world: World) -> list[str]:
    """Every invariant that does not hold, in words."""
    return [*_at_rest(world), *_once(world), *_running(world), *_at_the_forge(world)]


def _at_rest(world: World) -> Iterator[str]:
    """Nothing is left to do."""
    shown = counts(world.station.cli.up("--refresh"))
    if set(shown) != {"unchanged"}:
        yield f"`up --refresh` has something to do: {shown}"


def _once(world: World) -> Iterator[str]:
    """Every name is there once, and belongs to the stack."""
    for kind, names in inventory(world.station).items():
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            yield f"{kind} that are there twice: {twice}"
    state = str(world.station.cli.exported())
    for kind, names in inventory(world.station).items():
        for name in names:
            if name not in state:
                yield f"{kind}: {name} is in no state"


def _running(world: World) -> Iterator[str]:
    for part in filter(None, ("runner", world.daemon)):
        status = world.container(part).status
        if status != "running":
            yield f"{part} is {status}"


def _at_the_forge(world: World) -> Iterator[str]:
    """One runner, and no job that nobody will ever run. The pipeline's file may just have been committed, and run."""
    runners = world.project.runners.list(type="project_type", get_all=True)
    if len(runners) != 1:
        yield f"{len(runners)} runners are registered"
    deadline = time.monotonic() + LONGEST_JOB_SECONDS
    while waiting := [job.id for job in world.project.jobs.list(get_all=True) if job.status not in ENDED]:
        if time.monotonic() > deadline:
            yield f"jobs that did not end: {waiting}"
            return
        time.sleep(1)
