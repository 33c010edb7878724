"""The ground that is attacked: every kind of daemon with a runner, deployed once for all attacks by one program.

Beside it stand a daemon and a runner as they are often set up by hand: on them the same attacks succeed.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container
from gitlab.v4.objects import Project

from bootstrap.station import connect
from ci_runners.connection import Connection
from ci_runners.images import DOCKER_CLI
from tests.attacks.by_hand import NAIVE, free_port, naive_runner, private_registry
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.test_ways import of_jobs, remove

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import DindDaemon, GitLabRunner
from ci_runners.daemons.buildkit import BuildkitDaemon
from ci_runners.daemons.host import HostDaemon
from ci_runners.daemons.kaniko import Kaniko

given = json.loads(Path("given.json").read_text())
KINDS = {
    "dind": DindDaemon,
    "rootless": DindDaemon,
    "buildkit": BuildkitDaemon,
    "kaniko": Kaniko,
    "dood": HostDaemon,
    "proxied": HostDaemon,
}
for kind, args in given["daemons"].items():
    daemon = KINDS[kind](f"{given['name']}-{kind}", args)
    pulumi.export(kind, daemon.connection)
    if kind in given["runners"]:
        wiring = {"url": given["url"], "connection": daemon.connection}
        GitLabRunner(f"{given['name']}-{kind}-runner", {**wiring, **given["runners"][kind]})
"""
BASE = "debian:13.1-slim"
JOB_MEMORY = "128m"
RUNNERS = ("dind", "buildkit", "kaniko", "dood")


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """Where everything is."""

    name: str
    cli: PulumiCli
    engine: docker.DockerClient
    project: Project
    root_token: str
    marker: Path
    """A file of the host's own."""
    private_port: int
    """Of the registry that asks for a password."""
    connections: dict[str, Connection] = field(default_factory=dict)

    @property
    def registry(self) -> str:
        """The machine's registry, as containers reach it."""
        return os.environ["CI_RUNNERS_REGISTRY"]

    @property
    def private_registry(self) -> str:
        """The registry that asks for a password, as containers reach it."""
        return f"{self.registry.partition(':')[0]}:{self.private_port}"

    @property
    def pushed(self) -> str:
        """The folder of our images in the machine's registry, as the host's engine reaches it without TLS."""
        return f"127.0.0.1:{self.registry.partition(':')[2]}/{self.name}"

    @property
    def pulled(self) -> str:
        """The same folder, as daemons in containers reach it."""
        return f"{self.registry}/{self.name}"

    def container(self, end: str) -> Container:
        return self.engine.containers.get(f"{self.name}-{end}")

    def containers(self) -> list[Container]:
        """Every container of our components that runs."""
        return [
            each
            for each in self.engine.containers.list(ignore_removed=True)
            if (each.name or "").startswith(f"{self.name}-") and "ci-runners.component" in each.labels
        ]

    def client_volume(self, kind: str) -> str:
        """The volume with the certificate of a daemon's clients."""
        (volume,) = self.connections[kind].runner_volumes
        return volume

    def run(self, script: str, *, image: str = BASE, **options: Any) -> str:  # noqa: ANN401  docker-py's own
        """Run a shell script in a container of the host's engine; what it wrote, wherever to."""
        output = self.engine.containers.run(
            image, entrypoint=["sh", "-c", f"{{ {script}\n}} 2>&1; true"], remove=True, **options
        )
        return output.decode(errors="replace") if isinstance(output, bytes) else ""

    def client(self, script: str, kind: str = "dind", **options: Any) -> str:  # noqa: ANN401  docker-py's own
        """Run a script as a client of a daemon: with its certificate, in its network unless another is named."""
        daemon = f"{self.name}-{kind}"
        volumes = [f"{self.client_volume(kind)}:/certs/client:ro", *options.pop("volumes", [])]
        return self.run(
            script, image=DOCKER_CLI, volumes=volumes, **{"network": daemon, "cap_drop": ["ALL"], **options}
        )

    def push_image(self, end: str, dockerfile: str) -> str:
        """Build an image on the host's engine, push it to the machine's registry; its name without the registry."""
        image, _ = self.engine.images.build(fileobj=BytesIO(dockerfile.encode()), rm=True)
        image.tag(f"{self.pushed}/{end}", "1")
        for line in self.engine.images.push(f"{self.pushed}/{end}", "1", stream=True, decode=True):
            assert "error" not in line, line
        return f"{end}:1"


def _daemons(grounds: Grounds, tags: dict[str, list[str]]) -> dict[str, Any]:
    """Arguments of every kind of daemon."""
    engine_socket = {"socket": os.environ["DOCKER_HOST"].removeprefix("unix://")}
    registries = {
        "registry_mirrors": [f"http://{grounds.registry}"],
        "insecure_registries": [grounds.registry, grounds.private_registry],
    }
    dind = {"accept_privileged": True, "memory": 2048, "daemon_json": registries, "tags": tags["dind"]}
    return {
        "dind": dind,
        "rootless": {"variant": "rootless", "memory": 1024, "daemon_json": registries},
        "buildkit": {**engine_socket, **registries, "memory": 1024, "tags": tags["buildkit"]},
        "kaniko": {**engine_socket, **registries, "tags": tags["kaniko"]},
        "dood": {**engine_socket, "accept_host_root": True, "tags": tags["dood"]},
        "proxied": {**engine_socket, "accept_host_root": True, "socket_proxy": True},
    }


def _runners(grounds: Grounds) -> dict[str, Any]:
    """Arguments of the runners, by the kind of their daemon."""
    local = {"concurrent": 2, "check_interval": 1, "pull_policies": ["if-not-present"]}
    images = ("docker:*", f"{grounds.pulled}/*:*", f"{grounds.pulled}/*@*", f"{grounds.private_registry}/*:*")
    dind = {
        "concurrent": 4,
        "check_interval": 1,
        "job_memory": JOB_MEMORY,
        "pull_policies": ["always"],
        "allowed_pull_policies": ["always", "if-not-present"],
        "allowed_images": images,
        "allowed_privileged_services": [f"{grounds.pulled}/trusted:*"],
    }
    return {"dind": dind, "buildkit": local, "kaniko": local, "dood": local}


def _declare(grounds: Grounds, tokens: dict[str, str]) -> None:
    """Say what the program declares."""
    given = {
        "name": grounds.name,
        "url": os.environ["CI_RUNNERS_SANDBOX_URL"],
        "daemons": _daemons(grounds, {kind: [f"{grounds.name}-{kind}"] for kind in RUNNERS}),
        "runners": {kind: {**args, "token": tokens[kind]} for kind, args in _runners(grounds).items()},
    }
    (grounds.cli.directory / "given.json").write_text(json.dumps(given))


def _clean(grounds: Grounds) -> None:
    """Remove everything without asking Pulumi."""
    for container in grounds.engine.containers.list(all=True, ignore_removed=True):
        if (container.name or "").startswith(f"{grounds.name}-"):
            container.remove(force=True, v=True)
    remove(grounds.engine, grounds.name)
    for name in of_jobs(grounds.engine, grounds.project).get("of jobs", []):
        grounds.engine.volumes.get(name).remove(force=True)
    for image in grounds.engine.images.list():
        for tag in image.tags:
            if grounds.name in tag:
                grounds.engine.images.remove(tag)


@contextmanager
def deployed(folder: Path) -> Iterator[Grounds]:
    """The ground, deployed; at the end nothing of it is left."""
    name = f"attacks-{secrets.token_hex(3)}"
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    marker = folder / "marker-of-the-host"
    marker.write_text(f"the host's own file, {name}\n")
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    with ExitStack() as at_the_end:
        engine = at_the_end.enter_context(closing(docker.from_env(timeout=180)))
        grounds = Grounds(
            name=name,
            cli=cli,
            engine=engine,
            project=project,
            root_token=root_token,
            marker=marker,
            private_port=free_port(),
        )
        at_the_end.callback(project.delete)
        at_the_end.callback(_clean, grounds)
        tokens = {
            kind: forge.user.runners.create(  # type: ignore[union-attr]
                {"runner_type": "project_type", "project_id": project.id, "tag_list": [f"{name}-{kind}"]}
            ).token
            for kind in (*RUNNERS, NAIVE)
        }
        private_registry(engine, f"{name}-private", grounds.private_port)
        naive_runner(engine, f"{name}-{NAIVE}-runner", tokens[NAIVE])
        _declare(grounds, tokens)
        cli.up()
        told = json.loads(cli.run("stack", "output", "--json", "--show-secrets"))
        grounds.connections.update({kind: Connection.parse(text) for kind, text in told.items()})
        yield grounds
