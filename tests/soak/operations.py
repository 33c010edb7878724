"""What happens to a station in its life, by chance: people's changes, and faults."""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from docker.errors import NotFound

from bootstrap.station import finished_pipeline
from tests.prove.killing import kill_within, up_after_a_kill
from tests.soak.world import WAYS, World

LONGEST_UP_S = 15.0


def build(world: World) -> None:
    """A commit is pushed, and its pipeline must end green."""
    commit = world.push()
    done = finished_pipeline(world.project, commit)
    traces = [world.project.jobs.get(job.id).trace() for job in done.jobs.list(get_all=True)]
    assert done.status == "success", f"the pipeline of {commit} ended as {done.status}: {traces}"


def change_in_place(world: World) -> None:
    """A setting that the runner reads anew: no container is replaced."""
    world.concurrent = world.concurrent % 3 + 1
    before = world.container("runner").id
    world.up()
    assert world.container("runner").id == before, "a change of `concurrent` replaced the runner"


def replace(world: World) -> None:
    """A setting that replaces the runner, and the daemon of DinD."""
    world.label += 1
    world.up()


def replace_while_a_job_runs(world: World) -> None:
    """The same while a pipeline is under way: its job must end, once and green."""
    commit = world.push()
    world.label += 1
    world.up()
    done = finished_pipeline(world.project, commit)
    assert done.status == "success", f"a job was lost by a replacement: {done.status}"


def switch(world: World) -> None:
    """Another way to build."""
    world.way = world.chance.choice([way for way in WAYS if way != world.way])
    world.up()


def kill_the_daemon(world: World) -> None:
    """SIGKILL of the daemon's first process; the engine starts it again."""
    if world.daemon:
        kill(world, world.daemon)


def kill_the_runner(world: World) -> None:
    """SIGKILL of the runner's."""
    kill(world, "runner")


def kill(world: World, part: str) -> None:
    """SIGKILL from inside: a kill through the engine would count as a stop that somebody wanted."""
    container = world.container(part)
    started = container.attrs["State"]["StartedAt"]
    # From the host's side: a first process is safe from its own namespace's signals.
    os.kill(container.attrs["State"]["Pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while True:
        container.reload()
        state = container.attrs["State"]
        if state["Running"] and state["StartedAt"] != started:
            return
        assert time.monotonic() < deadline, f"{part} did not come back"
        time.sleep(0.2)


def remove_by_hand(world: World) -> None:
    """Somebody removes the runner; the next `up --refresh` makes it again."""
    with contextlib.suppress(NotFound):
        world.container("runner").remove(force=True)
    world.up()


def kill_the_cli(world: World) -> None:
    """SIGKILL of `pulumi up` at any moment."""
    world.label += 1
    world.declare()
    kill_within(world.station, world.chance.uniform(0.2, LONGEST_UP_S), "up")
    done = up_after_a_kill(world.station)
    assert done.returncode == 0, done.stdout


def destroy_and_make(world: World) -> None:
    """Everything goes, and comes back."""
    world.station.cli.run("destroy", "--yes", "--skip-preview")
    assert world.station.left() == [], "destroy left something"
    world.up()


OPERATIONS: dict[Callable[[World], None], int] = {
    build: 6,
    change_in_place: 2,
    replace: 2,
    replace_while_a_job_runs: 4,
    switch: 3,
    kill_the_daemon: 3,
    kill_the_runner: 2,
    remove_by_hand: 2,
    kill_the_cli: 4,
    destroy_and_make: 1,
}
"""How often each comes, of all together."""
