"""The host's engine ends, by SIGKILL and by SIGTERM, with live-restore and without."""

import signal
from collections.abc import Callable, Iterator

import docker
import pytest

from tests.e2e.buildkitd import is_cached
from tests.e2e.conftest import said
from tests.e2e.pulumi_cli import counts
from tests.e2e.test_config_change import life
from tests.faults.own_engine import OwnEngine, own_engine
from tests.faults.signs import until
from tests.faults.standing import PARTS, Standing

pytestmark = pytest.mark.e2e

Record = Callable[[str, object], None]
COMPONENT = "DindDaemon, BuildkitDaemon, HostDaemon, GitLabRunner"
STEP = "head -c 1000 /dev/zero | sha256sum > /engine"
BUILD = f"printf 'FROM debian:13.1-slim\\nRUN {STEP}\\n' | docker build --progress plain -"
BEGAN, RELEASE = "engine-began", "engine-released"
"""Volumes of the job's daemon: the job makes the one, and goes on once the other is there."""
SLOW = (
    f"docker volume create {BEGAN}; until docker volume inspect {RELEASE} >/dev/null 2>&1; do sleep 0.3; done;"
    " echo the job went on"
)
LIVE_RESTORE = "--live-restore"


@pytest.fixture
def own(stack: Standing) -> Iterator[OwnEngine]:
    """The engine, and the stack that stands on it."""
    with own_engine() as made:
        yield made
    stack.wait_until_well()


def warm(stack: Standing) -> None:
    """Fill the caches of both daemons."""
    stack.green(stack.push(BUILD))
    stack.buildkit.build(STEP)


def assert_whole(stack: Standing) -> None:
    """Real jobs of both runners end well, caches are warm, and there is nothing for Pulumi to mend."""
    assert "CACHED" in stack.green(stack.push(BUILD))
    assert is_cached(stack.buildkit.build(STEP))
    stack.green(stack.push("docker version", tag="dood"))
    assert set(counts(stack.cli.up("--refresh", "--expect-no-changes"))) == {"unchanged"}


def lives(stack: Standing) -> dict[str, tuple[str, str]]:
    return {part: life(stack.container(part)) for part in PARTS}


@pytest.mark.case(
    number=31,
    component=COMPONENT,
    title="without live-restore: everything comes back by itself with its caches, and there is nothing to mend",
)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_everything_comes_back_with_the_hosts_engine(
    stack: Standing, own: OwnEngine, how: signal.Signals, record_property: Record
) -> None:
    warm(stack)
    before = lives(stack)

    since = own.end(how)
    own.start()
    until(
        "a healthy stack", lambda: not stack.ill() and not set(before.values()) & set(lives(stack).values())
    )
    record_property("seconds", since.seconds())

    assert_whole(stack)


@pytest.mark.case(
    number=31,
    component=COMPONENT,
    title="with live-restore and a socket that outlives the engine, as systemd's: a job goes on over its death",
)
def test_with_live_restore_a_job_does_not_notice_that_the_engine_died(
    stack: Standing, own: OwnEngine, record_property: Record
) -> None:
    own.end(signal.SIGTERM)
    own.hold_socket()
    own.start(LIVE_RESTORE)
    stack.wait_until_well()
    warm(stack)
    said(stack.container("dind"), "docker", "volume", "rm", "--force", BEGAN, RELEASE)
    commit = stack.push(SLOW)
    job = stack.running_job(commit)
    began = ["docker", "volume", "inspect", BEGAN]
    until("the job's script", lambda: stack.container("dind").exec_run(began).exit_code == 0)
    before = lives(stack)

    since = own.end(signal.SIGKILL)
    own.start(LIVE_RESTORE)
    until("a healthy stack", lambda: not stack.ill())
    record_property("seconds", since.seconds())

    assert lives(stack) == before
    assert stack.job(commit).status == "running"
    said(stack.container("dind"), "docker", "volume", "create", RELEASE)
    assert "the job went on" in stack.green(commit)
    assert stack.job(commit).id == job.id
    assert_whole(stack)


@pytest.mark.case(
    number=31,
    component="HostDaemon",
    title="with live-restore and a socket that the engine makes anew: the runner of before has the old one",
    baseline=True,
)
def test_with_live_restore_alone_the_hosts_runner_holds_a_socket_that_nobody_answers(
    stack: Standing, own: OwnEngine, engine: docker.DockerClient
) -> None:
    own.end(signal.SIGTERM)
    own.start(LIVE_RESTORE)
    stack.wait_until_well()

    own.end(signal.SIGKILL)
    own.start(LIVE_RESTORE)
    stack.wait_until_well()

    commit = stack.push("docker version", tag="dood")
    assert stack.ended(commit) == "failed"
    engine.containers.get(f"{stack.name}-host-runner").restart()
    stack.green(commit)
