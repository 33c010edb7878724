"""Stations of a test's own on the real engine: daemons and runners in a Pulumi project of its own."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import docker
import pytest
from docker.errors import NotFound
from docker.models.containers import Container
from docker.models.networks import Network

from tests.e2e.pulumi_cli import PulumiCli

LABEL = "ci-runners.component"

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import DindDaemon, GitLabRunner

given = json.loads(Path("given.json").read_text())
for name, station in given["stations"].items():
    daemon = DindDaemon(f"{name}-daemon", {"accept_privileged": True, **station["daemon"]})
    wiring = {"url": given["url"], "token": given["token"], "connection": daemon.connection}
    runner = GitLabRunner(f"{name}-runner", {**wiring, **station["runner"]})
    pulumi.export(f"{name}-connection", daemon.connection)
    pulumi.export(f"{name}-expiry", daemon.certificate_expiry)
    pulumi.export(f"{name}-container", runner.container_name)
"""

RESOURCES = 12
"""Of one station: its network, five volumes, four containers (daemon, certificate maker, writer, runner), two
components."""


@dataclass(frozen=True, kw_only=True)
class Station:
    """A station; or several, for the price of one run of Pulumi, each with a name of its own that begins with `name`.

    Their token is made up: the runners start, are refused by the sandbox, and wait.
    """

    cli: PulumiCli
    engine: docker.DockerClient
    name: str
    token: str

    @property
    def daemon_name(self) -> str:
        return f"{self.name}-daemon"

    @property
    def runner_name(self) -> str:
        return f"{self.name}-runner"

    def declare(self, *, daemon: dict[str, Any] | None = None, runner: dict[str, Any] | None = None) -> None:
        """Say what the program declares from now on: one station."""
        self._write({self.name: {"daemon": daemon or {}, "runner": runner or {}}})

    def declare_several(self, stations: Mapping[str, dict[str, Any]]) -> None:
        """Say what the program declares from now on: `daemon` and `runner` of several stations."""
        self._write({f"{self.name}-{name}": station for name, station in stations.items()})

    def _write(self, stations: dict[str, dict[str, Any]]) -> None:
        given = {"stations": stations, "url": os.environ["CI_RUNNERS_SANDBOX_URL"], "token": self.token}
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def renew_token(self) -> str:
        """Say that the token is another one from now on, and which."""
        file = self.cli.directory / "given.json"
        fresh = made_up_token()
        file.write_text(json.dumps({**json.loads(file.read_text()), "token": fresh}))
        return fresh

    def _is_ours(self, labels: Mapping[str, str] | None) -> bool:
        return (labels or {}).get(LABEL, "").startswith(f"{self.name}-")

    def daemon(self) -> Container:
        """The daemon's container."""
        return self.engine.containers.get(self.daemon_name)

    def runner(self) -> Container:
        """The runner's container."""
        return self.engine.containers.get(self.runner_name)

    def containers(self) -> list[Container]:
        """Every container, ended ones too."""
        # Other tests' containers come and go meanwhile.
        found = self.engine.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        return [container for container in found if self._is_ours(container.labels)]

    def volumes(self) -> set[str]:
        """Every volume: by label, and those without one that the containers hold."""
        labelled = [
            volume.name or ""
            for volume in self.engine.volumes.list(filters={"label": LABEL})
            if self._is_ours(volume.attrs["Labels"])
        ]
        mounts = [mount for each in self.containers() for mount in each.attrs["Mounts"]]
        mounted = [mount["Name"] for mount in mounts if mount["Type"] == "volume"]
        return {*labelled, *mounted}

    def networks(self) -> list[Network]:
        """Every network."""
        found = self.engine.networks.list(filters={"label": LABEL})
        return [network for network in found if self._is_ours(network.attrs["Labels"])]

    def left(self, volumes: set[str]) -> dict[str, list[str]]:
        """What the engine holds of the stations, and of the volumes that they had."""
        there = {volume.name for volume in self.engine.volumes.list()}
        left = {
            "containers": [container.name or "" for container in self.containers()],
            "networks": [network.name or "" for network in self.networks()],
            "volumes": sorted(self.volumes() | (volumes & there)),
        }
        return {kind: names for kind, names in left.items() if names}

    def remove(self) -> None:
        """Remove everything without asking Pulumi: the last resort after a failed test."""
        volumes = self.volumes()
        for container in self.containers():
            container.remove(force=True, v=True)
        for network in self.networks():
            network.remove()
        for volume in volumes:
            with contextlib.suppress(NotFound):
                self.engine.volumes.get(volume).remove()


def said(container: Container, *words: str, privileged: bool = False) -> str:
    """What a command in a running container writes; it must succeed."""
    ran = container.exec_run(list(words), privileged=privileged)
    assert ran.exit_code == 0, ran.output
    return cast(bytes, ran.output).decode()


def made_up_token() -> str:
    """A token of the right form that no GitLab gave."""
    return f"glrt-{secrets.token_hex(10)}"


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    """The engine that `bootstrap run` names in DOCKER_HOST."""
    assert "DOCKER_HOST" in os.environ, "DOCKER_HOST is not set; `make test` sets it to the engine"
    with contextlib.closing(docker.from_env(timeout=120)) as client:
        yield client


@pytest.fixture
def station(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Station]:
    """A station with a name of its own, not yet deployed; removed at the end, whatever happened."""
    name = f"e2e-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    one = Station(cli=cli, engine=engine, name=name, token=made_up_token())
    one.declare()
    try:
        yield one
    finally:
        one.remove()
