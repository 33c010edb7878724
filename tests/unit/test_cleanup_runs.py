"""A cleanup's budget, its failures, its missed runs, and what it says of them."""

import json
import time
from pathlib import Path

import pytest

from tests.unit.cleanup_shell import HOUR, PROGRAMS, WEEK, Cleanup, cleanup_in, container, image


@pytest.fixture(params=PROGRAMS)
def cleanup(request: pytest.FixtureRequest, tmp_path: Path) -> Cleanup:
    return cleanup_in(tmp_path, programs_of=request.param)


def test_a_budget_takes_the_oldest_and_no_more_than_it_must(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image(name) for name in "abcd"])
    cleanup.do("check")
    for hours, name in enumerate("dcba", start=1):
        cleanup.age(hours * HOUR, name)

    receipt = cleanup.receipt("check", CLEANUP_MAX_BYTES="250000000")

    assert cleanup.names() == ["c", "d"]
    assert (receipt["trigger"], receipt["removed"]["images"]) == ("budget", 2)


def test_build_cache_that_is_older_than_an_image_goes_before_it(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("a")], cache=[["2026-01-02 03:04:05.6 +0000 UTC", 100]])
    cleanup.do("check")
    cleanup.age(HOUR, "a")

    cleanup.receipt("check", CLEANUP_MAX_BYTES="150000000")

    assert cleanup.names() == ["a"]
    (until,) = cleanup.world()["pruned"]
    moment = time.time() - int(until.removeprefix("until=").removesuffix("s"))
    assert moment == pytest.approx(1767323045, abs=60)


def test_a_budget_that_cannot_be_kept_is_a_failure_until_it_can(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("young")])

    receipt = cleanup.receipt("check", CLEANUP_MAX_BYTES="1000000")

    assert receipt["errors"] == ["99000000 bytes too many, and nothing more that may be removed"]
    assert cleanup.names() == ["young"]
    assert cleanup.do("health").returncode == 1
    cleanup.do("check", CLEANUP_MAX_BYTES="0")
    assert cleanup.do("health").returncode == 0


def test_a_mark_of_the_disk_takes_what_it_can(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("old"), image("young")])
    cleanup.do("check")
    cleanup.age(HOUR, "old")

    receipt = cleanup.receipt("check", CLEANUP_PRESSURE_PERCENT="1")

    assert cleanup.names() == ["young"]
    assert receipt["trigger"] == "pressure"
    assert "bytes too many" in receipt["errors"][0]


def test_an_engine_that_prunes_already_is_asked_again(cleanup: Cleanup) -> None:
    says = "Error response from daemon: a prune operation is already running"
    cleanup.set_world(refused=[{"asked": "^buildx prune", "times": 1, "says": says}])

    receipt = cleanup.receipt("run", CLEANUP_RETRY_SECONDS="0")

    assert receipt["errors"] == []
    assert cleanup.world()["pruned"] == [f"until={WEEK}s"]


def test_a_failure_is_in_the_receipt_the_exit_code_the_metric_and_the_health(cleanup: Cleanup) -> None:
    cleanup.set_world(refused=[{"asked": "^buildx prune", "times": 1, "says": 'no "space"\\left\there'}])

    receipt = cleanup.receipt("run")

    assert receipt["errors"] == ['docker buildx prune: no "space"\\left here']
    assert cleanup.do("health").stdout == 'docker buildx prune: no "space"\\left\there\n'
    metrics = (cleanup.state / "cleanup.prom").read_text()
    assert 'ci_runners_cleanup_last_run_errors{component="dind-cleanup"} 1\n' in metrics
    cleanup.receipt("run")
    cleanup.do("check")
    assert cleanup.do("health").returncode == 0


def test_a_daemon_that_does_not_answer_loses_nothing_and_is_a_failure(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("old")])
    cleanup.do("check")
    cleanup.age(WEEK, "old")
    cleanup.set_world(images=[image("old")], refused=[{"asked": "", "times": 99, "says": "Cannot connect"}])

    assert cleanup.receipt("check")["errors"] == ["docker image ls: Cannot connect"]
    assert cleanup.receipt("run")["errors"]
    assert cleanup.names() == ["old"]
    assert cleanup.do("health").returncode == 1


def test_containers_that_cannot_be_looked_at_keep_every_image(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("old")])
    cleanup.do("check")
    cleanup.age(WEEK, "old")
    stopped = [container("one", "exited", image="sha256:old")]
    refused = [{"asked": "^inspect", "times": 9, "says": "Cannot connect"}]
    cleanup.set_world(images=[image("old")], containers=stopped, refused=refused)

    assert cleanup.receipt("run")["errors"] == ["docker inspect: Cannot connect"]
    assert cleanup.names() == ["old"]


def test_a_run_that_was_missed_is_made_up_for(cleanup: Cleanup) -> None:
    (cleanup.state / "last_success").write_text(f"{int(time.time()) - WEEK - HOUR}\n")

    assert cleanup.receipt("check")["trigger"] == "missed"
    assert cleanup.do("check").stdout == ""


def test_a_run_that_waited_for_another_has_nothing_left_to_do(cleanup: Cleanup) -> None:
    (cleanup.state / "last_success").write_text(f"{int(time.time()) + 5}\n")

    assert (cleanup.do("run").stdout, cleanup.world()["pruned"]) == ("", [])


def test_an_overdue_run_and_a_check_that_did_not_come_are_unhealthy(cleanup: Cleanup) -> None:
    cleanup.do("check")
    assert cleanup.do("health").returncode == 0

    (cleanup.state / "last_check").write_text(f"{int(time.time()) - HOUR}\n")
    assert cleanup.do("health").stdout == "no check for 1800 seconds\n"

    cleanup.do("check")
    (cleanup.state / "last_success").write_text(f"{int(time.time()) - WEEK - 2 * HOUR}\n")
    assert cleanup.do("health").stdout == "the run of 0 3 * * 0 is overdue\n"


def test_the_log_keeps_the_newest_receipts(cleanup: Cleanup) -> None:
    (cleanup.state / "receipts.jsonl").write_text("{}\n" * 2000)

    receipt = cleanup.receipt("run")

    lines = (cleanup.state / "receipts.jsonl").read_text().splitlines()
    assert len(lines) == 1001
    assert json.loads(lines[-1]) == receipt


def test_totals_grow_and_are_in_the_metrics(cleanup: Cleanup) -> None:
    for name in ("a", "b"):
        cleanup.set_world(images=[image(name)])
        cleanup.do("check")
        cleanup.age(WEEK, name)
        cleanup.receipt("run")
        (cleanup.state / "last_success").write_text("1\n")

    metrics = (cleanup.state / "cleanup.prom").read_text()
    assert 'removed_total{component="dind-cleanup",kind="images"} 2\n' in metrics
    assert 'freed_bytes_total{component="dind-cleanup",kind="images"} 200000000\n' in metrics
