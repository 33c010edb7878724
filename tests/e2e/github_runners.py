"""Three daemons of one program, each with a GitHub runner of another kind of credential."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from tests.e2e.github_forge import address
from tests.e2e.github_jobs import Project, engine_socket, new_app, new_token, wait_for
from tests.e2e.pulumi_cli import PulumiCli, counts

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import BuildkitDaemon, DindDaemon, HostDaemon
from ci_runners.runners.github import GitHubRunner

given = json.loads(Path("given.json").read_text())
kinds = {"dind": DindDaemon, "dood": HostDaemon, "buildkit": BuildkitDaemon}
for way, args in given["daemons"].items():
    name = f"{given['name']}-{way}"
    daemon = kinds[way](name, {"tags": [name], **args})
    if way in given["runners"]:
        GitHubRunner(f"{name}-runner", {"connection": daemon.connection, **given["runners"][way]})
"""
WAYS = ["dind", "dood", "buildkit"]
RESOURCES = 1 + 8 + 3 + 10 + 3 * 8
"""The stack; DinD, the host's engine and BuildKit with what they need; three runners of eight."""
DRAIN_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Runners:
    """Daemons with a GitHub runner each."""

    cli: PulumiCli
    engine: docker.DockerClient
    name: str
    project: Project
    secrets: Mapping[str, str]
    """What no one may see, by way."""

    def label(self, way: str) -> str:
        return f"{self.name}-{way}"

    def container(self, way: str, part: str = "1") -> Container:
        return self.engine.containers.get(f"{self.name}-{way}-runner-{part}")

    def registered(self, way: str) -> list[dict[str, Any]]:
        """A way's runners at the forge."""
        return [one for one in self.project.runners() if one["name"].startswith(f"{self.name}-{way}-runner-")]

    def wait_until_idle(self, way: str) -> dict[str, Any]:
        """Wait for the one runner of a way to be online and without a job."""

        def idle() -> bool:
            return [(one["status"], one["busy"]) for one in self.registered(way)] == [("online", False)]

        wait_for(idle, f"one idle runner of {way}")
        return self.registered(way)[0]

    def given(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.cli.directory / "given.json").read_text())
        return found

    def declare(self, given: dict[str, Any]) -> None:
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def ours(self) -> list[Container]:
        found = self.engine.containers.list(all=True, ignore_removed=True)
        return [one for one in found if (one.name or "").startswith(self.name)]

    def left(self) -> list[str]:
        """Every container, volume and network of ours."""
        volumes = [each.name or "" for each in self.engine.volumes.list()]
        networks = [each.name or "" for each in self.engine.networks.list()]
        names = [*(each.name or "" for each in self.ours()), *volumes, *networks]
        return sorted(name for name in names if name.startswith(self.name))

    def remove(self) -> None:
        """Remove everything without asking Pulumi: the last resort after a failed test."""
        for container in self.ours():
            container.remove(force=True, v=True)
        for volume in self.engine.volumes.list():
            if (volume.name or "").startswith(self.name):
                volume.remove()
        for network in self.engine.networks.list():
            if (network.name or "").startswith(self.name):
                network.remove()
        for image in self.engine.images.list():
            for tag in image.tags:
                if f"/{self.name}/" in tag:
                    self.engine.images.remove(tag)


def declared(name: str, project: Project, credentials: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What the program declares: with a token for a repository, with an App, and with an organization's token."""
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    registries = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
    repository, organization = f"{address()}/{project.path}", f"{address()}/{project.organization.login}"
    where = {"dind": repository, "dood": repository, "buildkit": organization}
    return {
        "name": name,
        "daemons": {
            "dind": {"accept_privileged": True, "daemon_json": registries},
            "dood": {"accept_host_root": True, "socket": engine_socket()},
            "buildkit": {"socket": engine_socket(), **registries},
        },
        "runners": {
            way: {
                "url": where[way],
                "runner_labels": ["extra"],
                "drain_seconds": DRAIN_SECONDS,
                **credentials[way],
            }
            for way in WAYS
        },
    }


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Runners]:
    """Three daemons, each with a runner that is registered."""
    name = f"ghr-{secrets.token_hex(3)}"
    project = Project()
    project.create()
    login = project.organization.login
    credentials: dict[str, dict[str, Any]] = {
        "dind": {"token": new_token(login, {"administration": "write"})},
        "dood": {"app": new_app(login, {"administration": "write"})},
        "buildkit": {"token": new_token(login, {"organization_self_hosted_runners": "write"})},
    }
    # Of a key one line tells as much as the whole.
    hidden = {
        way: given["token"] if "token" in given else given["app"]["private_key"].splitlines()[3]
        for way, given in credentials.items()
    }
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    with contextlib.closing(docker.from_env(timeout=180)) as engine:
        runners = Runners(cli=cli, engine=engine, name=name, project=project, secrets=hidden)
        runners.declare(declared(name, project, credentials))
        try:
            assert counts(cli.up()) == {"created": RESOURCES}
            yield runners
        finally:
            runners.remove()
