"""What a job asks of its runner: a privileged service, an image, a pull policy."""

import re

import pytest

from tests.attacks.by_hand import NAIVE
from tests.attacks.jobs import SERVICES, Job, Saw

pytestmark = pytest.mark.e2e

SYS_ADMIN = 1 << 21


def privileged(job: Job) -> dict[str, bool]:
    """Whether each service of a job, by its alias, had the host's capabilities."""
    found = re.findall(r"\[service:([^\]]+)\].*CapEff:\s+([0-9a-f]+)", job.trace)
    # The log names a service by all its names, in no fixed order.
    return {
        alias: bool(int(mask, 16) & SYS_ADMIN)
        for names, mask in found
        for alias in SERVICES
        if alias in names.split("-")
    }


@pytest.mark.case(
    number=20,
    component="GitLabRunner",
    title="only services of allowed_privileged_services are privileged",
    cis="5.5",
)
def test_no_service_is_privileged_but_those_that_are_listed(jobs: Saw) -> None:
    found = privileged(jobs["dind services"])

    assert found == {name: name == "listed" for name in SERVICES}, jobs["dind services"].trace


@pytest.mark.case(
    number=20,
    component="GitLabRunner",
    title="where services may be privileged and none is listed, each is",
    cis="5.5",
    baseline=True,
)
def test_where_services_may_be_privileged_and_none_is_listed_each_is(jobs: Saw) -> None:
    found = privileged(jobs[f"{NAIVE} services"])

    assert found == dict.fromkeys(SERVICES, True), jobs[f"{NAIVE} services"].trace


@pytest.mark.case(number=21, component="GitLabRunner", title="an image that is not listed is not pulled")
def test_an_image_that_is_not_listed_is_refused_before_it_is_pulled(jobs: Saw) -> None:
    job = jobs["dind image"]

    assert job.status == "failed"
    assert "ran=image" not in job.trace
    assert "not present on list of allowed images" in job.trace
    assert "Pulling docker image caddy" not in job.trace


@pytest.mark.case(number=21, component="GitLabRunner", title="a pull policy that is not listed is refused")
def test_a_pull_policy_that_is_not_listed_is_refused(jobs: Saw) -> None:
    job = jobs["dind policy"]

    assert job.status == "failed"
    assert "ran=policy" not in job.trace
    assert "not one of the allowed_pull_policies" in job.trace


@pytest.mark.case(number=21, component="GitLabRunner", title="without a list any image runs", baseline=True)
def test_without_a_list_any_image_runs(jobs: Saw) -> None:
    assert jobs[f"{NAIVE} image"].status == "success", jobs[f"{NAIVE} image"].trace
