"""A daemon pulls through a mirror: what it fetched once is there when the mirrored registry is gone."""

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import docker
import pytest
from docker.models.containers import Container

from tests.e2e.conftest import Station, said
from tests.e2e.pulumi_cli import PulumiCli, counts
from tests.e2e.relay import Relay

pytestmark = pytest.mark.e2e

PROGRAM = """
from pathlib import Path

import pulumi

from ci_runners import BuildkitDaemon, DindDaemon, RegistryMirror

name, upstream, socket = Path("given.txt").read_text().split()
mirror = RegistryMirror(f"{name}-mirror", {"remote_url": upstream})
mirrors = [f"http://{name}-mirror:5000"]
networks = [f"{name}-mirror"]
after_it = pulumi.ResourceOptions(depends_on=[mirror])
pulumi.export("url", mirror.url)
"""
DIND = """
daemon_json = {"registry_mirrors": mirrors, "insecure_registries": [f"{name}-mirror:5000"]}
args = {"accept_privileged": True, "networks": networks, "daemon_json": daemon_json}
DindDaemon(f"{name}-daemon", args, after_it)
"""
BUILDKIT = """
args = {"socket": socket, "networks": networks, "registry_mirrors": mirrors}
BuildkitDaemon(f"{name}-daemon", args, after_it)
"""
RESOURCES = 13
"""With DinD. The stack; of the mirror itself, network, volume and container; of the daemon itself, network, four volumes and
two containers."""
IMAGE = "debian:13.1-slim"
OTHER_IMAGE = "docker:29.7.2-cli"
"""In the mirrored registry too, and never pulled while it can be reached."""
BUILD = """
mkdir -p /tmp/context && printf 'FROM %s\\nRUN echo it is here > /here\\n' "$1" > /tmp/context/Dockerfile &&
  buildctl build --progress plain --frontend dockerfile.v0 \\
    --local context=/tmp/context --local dockerfile=/tmp/context 2>&1
"""


@pytest.fixture
def relay() -> Iterator[Relay]:
    one = Relay(os.environ["CI_RUNNERS_REGISTRY"])
    yield one
    one.cut()


@pytest.fixture
def mirrored(
    tmp_path: Path, engine: docker.DockerClient, relay: Relay, request: pytest.FixtureRequest
) -> Iterator[Station]:
    """A mirror and a daemon that uses it, not yet deployed; removed at the end, whatever happened.

    DinD, where a test does not ask for another daemon.
    """
    name = f"e2e-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM + getattr(request, "param", DIND))
    socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    (cli.directory / "given.txt").write_text(f"{name} {relay.url} {socket}")
    one = Station(cli=cli, engine=engine, name=name, token="")
    try:
        yield one
    finally:
        one.remove()


def mirror_of(station: Station) -> Container:
    return station.engine.containers.get(f"{station.name}-mirror")


def stored(mirror: Container) -> set[str]:
    """Digests of everything that the mirror has on its volume."""
    files = said(mirror, "find", "/var/lib/registry", "-name", "data").split()
    return {f"sha256:{Path(file).parent.name}" for file in files}


def attempt(station: Station, *words: str) -> tuple[int, str]:
    """A docker command in the daemon's container."""
    ran = station.daemon().exec_run(["docker", *words])
    return cast(int, ran.exit_code), cast(bytes, ran.output).decode()


def built(station: Station, image: str) -> tuple[int, str]:
    """A build on top of an image in BuildKit's container, and its log."""
    ran = station.daemon().exec_run(["sh", "-c", BUILD, "sh", image])
    return cast(int, ran.exit_code), cast(bytes, ran.output).decode()


def assert_hardened(mirror: Container) -> None:
    status = dict(line.split(":", 1) for line in said(mirror, "cat", "/proc/1/status").splitlines())
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16)) == (0, 0)
    assert status["NoNewPrivs"].strip() == "1"
    assert said(mirror, "stat", "-c", "%a", "/etc/registry.yml").strip() == "600"
    assert mirror.attrs["HostConfig"]["PortBindings"] in ({}, None)


def test_what_was_pulled_once_is_there_without_the_registry(mirrored: Station, relay: Relay) -> None:
    mirrored.cli.up()
    mirror = mirror_of(mirrored)
    assert_hardened(mirror)
    assert mirrored.cli.output("url") == f"http://{mirror.name}:5000"
    assert stored(mirror) == set()

    before = relay.connections
    assert attempt(mirrored, "pull", IMAGE)[0] == 0
    assert relay.connections > before
    digests = said(mirrored.daemon(), "docker", "image", "inspect", IMAGE, "--format", "{{.RepoDigests}}")
    digest = digests.strip("[]\n").partition("@")[2]
    assert digest in stored(mirror)

    relay.cut()
    assert attempt(mirrored, "rmi", IMAGE)[0] == 0
    exit_code, shown = attempt(mirrored, "run", "--rm", IMAGE, "echo", "it is here")
    assert exit_code == 0, shown
    assert shown.endswith("it is here\n")
    exit_code, shown = attempt(mirrored, "pull", OTHER_IMAGE)
    assert exit_code != 0, shown

    changed = f"{mirror.name}:5000/library/debian:13.1-slim"
    assert attempt(mirrored, "tag", IMAGE, changed)[0] == 0
    exit_code, shown = attempt(mirrored, "push", changed)
    assert exit_code != 0
    assert "unsupported" in shown


@pytest.mark.parametrize("mirrored", [BUILDKIT], indirect=True, ids=["buildkit"])
def test_what_buildkit_built_on_once_is_there_without_the_registry(mirrored: Station, relay: Relay) -> None:
    mirrored.cli.up()
    mirror = mirror_of(mirrored)
    assert stored(mirror) == set()

    before = relay.connections
    exit_code, shown = built(mirrored, IMAGE)
    assert exit_code == 0, shown
    assert relay.connections > before
    digest = re.search(rf"FROM docker.io/library/{re.escape(IMAGE)}@(sha256:[0-9a-f]{{64}})", shown)
    assert digest, shown
    assert digest[1] in stored(mirror)

    relay.cut()
    said(mirrored.daemon(), "buildctl", "prune", "--all")
    assert re.search(r"^Total:\s+0B$", said(mirrored.daemon(), "buildctl", "du"), re.MULTILINE)
    exit_code, shown = built(mirrored, IMAGE)
    assert exit_code == 0, shown
    assert f"{IMAGE}@{digest[1]}" in shown
    assert "CACHED" not in shown
    exit_code, shown = built(mirrored, OTHER_IMAGE)
    assert exit_code != 0, shown


def test_nothing_changes_by_itself_and_nothing_stays(mirrored: Station) -> None:
    mirrored.cli.run("preview")
    mirrored.cli.up()
    volumes = mirrored.volumes()

    assert counts(mirrored.cli.up("--expect-no-changes")) == {"unchanged": RESOURCES}
    for _ in range(2):
        assert counts(mirrored.cli.up("--refresh", "--expect-no-changes")) == {"unchanged": RESOURCES}

    mirrored.cli.run("destroy", "--yes", "--skip-preview")
    assert mirrored.left(volumes) == {}
