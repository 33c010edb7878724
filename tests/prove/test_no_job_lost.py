"""No job is lost: a busy runner is replaced ten times, and removed once, while real jobs build images on its daemon.

What counts as once: every job leaves a volume of its own on the daemon, under its number and a word that is new each
time it runs. The baseline is the same runner with a grace of ten seconds and without a drain.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import said
from tests.e2e.drains import Drained, deleted, drained, until
from tests.e2e.test_ways import labelled

pytestmark = pytest.mark.e2e

JOBS = 50
REPLACEMENTS = 10
CONCURRENT = 3
JOB_SECONDS = 8
"""What a build's one step takes at the least."""
GRACE_SECONDS = 300
END_S = 900
RAN = "ran"
Record = Callable[[str, object], None]
BUILD = f"printf 'FROM debian:13.1-slim\\nRUN sleep {JOB_SECONDS} && echo %s > /job\\n' $CI_JOB_ID"


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Drained]:
    with drained(tmp_path, kind="dind") as made:
        yield made


def builds(count: int) -> dict[str, list[str]]:
    """Jobs that build an image each, none from another one's cache, and leave a volume."""
    leave = f"docker volume create {RAN}-$CI_JOB_ID-$(cat /proc/sys/kernel/random/uuid)"
    return {
        f"job-{at:02}": [leave, f"{BUILD} | docker build --no-cache -", "echo built $CI_JOB_ID"]
        for at in range(count)
    }


def waiting(name: str) -> dict[str, list[str]]:
    """A job that ends once the daemon has a volume of its name."""
    return {name: [f"until docker volume inspect {name} >/dev/null 2>&1; do sleep 0.2; done", "echo went on"]}


def release(one: Drained, name: str) -> None:
    said(one.container("daemon"), "docker", "volume", "create", name)


def runs(one: Drained) -> Counter[int]:
    """How often each job ran, by what the jobs left on their daemon."""
    names = said(one.container("daemon"), "docker", "volume", "ls", "--format", "{{.Name}}").split()
    return Counter(int(name.split("-")[1]) for name in names if name.startswith(f"{RAN}-"))


def declare(one: Drained, number: int) -> None:
    """The runner of one round; every second time its daemon is another one too."""
    one.declare(
        daemon={"labels": {"round": str(number // 2)}},
        runner={
            "concurrent": CONCURRENT,
            "labels": {"round": str(number)},
            "drain_seconds": GRACE_SECONDS,
        },
        drain={"seconds": GRACE_SECONDS},
    )


@pytest.mark.case(number=32, component="GitLabRunner", title="ten replacements under fifty jobs lose none")
def test_ten_replacements_under_fifty_jobs_lose_none(one: Drained, record_property: Record) -> None:
    declare(one, 0)
    one.cli.up()
    started = time.monotonic()
    commit = one.push_jobs(builds(JOBS))
    containers = [one.container("runner").id]
    busy, seconds = [], []
    for number in range(1, REPLACEMENTS + 1):
        busy.append(len(until("a running job", one.running)))
        declare(one, number)
        began = time.monotonic()
        shown = one.cli.up()
        seconds.append(time.monotonic() - began)
        assert deleted(shown) == ["drain", "runner", "daemon"][: 2 + (number % 2 == 0)]
        containers.append(one.container("runner").id)
    finished = until("the pipeline's end", lambda: one.pipeline(commit).finished_at, seconds=END_S)

    assert finished
    jobs = one.jobs(commit)
    record_property("jobs", len(jobs))
    record_property("running when a replacement began", json.dumps(busy))
    record_property("seconds of a replacement", json.dumps([round(each, 1) for each in seconds]))
    record_property("seconds of it all", round(time.monotonic() - started))
    assert Counter(job.status for job in jobs) == {"success": JOBS}
    assert len({job.name for job in jobs}) == JOBS
    assert runs(one) == dict.fromkeys((job.id for job in jobs), 1)
    assert [job.name for job in jobs if f"built {job.id}" not in job.trace().decode()] == []
    assert len(set(containers)) == REPLACEMENTS + 1
    assert not one.is_paused()


@pytest.mark.case(number=32, component="GitLabRunner", title="a removed runner ends its job first")
def test_a_runner_that_is_removed_ends_its_job_first(one: Drained) -> None:
    declare(one, 0)
    one.cli.up()
    commit = one.push_jobs(waiting("held"))
    until("a running job", one.running)
    with one.cli.start("destroy", "--yes", "--skip-preview") as command:
        until("the pause", one.is_paused)
        until("a look at the jobs", lambda: b"a job runs" in one.container("drain").logs())
        assert command.poll() is None
        release(one, "held")
        shown, _ = command.communicate(timeout=GRACE_SECONDS)
        assert command.returncode == 0, shown

    assert deleted(shown) == ["drain", "runner", "daemon"]
    assert [job.status for job in one.jobs(commit)] == ["success"]
    assert labelled(one.engine, one.name) == {}


def test_a_new_job_waits_at_the_forge_while_the_runner_drains(one: Drained) -> None:
    declare(one, 0)
    one.cli.up()
    first = one.push_jobs(waiting("held"))
    until("a running job", one.running)
    before = one.container("runner").id
    declare(one, 1)
    with one.cli.start("up", "--yes", "--skip-preview") as command:
        until("a look at the jobs", lambda: b"a job runs" in one.container("drain").logs())
        second = one.push_jobs(builds(1))
        until("the second job", lambda: one.jobs(second))
        assert [job.status for job in one.jobs(second)] == ["pending"]
        release(one, "held")
        shown, _ = command.communicate(timeout=GRACE_SECONDS)
        assert command.returncode == 0, shown

    assert one.container("runner").id != before
    until("the pipeline's end", lambda: one.pipeline(second).finished_at, seconds=END_S)
    jobs = [*one.jobs(first), *one.jobs(second)]
    assert [job.status for job in jobs] == ["success", "success"]
    ended, began = jobs[0].finished_at, jobs[1].started_at
    assert ended <= began


@pytest.mark.case(
    number=32, component="GitLabRunner", title="a short grace without a drain loses the job", baseline=True
)
def test_baseline_a_short_grace_without_a_drain_loses_the_job(one: Drained) -> None:
    hasty = {"concurrent": CONCURRENT, "drain_seconds": 10}
    one.declare(runner=hasty, drained=False)
    one.cli.up()
    lost = one.push_jobs(waiting("held"))
    until("a running job", one.running)
    one.declare(runner={**hasty, "labels": {"round": "1"}}, drained=False)
    one.cli.up()
    release(one, "held")
    after = one.push_jobs(builds(1))
    until("the next pipeline's end", lambda: one.pipeline(after).finished_at, seconds=END_S)

    assert [job.status for job in one.jobs(after)] == ["success"]
    (job,) = one.jobs(lost)
    assert job.status in {"running", "failed"}
    assert "went on" not in job.trace().decode().splitlines()
