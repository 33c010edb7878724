"""A rootless buildkitd of a test's own on the real engine, and jobs beside it."""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import docker
import requests
from docker.errors import ContainerError
from docker.models.containers import Container

from ci_runners.images import BUILDKIT, DOCKER_CLI
from tests.e2e.pulumi_cli import PulumiCli

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners.daemons.buildkit import BuildkitDaemon

given = json.loads(Path("given.json").read_text())
daemon = BuildkitDaemon(given["name"], given["args"])
pulumi.export("expiry", daemon.certificate_expiry)
"""
RESOURCES = 11
"""Network, five volumes, three containers (daemon, certificate maker, socket's group), the component, the stack."""

CONTEXT = (
    "export HOME=/tmp; mkdir /tmp/context && cd /tmp/context && printf '%s' \"$DOCKERFILE\" > Dockerfile && "
)
BUILDCTL = (
    f'{CONTEXT}buildctl --tlsdir "$BUILDKIT_TLS_DIR" build --progress plain --frontend dockerfile.v0'
    ' --local context=. --local dockerfile=. --output "type=image,name=$IMAGE,push=true"'
)
"""What a job runs in BuildKit's own image."""
BUILDX = (
    f"{CONTEXT}d=$BUILDKIT_TLS_DIR && docker buildx create --name daemon --driver remote"
    ' --driver-opt "cacert=$d/ca.pem,cert=$d/cert.pem,key=$d/key.pem" "$BUILDKIT_HOST" &&'
    ' docker buildx --builder daemon build --progress plain --push --tag "$IMAGE" .'
)
"""What a job runs in an image with Docker's client."""


@dataclass(frozen=True, kw_only=True)
class Buildkitd:
    """The daemon, by the name that its container, its network and its volumes begin with."""

    cli: PulumiCli
    engine: docker.DockerClient
    name: str

    @property
    def registry(self) -> str:
        return os.environ["CI_RUNNERS_REGISTRY"]

    def declare(self, **args: Any) -> None:  # noqa: ANN401  any argument's value
        """Say what the program declares from now on."""
        socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
        registries = {"registry_mirrors": [f"http://{self.registry}"], "insecure_registries": [self.registry]}
        given = {"name": self.name, "args": {"socket": socket, **registries, **args}}
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def container(self) -> Container:
        """The daemon's container."""
        return self.engine.containers.get(self.name)

    def address(self) -> str:
        """The daemon's address in its own network."""
        return str(self.container().attrs["NetworkSettings"]["Networks"][self.name]["IPAddress"])

    def image(self, tag: str) -> str:
        """An image of this daemon's own in the registry."""
        return f"{self.registry}/{self.name}/app:{tag}"

    def job(
        self,
        script: str,
        *,
        image: str = BUILDKIT,
        environment: dict[str, str] | None = None,
        volumes: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401  Docker's own options
    ) -> str:
        """Run a script as a job would: unprivileged, beside the daemon, with the client's certificate.

        All that it wrote, or where it failed its exit code and its errors.
        """
        options = {"network": self.name, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], **more}
        where = {"BUILDKIT_HOST": f"tcp://{self.name}:1234", "BUILDKIT_TLS_DIR": "/certs/client"}
        mounts = {f"{self.name}-client": "/certs/client", **(volumes or {})}
        try:
            output = self.engine.containers.run(
                image,
                entrypoint=["sh", "-c", script],
                environment={**where, **(environment or {})},
                volumes={name: {"bind": path, "mode": "ro"} for name, path in mounts.items()},
                stderr=True,
                remove=True,
                **options,
            )
        except ContainerError as failure:
            return f"exit {failure.exit_status}: {cast(bytes, failure.stderr).decode()}"
        return cast(bytes, output).decode()

    def build(self, step: str, *, tag: str = "1", script: str = BUILDCTL, **more: Any) -> str:  # noqa: ANN401
        """Build and push an image with one step, and return the build's log."""
        dockerfile = f"FROM debian:13.1-slim\nRUN {step}\n"
        environment = {"DOCKERFILE": dockerfile, "IMAGE": self.image(tag)}
        shown = self.job(script, environment=environment, **more)
        assert "pushing manifest" in shown, shown
        return shown

    def digest(self, tag: str) -> str:
        """The digest under which the registry holds the image."""
        kinds = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
        url = f"http://{self.registry}/v2/{self.name}/app/manifests/{tag}"
        answer = requests.head(url, headers={"Accept": kinds}, timeout=10)
        answer.raise_for_status()
        return str(answer.headers["Docker-Content-Digest"])

    def left(self) -> dict[str, list[str]]:
        """What the engine still holds under the daemon's name."""
        containers = self.engine.containers.list(all=True, filters={"name": self.name}, ignore_removed=True)
        found = {
            "containers": [each.name or "" for each in containers],
            "networks": [each.name or "" for each in self.engine.networks.list(filters={"name": self.name})],
            "volumes": sorted(
                each.name or "" for each in self.engine.volumes.list(filters={"name": self.name})
            ),
        }
        return {kind: names for kind, names in found.items() if names}

    def authority(self) -> str:
        """The authority's public key."""
        output = self.engine.containers.run(
            DOCKER_CLI,
            ["openssl", "pkey", "-in", "/certs/ca/key.pem", "-pubout"],
            volumes={f"{self.name}-ca": {"bind": "/certs/ca", "mode": "ro"}},
            remove=True,
        )
        return output.decode()

    def remove(self) -> None:
        """Remove everything without asking Pulumi: the last resort after a failed test."""
        left = self.left()
        for name in left.get("containers", []):
            self.engine.containers.get(name).remove(force=True, v=True)
        for name in left.get("networks", []):
            self.engine.networks.get(name).remove()
        for name in left.get("volumes", []):
            self.engine.volumes.get(name).remove()


def is_cached(shown: str) -> bool:
    """Whether the step of a build was found in the cache, by the build's log."""
    found = re.search(r"^#(\d+) \[2/2\] RUN .*\n#\1 (CACHED$)?", shown, re.MULTILINE)
    assert found, shown
    return found.group(2) is not None


@contextlib.contextmanager
def deployed(folder: Path, **args: Any) -> Iterator[Buildkitd]:  # noqa: ANN401  any argument's value
    """A daemon that is up; removed at the end, whatever happened."""
    name = f"bk-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        daemon = Buildkitd(cli=cli, engine=engine, name=name)
        daemon.declare(**args)
        try:
            cli.up()
            yield daemon
        finally:
            daemon.remove()
