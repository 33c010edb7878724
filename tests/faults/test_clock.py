"""A clock that is wrong: certificates made two days ahead of everybody else's time.

libfaketime moves openssl's clock. Daemons and clients are Go programs, which ask the kernel past any library: to them
the same thing happens the other way round, as it does when a host's clock is set back.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from tests.e2e.buildkitd import Buildkitd, deployed
from tests.faults.signs import Clock

pytestmark = pytest.mark.e2e

Record = Callable[[str, object], None]
AHEAD = "+2d"
FORGET = ["/certs/server/cert.pem", "/certs/client/cert.pem"]
LOOK = 'buildctl --tlsdir "$BUILDKIT_TLS_DIR" --timeout 10 debug workers'
STEP = "head -c 1000 /dev/zero | sha256sum > /clock"


@pytest.fixture
def faketime() -> Path:
    """The library, from Debian's package of its name."""
    listed = subprocess.run(["dpkg", "-L", "libfaketime"], capture_output=True, text=True, check=False).stdout
    found = [Path(line) for line in listed.splitlines() if line.endswith("/libfaketime.so.1")]
    assert found, "libfaketime is not installed; `make machine` does, by Debian's package faketime"
    return found[0]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Buildkitd]:
    with deployed(tmp_path) as made:
        yield made


def sign_ahead(daemon: Buildkitd, engine: docker.DockerClient, faketime: Path) -> None:
    """Make the daemon's certificates anew as their maker does, with a clock that is ahead."""
    maker = engine.containers.get(f"{daemon.name}-certificates")
    config = maker.attrs["Config"]
    for entrypoint, command in (["rm"], FORGET), (config["Entrypoint"], config["Cmd"]):
        engine.containers.run(
            config["Image"],
            command,
            entrypoint=entrypoint,
            environment=[*config["Env"], "LD_PRELOAD=/faketime.so", f"FAKETIME={AHEAD}"],
            volumes={str(faketime): {"bind": "/faketime.so", "mode": "ro"}},
            volumes_from=[f"{daemon.name}-certificates"],
            group_add=maker.attrs["HostConfig"]["GroupAdd"],
            network_mode="none",
            remove=True,
        )
    daemon.container().restart()


def maker_of(daemon: Buildkitd) -> str:
    """What Pulumi calls the certificate maker."""
    resources = daemon.cli.exported()["deployment"]["resources"]
    (urn,) = [each["urn"] for each in resources if each["urn"].endswith(f"::{daemon.name}-certificates")]
    return str(urn)


@pytest.mark.case(
    number=12,
    component="BuildkitDaemon",
    title="certificates of a later time are refused as not yet valid; with the clock right, one `pulumi up --replace`"
    " of their maker mends it, and authority and cache stay",
)
def test_certificates_of_a_later_time_are_refused_until_they_are_made_anew(
    daemon: Buildkitd, engine: docker.DockerClient, faketime: Path, record_property: Record
) -> None:
    authority = daemon.authority()
    daemon.build(STEP)
    sign_ahead(daemon, engine, faketime)
    said = daemon.job(LOOK)
    assert said.startswith("exit ")
    assert "not yet valid" in said

    since = Clock()
    daemon.cli.up("--replace", maker_of(daemon))
    record_property("seconds", since.seconds())

    assert not daemon.job(LOOK).startswith("exit ")
    assert daemon.authority() == authority
    assert "CACHED" in daemon.build(STEP)
