"""SIGKILL of a daemon in the middle of a build, and of a runner in the middle of a job."""

import threading
from collections.abc import Callable

import pytest

from ci_runners.images import DOCKER_CLI
from tests.e2e.buildkitd import is_cached
from tests.e2e.conftest import said
from tests.e2e.test_config_change import life
from tests.faults.signs import has_started_anew, kill, runs, until
from tests.faults.standing import Standing

pytestmark = pytest.mark.e2e

Record = Callable[[str, object], None]
STEP = "sleep 6.125"
DOCKERFILE = f"FROM debian:13.1-slim\\nRUN head -c 1000000 /dev/zero | sha256sum > /sum\\nRUN {STEP}\\n"
BUILD = f"printf '{DOCKERFILE}' | docker build --progress plain -"
RELEASE = "released"
SLOW = f"until docker volume inspect {RELEASE} >/dev/null 2>&1; do sleep 0.3; done; echo the job went on"


def containers_of(stack: Standing, job: int) -> list[str]:
    """The containers of a job in the DinD daemon, ended ones too."""
    words = ("docker", "ps", "--all", "--quiet", "--filter", f"label=com.gitlab.gitlab-runner.job.id={job}")
    return said(stack.container("dind"), *words).split()


@pytest.fixture
def slow(stack: Standing) -> str:
    """The commit of a running job that goes on when it is let; what is left of it is removed at the end."""
    said(stack.container("dind"), "docker", "volume", "rm", "--force", RELEASE)
    commit = stack.push(SLOW)
    job = stack.running_job(commit)
    until("the job's container", lambda: containers_of(stack, job.id))
    return commit


@pytest.mark.case(
    number=30,
    component="DindDaemon",
    title="comes back by itself with its images; its job fails, and the next one goes on from the cache",
)
def test_a_killed_dind_daemon_comes_back_and_the_same_build_goes_on(
    stack: Standing, record_property: Record
) -> None:
    commit = stack.push(BUILD)
    until("the build's second step", lambda: runs(STEP))
    before, runner = life(stack.container("dind")), life(stack.container("runner"))

    since = kill(stack.container("dind"))
    until("the daemon", lambda: has_started_anew(stack.container("dind"), before))
    record_property("seconds", since.seconds())

    assert stack.ended(commit) == "failed"
    said(stack.container("dind"), "docker", "image", "inspect", DOCKER_CLI)
    assert "CACHED" in stack.green(commit)
    assert life(stack.container("runner")) == runner


@pytest.mark.case(
    number=30,
    component="BuildkitDaemon",
    title="comes back by itself with its cache; the same build succeeds",
)
def test_a_killed_buildkit_daemon_comes_back_and_the_same_build_goes_on(
    stack: Standing, record_property: Record
) -> None:
    daemon, step = stack.buildkit, "head -c 1000 /dev/zero | sha256sum > /sum"
    daemon.build(step)
    failures = []

    def build() -> None:
        with pytest.raises(AssertionError) as failed:
            daemon.build("sleep 6.25")
        failures.append(str(failed.value))

    thread = threading.Thread(target=build)
    thread.start()
    until("the build's step", lambda: runs("sleep 6.25"))
    before = life(stack.container("buildkit"))

    since = kill(stack.container("buildkit"))
    until("the daemon", lambda: has_started_anew(stack.container("buildkit"), before))
    record_property("seconds", since.seconds())
    thread.join()

    assert failures
    assert is_cached(daemon.build(step))
    assert not is_cached(daemon.build("sleep 6.25"))


@pytest.mark.case(
    number=33,
    component="GitLabRunner",
    title="stopped by hand: its job ends well first, nothing of it is left, and it takes jobs again when started",
)
def test_a_busy_runner_that_is_stopped_lets_its_job_end(stack: Standing, slow: str) -> None:
    job, runner = stack.job(slow), stack.container("runner")
    said(stack.container("dind"), "docker", "volume", "create", RELEASE)

    runner.stop()

    assert stack.ended(slow) == "success"
    assert containers_of(stack, job.id) == []
    runner.reload()
    assert runner.attrs["State"]["ExitCode"] == 0
    runner.start()
    stack.green(stack.push("echo the next job"))


@pytest.mark.case(
    number=33,
    component="GitLabRunner",
    title="killed: comes back by itself and takes the next job, but the old one's containers stay and GitLab waits",
    baseline=True,
)
def test_a_killed_runner_comes_back_but_leaves_its_job_behind(
    stack: Standing, slow: str, record_property: Record
) -> None:
    job, before = stack.job(slow), life(stack.container("runner"))

    since = kill(stack.container("runner"))
    until("the runner", lambda: has_started_anew(stack.container("runner"), before))
    next_one = stack.push("echo the next job")
    assert "the next job" in stack.green(next_one)
    record_property("seconds", since.seconds())

    left = containers_of(stack, job.id)
    assert stack.job(slow).status == "running"
    assert left != []
    said(stack.container("dind"), "docker", "rm", "--force", *left)
    stack.project.jobs.get(job.id).cancel()
