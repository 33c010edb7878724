"""A runner's token is renewed under a running job, and one that was revoked is replaced: the container stays."""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gitlab
import pytest
import requests
from gitlab.v4.objects import ProjectJob

from bootstrap.station import finished_pipeline
from tests.e2e.conftest import said
from tests.e2e.gitlab_projects import Trial, traces_of, trial
from tests.e2e.pulumi_cli import counts
from tests.e2e.test_config_change import life, wait_for_log

pytestmark = pytest.mark.e2e

METRICS_PORT = 9252
WAIT_S = 120
RELEASE = "released"
"""A volume on the job's daemon: the job goes on once it is there."""
SLOW = [f"until docker volume inspect {RELEASE} >/dev/null 2>&1; do sleep 0.2; done", "echo the job went on"]
CONFIG = ("sh", "-c", 'cat "$CONFIG_FILE"')


def declare(one: Trial, *, rotate: str = "", jobs: dict[str, list[str]] | None = None) -> None:
    registration = {"rotate": rotate}
    runner = {"metrics_address": f":{METRICS_PORT}", "concurrent": 2}
    one.declare(project={"registration": registration}, runner=runner, jobs=jobs)


def until(what: str, found: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever was waited for
    """Ask again until there is something."""
    deadline = time.monotonic() + WAIT_S
    while not (answer := found()):
        assert time.monotonic() < deadline, f"{what} did not come in {WAIT_S} s"
        time.sleep(0.2)
    return answer


def running_job(one: Trial, name: str) -> ProjectJob:
    def look() -> ProjectJob | None:
        jobs = one.project.jobs.list(scope=["running"], get_all=True)
        return next((one.project.jobs.get(job.id) for job in jobs if job.name == name), None)

    found: ProjectJob = until(f"the running job {name}", look)
    return found


def token(one: Trial) -> str:
    """The token in the configuration that the runner reads."""
    found = re.search(r'^token = "(.*)"$', said(one.container(), *CONFIG), re.MULTILINE)
    assert found
    return found[1]


def refusals(one: Trial) -> int:
    """How often GitLab has refused the runner a job, by the runner's own metrics."""
    (network,) = one.container().attrs["NetworkSettings"]["Networks"].values()
    address = network["IPAddress"]
    metrics = requests.get(f"http://{address}:{METRICS_PORT}/metrics", timeout=10).text
    counted = re.findall(
        r'^gitlab_runner_api_request_statuses_total\{endpoint="request_job".*status="403".*\} (\d+)$',
        metrics,
        re.MULTILINE,
    )
    return sum(map(int, counted))


def runner_of_last_job(one: Trial, pipeline: int) -> int:
    jobs = one.project.pipelines.get(pipeline).jobs.list(get_all=True)
    return int(one.project.jobs.get(jobs[0].id).runner["id"])


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Trial]:
    name = f"rot-{secrets.token_hex(3)}"
    with trial(tmp_path, name=name) as made:
        yield made


def test_a_new_token_reaches_the_running_runner_and_its_job_ends_well(one: Trial) -> None:
    declare(one, rotate="2026-10", jobs={"slow": SLOW})
    one.cli.up()
    job = running_job(one, "slow")
    before, first = life(one.container()), token(one)
    (old,) = one.runner_numbers()

    declare(one, rotate="2026-11", jobs={"slow": SLOW})
    changed = counts(one.cli.up())

    assert changed.pop("unchanged") > 0
    assert changed == {"replaced": 2}  # the registration, and the container that writes the configuration
    assert life(one.container()) == before
    assert token(one) != first
    (new,) = one.runner_numbers()
    assert new != old
    with pytest.raises(gitlab.GitlabGetError, match="404"):
        one.forge.runners.get(old)
    assert one.project.jobs.get(job.id).status == "running"

    said(one.engine.containers.get(f"{one.name}-daemon"), "docker", "volume", "create", RELEASE)
    done = finished_pipeline(one.project, job.pipeline["sha"])
    assert done.status == "success"
    assert "the job went on" in traces_of(one.project, done.id)["slow"]

    again = finished_pipeline(one.project, one.push({"greeting.txt": "by the new token\n"}))
    assert (again.status, runner_of_last_job(one, again.id)) == ("success", new)
    assert life(one.container()) == before
    assert set(counts(one.cli.up("--refresh", "--expect-no-changes"))) == {"unchanged"}


@pytest.mark.case(
    number=44,
    component="GitLabRunner",
    title="the runner stays up, log and metrics say so, `up --refresh` registers anew",
)
def test_a_revoked_token_leaves_the_runner_up_and_the_next_up_registers_anew(one: Trial) -> None:
    declare(one)
    one.cli.up()
    until("a request for a job", lambda: one.forge.runners.get(one.runner_numbers()[0]).contacted_at)
    before = life(one.container())
    (old,) = one.runner_numbers()
    assert refusals(one) == 0

    one.forge.runners.delete(old)
    wait_for_log(one.container(), "is unhealthy and will be disabled")

    assert life(one.container()) == before
    assert one.container().status == "running"
    assert refusals(one) > 0

    changed = counts(one.cli.up("--refresh"))
    assert changed.pop("unchanged") > 0
    assert changed == {"created": 1, "replaced": 1}
    (new,) = one.runner_numbers()
    assert new != old

    done = finished_pipeline(one.project, one.push({"greeting.txt": "by the new runner\n"}))
    assert (done.status, runner_of_last_job(one, done.id)) == ("success", new)
    assert life(one.container()) == before
    assert set(counts(one.cli.up("--refresh", "--expect-no-changes"))) == {"unchanged"}
