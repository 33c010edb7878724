"""`make soak`: hours of operations by chance on one station; after each, what must be true of it is looked at.

`HOURS` says how long (default 2), `SEED` which chance. The report is docs/proof/soak-<date>.md.
"""

import argparse
import datetime as dt
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.accounts import gitlab_account, gitlab_project, new_name
from tests.e2e.stations import FILES, station
from tests.prove.__main__ import REPOSITORY, commit, machine
from tests.soak.invariants import broken
from tests.soak.operations import OPERATIONS
from tests.soak.report import Step, soak_report
from tests.soak.world import World


def step(world: World) -> Step:
    """One operation, then the invariants."""
    (operation,) = world.chance.choices(list(OPERATIONS), weights=list(OPERATIONS.values()))
    started, found = time.monotonic(), list[str]()
    way = world.way
    try:
        operation(world)
        found = broken(world)
    except Exception as failure:  # noqa: BLE001  whatever it is, it is a finding, and the soak goes on
        found = [f"{type(failure).__name__}: {failure}"]
    return Step(name=operation.__name__, way=way, seconds=time.monotonic() - started, found=tuple(found))


def soak(world: World, seconds: float) -> list[Step]:
    """Operations until the time is over; each is told as it ends."""
    ends, steps = time.monotonic() + seconds, list[Step]()
    while time.monotonic() < ends:
        steps.append(step(world))
        last = steps[-1]
        said = f"{len(steps):4} {last.name} ({last.way}) {last.seconds:.0f} s {'; '.join(last.found)[:500]}"
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
    return steps


def main() -> int:
    """Make the station, soak it, write the report."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    given = parser.parse_args()
    account, name, of = gitlab_account(), new_name("soak"), commit()
    today = dt.datetime.now(dt.UTC).date()
    with (
        tempfile.TemporaryDirectory() as folder,
        gitlab_project(account, name, FILES) as project,
        station(Path(folder), name) as one,
    ):
        chance = random.Random(given.seed)  # noqa: S311  no secret
        world = World(station=one, project=project, account=account, folder=Path(folder), chance=chance)
        one.configure(world.settings(), {}, {"gitlab:token": account.token})
        world.up()
        steps = soak(world, given.hours * 3600)
        one.cli.run("destroy", "--yes", "--skip-preview")
        left = one.left()
    written = soak_report(
        steps, day=today, commit=of.name, changed=of.changed, machine=machine(), seed=given.seed, left=left
    )
    target = REPOSITORY / "docs" / "proof" / f"soak-{today}.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text(written)
    sys.stdout.write(written)
    return 1 if left or any(each.found for each in steps) else 0


if __name__ == "__main__":
    sys.exit(main())
