"""The Pulumi CLI is killed at random moments of `up`, `refresh` and `destroy`: the next `up` makes everything right.

What a person does is `pulumi cancel`, which lifts the lock that a killed command leaves, and `pulumi up --refresh`. The
plugins are not killed: they outlive the CLI, and end what they were about to do.
"""

import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import made_up_token
from tests.e2e.pulumi_cli import counts
from tests.e2e.stations import Station, shared_settings, station
from tests.prove.killing import inventory, kill_within, up_after_a_kill

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("CI_RUNNERS_KILLS", "50"))
OPERATIONS = ("up", "up", "refresh", "destroy")
"""What is killed, by chance: a change, or from nothing where the last one was destroyed."""
Record = Callable[[str, object], None]


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Station]:
    name = f"kill-{secrets.token_hex(3)}"
    with station(tmp_path, name) as made:
        yield made


def settings(one: Station, round_number: int) -> dict[str, Any]:
    """The station's settings; from one round to the next both containers must be made anew."""
    given = shared_settings(one.name, "dind")
    return {
        **given,
        "gitlab": {"url": os.environ["CI_RUNNERS_SANDBOX_URL"]},
        "dind": {**given["dind"], "labels": {"round": str(round_number)}, "stop_grace_seconds": 10},
        "runner": {"drain_seconds": 60},
        "pipeline": {"image_name": "registry.example.com/app", "timeout_minutes": 1},
    }


def is_whole(one: Station) -> list[str]:
    """Names of containers that should run and do not."""
    running = [f"{one.name}-dind", f"{one.name}-runner"]
    return [name for name in running if one.engine.containers.get(name).status != "running"]


@pytest.mark.case(number=38, component="a station", title="the next up converges")
def test_however_often_the_cli_is_killed_the_next_up_converges(one: Station, record_property: Record) -> None:
    seed = secrets.randbelow(1_000_000)
    chance = random.Random(seed)  # noqa: S311  no secret
    record_property("seed", seed)
    one.configure(settings(one, 0), {}, {"ci-runners:runner_token": made_up_token()})
    started = time.monotonic()
    one.up("first")
    seconds = {"up": time.monotonic() - started, "refresh": 5.0, "destroy": 8.0}
    expected = inventory(one)
    killed: Counter[str] = Counter()
    slowest = 0.0
    for number in range(1, KILLS + 1):
        operation = chance.choice(OPERATIONS)
        one.configure(settings(one, number), {}, {})
        while not kill_within(one, chance.uniform(0.2, seconds[operation]), operation):
            one.configure(settings(one, number), {}, {})  # it had ended: once more, for a moment that counts
        killed[operation] += 1
        started = time.monotonic()
        recover_and_check(one, f"seed {seed}, round {number}, {operation}", expected)
        slowest = max(slowest, time.monotonic() - started)
    for operation, count in killed.items():
        record_property(f"killed {operation}", count)
    record_property("slowest recovery, seconds", round(slowest, 1))
    assert killed.total() == KILLS


def recover_and_check(one: Station, where: str, expected: dict[str, list[str]]) -> None:
    done = up_after_a_kill(one)
    assert done.returncode == 0, f"{where}\n{done.stdout}"
    assert inventory(one) == expected, where
    assert is_whole(one) == [], where
    again = one.cli.run("up", "--yes", "--skip-preview")
    assert set(counts(again)) == {"unchanged"}, f"{where}\n{again}"
