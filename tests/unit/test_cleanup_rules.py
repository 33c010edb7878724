"""What is refused of a cleanup's arguments, and how its schedule is read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.connection import DaemonKind
from ci_runners.connections import buildkit_connection, dind_connection, host_connection
from ci_runners.render.cleanup import (
    SCRIPT,
    CleanupSpec,
    cleanup_connection_problems,
    cleanup_container,
    cleanup_problems,
    cleanup_script,
)
from ci_runners.render.cleanup_schedule import longest_gap
from sandbox.ci.cron import parse_cron

HOUR = 3600
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"schedule": ""}, "schedule"),
    ({"schedule": "0 3 * *"}, "schedule"),
    ({"schedule": "0 25 * * *"}, "schedule"),
    ({"schedule": "0 3 * * 7"}, "schedule"),
    ({"schedule": "0 3 30 2 *"}, "schedule"),
    ({"schedule": "@weekly"}, "schedule"),
    ({"until": ""}, "until"),
    ({"until": "0h"}, "until"),
    ({"until": "7d"}, "until"),
    ({"until": "30m1h"}, "until"),
    ({"until": "-1h"}, "until"),
    ({"max_size_gb": 0.0}, "max_size_gb"),
    ({"max_size_gb": -1.0}, "max_size_gb"),
    ({"max_size_gb": float("nan")}, "max_size_gb"),
    ({"max_size_gb": float("inf")}, "max_size_gb"),
    ({"pressure_percent": 0}, "pressure_percent"),
    ({"pressure_percent": 100}, "pressure_percent"),
    ({"keep_images": ("a b",)}, "keep_images[0]"),
    ({"keep_images": ("ok:*", "$(id)")}, "keep_images[1]"),
    ({"keep_images": ("a:1", "a:1")}, "keep_images"),
    ({"memory": 16}, "memory"),
    ({"labels": {"ci-runners.kind": "x"}}, "labels.ci-runners.kind"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"schedule": "*/10 1-5,20 1,15 jan-mar mon", "until": "1h30m15s"},
    {"max_size_gb": 50.0, "pressure_percent": 85, "builders": False},
    {"keep_images": ("registry.example.com:5000/team/*", "debian:1[23].?")},
]


@pytest.mark.parametrize(("change", "field"), REFUSED)
def test_a_wrong_argument_is_named(change: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in cleanup_problems("cleanup", CleanupSpec(**change))] == [field]


@pytest.mark.parametrize("change", ACCEPTED)
def test_a_right_one_is_taken(change: dict[str, Any]) -> None:
    assert cleanup_problems("cleanup", CleanupSpec(**change)) == []


def test_a_schedule_s_message_says_what_is_wrong_with_it() -> None:
    (problem,) = cleanup_problems("cleanup", CleanupSpec(schedule="0 3 * * sunday"))

    assert problem.fix.endswith("this has 'sunday', which is no day of the week")


@pytest.mark.parametrize(
    ("change", "field"), [({"builders": True}, "builders"), ({"keep_images": ("a",)}, "keep_images")]
)
def test_a_buildkitd_has_neither_images_nor_builders(change: dict[str, Any], field: str) -> None:
    connection = buildkit_connection(
        host="bk", network="bk", client_volume="c", socket="/s", group="1", cache_dir="/c", tags=("bk",)
    )
    found = cleanup_connection_problems("cleanup", CleanupSpec(**change), connection.dump())

    assert [problem.field for problem in found] == [field]


def test_a_text_that_is_no_connection_is_refused() -> None:
    (problem,) = cleanup_connection_problems("cleanup", CleanupSpec(), "{}")

    assert (problem.component, problem.field) == ("CacheCleanup 'cleanup'", "connection.version")


def environment(spec: CleanupSpec, kind: DaemonKind) -> dict[str, str]:
    dind = dind_connection(host="dind", network="dind", client_volume="client", tags=("dind",))
    dood = host_connection(socket="/s", group="1", jobs_volume="j", jobs_dir="/j", tags=("dood",))
    found = cleanup_container("cleanup", spec, dood if kind is DaemonKind.DOOD else dind)
    return dict(line.split("=", 1) for line in found.environment)


def test_the_numbers_reach_the_script_in_its_units() -> None:
    spec = CleanupSpec(until="1h30m15s", max_size_gb=1.5, pressure_percent=85, keep_images=("a:*", "b"))

    found = environment(spec, DaemonKind.DIND)

    assert found["CLEANUP_UNUSED_SECONDS"] == "5415"
    assert found["CLEANUP_MAX_BYTES"] == "1500000000"
    assert found["CLEANUP_PRESSURE_PERCENT"] == "85"
    assert found["CLEANUP_KEEP_IMAGES"] == "a:* b"
    assert found["CLEANUP_LONGEST_GAP"] == str(168 * HOUR)


@pytest.mark.parametrize(
    ("asked", "kind", "builders"),
    [
        (None, DaemonKind.DIND, "1"),
        (None, DaemonKind.DOOD, "0"),
        (True, DaemonKind.DOOD, "1"),
        (False, DaemonKind.DIND, "0"),
    ],
)
def test_builders_on_a_host_go_only_where_it_is_said(
    *, asked: bool | None, kind: DaemonKind, builders: str
) -> None:
    assert environment(CleanupSpec(builders=asked), kind)["CLEANUP_BUILDERS"] == builders


@pytest.mark.parametrize("kind", [DaemonKind.DIND, DaemonKind.DOOD, DaemonKind.BUILDKIT])
def test_the_script_arrives_whole(kind: DaemonKind) -> None:
    first, *script, end, last = cleanup_script(kind).splitlines()

    assert first == f"cat > {SCRIPT} <<'{end}'"
    assert end not in script
    assert last == f"exec sh {SCRIPT} start"


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("0 3 * * 0", 168),
        ("*/5 * * * *", 1 / 12),
        ("30 2,14 * * *", 12),
        ("0 9-17 * * mon-fri", 64),
        ("0 0 1 * *", 31 * 24),
        ("0 0 */2 * *", 72),
        ("0 0 13 * fri", 168),
        ("0 0 29 2 *", 2921 * 24),
    ],
)
def test_two_runs_are_so_far_apart_at_the_most(schedule: str, hours: float) -> None:
    assert longest_gap(schedule) == hours * HOUR


@st.composite
def schedules(draw: st.DrawFn) -> str:
    """Schedules that every cron reads alike."""
    minutes = draw(st.sampled_from(["0", "*/15", "5,50", "10-12"]))
    hours = draw(st.sampled_from(["*", "3", "0-23/6", "1,22"]))
    days = draw(st.sampled_from(["*", "1", "1-31", "10,20", "3-30/9"]))
    months = draw(st.sampled_from(["*", "*/3", "jan,jul", "2"]))
    weekdays = draw(st.sampled_from(["*", "0", "mon-fri", "*/2"]))
    return f"{minutes} {hours} {days} {months} {weekdays}"


@given(
    schedule=schedules(),
    day=st.integers(0, 5000),
)
def test_no_time_is_further_away_than_the_longest_gap(schedule: str, day: int) -> None:
    cron = parse_cron(schedule)
    one = cron.next_after(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day))
    assert one is not None
    another = cron.next_after(one)
    assert another is not None

    assert timedelta(minutes=1) <= another - one <= timedelta(seconds=longest_gap(schedule))
