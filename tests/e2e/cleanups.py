"""Daemons of a test's own on the real engine, each with its cleanup: DinD, BuildKit, and the host's own engine."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import docker
from docker.models.containers import Container

from tests.e2e.pulumi_cli import PulumiCli

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import DindDaemon
from ci_runners.daemons.buildkit import BuildkitDaemon
from ci_runners.daemons.host import HostDaemon
from ci_runners.upkeep.cleanup import CacheCleanup

given = json.loads(Path("given.json").read_text())
name, registries, socket = given["name"], given["registries"], {"socket": given["socket"]}
daemons = {
    "dind": DindDaemon(f"{name}-dind", {"accept_privileged": True, "daemon_json": registries}),
    "buildkit": BuildkitDaemon(f"{name}-buildkit", {**socket, **registries}),
    "dood": HostDaemon(f"{name}-dood", {"accept_host_root": True, **socket}),
}
for kind, daemon in daemons.items():
    more = {"schedule": "* * * * *"} if kind == "buildkit" else {}
    cleanup = CacheCleanup(f"{name}-{kind}-cleanup", {"connection": daemon.connection, **more})
    pulumi.export(f"{kind}-volume", cleanup.state_volume)
"""
STATE = "/var/lib/ci-runners-cleanup"
SCRIPT = "/tmp/cleanup"
WAIT_S = 90


@dataclass(frozen=True, kw_only=True)
class Cleanup:
    """One cleanup, and the daemon that it cleans."""

    engine: docker.DockerClient
    name: str
    daemon: str

    def container(self) -> Container:
        return self.engine.containers.get(self.name)

    def do(self, *words: str, **settings: str) -> tuple[int, str]:
        """Run the cleanup's script as its crond does: the exit code, and what it said."""
        done = self.container().exec_run(["sh", SCRIPT, *words], environment=settings)
        return cast(int, done.exit_code), cast(bytes, done.output).decode()

    def receipt(self, *words: str, **settings: str) -> dict[str, Any]:
        """Do something that ends well and writes one receipt."""
        code, said = self.do(*words, **settings)
        assert code == 0, said
        found: dict[str, Any] = json.loads(said)
        return found

    def shell(self, script: str) -> str:
        done = self.container().exec_run(["sh", "-euc", script])
        assert done.exit_code == 0, done.output
        return cast(bytes, done.output).decode().strip()

    def age(self, *references: str) -> None:
        """Let the last uses of these ids be in 1970."""
        self.shell(f"cd {STATE}; sed -i -E 's/({'|'.join(references)}) [0-9]+$/\\1 1/' seen")

    def in_daemon(self, script: str) -> str:
        """A shell script in the daemon's own container."""
        done = self.engine.containers.get(self.daemon).exec_run(["sh", "-euc", script])
        assert done.exit_code == 0, done.output
        return cast(bytes, done.output).decode().strip()

    def log(self) -> list[dict[str, Any]]:
        """The receipts in the container's log."""
        lines = self.container().logs().decode().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@dataclass(frozen=True, kw_only=True)
class Cleanups:
    cli: PulumiCli
    engine: docker.DockerClient
    name: str

    def __getitem__(self, kind: str) -> Cleanup:
        return Cleanup(engine=self.engine, name=f"{self.name}-{kind}-cleanup", daemon=f"{self.name}-{kind}")

    def remove(self) -> None:
        """Remove everything without asking Pulumi."""
        filters: dict[str, str | list[str] | bool] = {"name": self.name}
        for container in self.engine.containers.list(all=True, filters=filters, ignore_removed=True):
            container.remove(force=True, v=True)
        for network in self.engine.networks.list(filters=filters):
            network.remove()
        for volume in self.engine.volumes.list(filters=filters):
            volume.remove()


@contextlib.contextmanager
def deployed(folder: Path) -> Iterator[Cleanups]:
    """Daemons and cleanups that are up; removed at the end, whatever happened."""
    name = f"clean-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    registries = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
    socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    given = {"name": name, "registries": registries, "socket": socket}
    (cli.directory / "given.json").write_text(json.dumps(given))
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        found = Cleanups(cli=cli, engine=engine, name=name)
        try:
            cli.up()
            yield found
        finally:
            found.remove()


def wait_for(what: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < end, f"not so after {WAIT_S} seconds"
        time.sleep(1)
