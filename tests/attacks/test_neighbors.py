"""What a job can take from others, and leave for them: on one daemon, and on the host's own."""

import pytest

from tests.attacks.grounds import Grounds
from tests.attacks.jobs import Saw
from tests.attacks.probes import ended_well

pytestmark = pytest.mark.e2e


@pytest.mark.case(
    number=22, component="GitLabRunner", title="with `always` a private image needs every job's own login"
)
def test_a_stranger_gets_no_private_image_that_another_job_pulled(jobs: Saw) -> None:
    assert jobs["owner"].status == "success", jobs["owner"].trace
    assert jobs["stranger"].status == "failed"
    assert "ran=private" not in jobs["stranger"].trace
    assert "no basic auth credentials" in jobs["stranger"].trace


@pytest.mark.case(
    number=22, component="GitLabRunner", title="with `if-not-present` it is there for all", baseline=True
)
def test_with_if_not_present_the_stranger_gets_it(jobs: Saw) -> None:
    assert jobs["stranger, if not present"].status == "success", jobs["stranger, if not present"].trace


@pytest.mark.case(
    number=23, component="DindDaemon", title="a job whose image is pinned or pulled anew gets the real one"
)
@pytest.mark.parametrize("victim", ["victim", "victim by digest"])
def test_a_replaced_image_does_not_reach_who_pins_or_pulls(jobs: Saw, victim: str) -> None:
    assert jobs["poisoner"].status == "success", jobs["poisoner"].trace
    assert jobs[victim].said["origin"].splitlines()[0] == "original", jobs[victim].trace


@pytest.mark.case(
    number=23,
    component="DindDaemon",
    title="by its tag and `if-not-present` it gets the other job's",
    baseline=True,
)
def test_a_replaced_image_reaches_who_takes_what_is_there(jobs: Saw) -> None:
    assert jobs["victim, if not present"].said["origin"].splitlines()[0] == "poisoned"


@pytest.mark.case(
    number=16,
    component="HostDaemon",
    title="on the host's engine a job lists all containers",
    cis="5.32",
    baseline=True,
)
@pytest.mark.case(
    number=19,
    component="HostDaemon",
    title="two runners on the host's engine see all of each other",
    cis="5.32",
    baseline=True,
)
def test_on_the_hosts_engine_a_job_sees_every_other_station(jobs: Saw, grounds: Grounds) -> None:
    there = jobs["dood escape"].said["neighbors"].splitlines()

    assert {f"{grounds.name}-dind", f"{grounds.name}-kaniko-runner"} <= set(there)


@pytest.mark.case(
    number=17, component="HostDaemon", title="a job reads the host's files", cis="5.32", baseline=True
)
@pytest.mark.case(
    number=16,
    component="HostDaemon",
    title="on the host's engine `/` is the host's",
    cis="5.32",
    baseline=True,
)
def test_on_the_hosts_engine_a_job_reads_the_hosts_files(jobs: Saw, grounds: Grounds) -> None:
    told = jobs["dood escape"].said["files of the host"]

    assert told.splitlines()[0] == grounds.marker.read_text().strip()
    assert ended_well(told)
