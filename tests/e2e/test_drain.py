"""A runner is replaced, and removed, under a running job: paused at GitLab first, given jobs again at last."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.drains import Drained, deleted, drained, until
from tests.e2e.pulumi_cli import counts
from tests.e2e.test_ways import labelled

pytestmark = pytest.mark.e2e

RESOURCES = 1 + 3 + 4 + 4
"""The stack; the host's engine with a look at its socket and a volume; a runner, and a drain, with three each."""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Drained]:
    with drained(tmp_path, kind="dood") as made:
        yield made


def slow(one: Drained, name: str) -> dict[str, list[str]]:
    """A job that ends once a volume of its name is there; it is the test's own engine that the job asks."""
    wait = f"until docker volume inspect {one.name}-{name} >/dev/null 2>&1; do sleep 0.2; done"
    return {name: [wait, "echo the job went on"]}


def release(one: Drained, name: str) -> None:
    one.engine.volumes.create(f"{one.name}-{name}")


def assert_it_waits_for_the_job(one: Drained, command: subprocess.Popen[str], job: str, runner: str) -> str:
    """The runner is paused and stays what it is until the job's end; returns what the command said."""
    until("the pause", one.is_paused)
    until("a look at the jobs", lambda: b"a job runs" in one.container("drain").logs())
    assert command.poll() is None
    assert (one.container("runner").id, one.container("runner").status) == (runner, "running")
    assert one.running() == [job]
    release(one, job)
    shown, _ = command.communicate(timeout=120)
    assert command.returncode == 0, shown
    return shown


def test_a_busy_runner_is_paused_drained_replaced_and_given_jobs_again(one: Drained) -> None:
    one.declare()
    one.cli.up()
    until("a healthy drain", lambda: b"may take jobs" in one.container("drain").logs())
    runner = one.container("runner").id or ""
    commit = one.push_jobs(slow(one, "first"))
    until("a running job", one.running)

    one.declare(runner={"labels": {"team": "builds"}})
    with one.cli.start("up", "--yes", "--skip-preview") as command:
        shown = assert_it_waits_for_the_job(one, command, "first", runner)
    assert deleted(shown) == ["drain", "runner"]
    assert [job.status for job in one.jobs(commit)] == ["success"]
    assert one.container("runner").id != runner
    until("the end of the pause", lambda: not one.is_paused())
    for _ in range(2):
        assert counts(one.cli.up("--refresh", "--expect-no-changes")) == {"unchanged": RESOURCES}

    runner = one.container("runner").id or ""
    last = one.push_jobs(slow(one, "last"))
    until("a running job", one.running)
    with one.cli.start("destroy", "--yes", "--skip-preview") as command:
        shown = assert_it_waits_for_the_job(one, command, "last", runner)
    assert deleted(shown) == ["drain", "runner"]
    assert [job.status for job in one.jobs(last)] == ["success"]
    assert one.is_paused()
    assert sorted(labelled(one.engine, one.name)["volumes"]) == [f"{one.name}-first", f"{one.name}-last"]
