"""A registry that wants a login, daemons, and act: what it takes to run rendered workflows for real."""

import contextlib
import io
import os
import secrets
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import docker
import requests
from docker.models.containers import Container

from bootstrap.images import LABEL as STAND_IN
from ci_runners.connection import Connection, DaemonKind
from ci_runners.images import BUILDKIT, DOCKER_CLI, DOCKER_DIND, REGISTRY
from ci_runners.render.actions import ACTIONS
from ci_runners.render.github_runner import Placement
from ci_runners.render.github_workflow import HOSTED_BUILDKIT, HOSTED_RUNNER
from tests.e2e.pulumi_cli import REPOSITORY

USER, PASSWORD = "mona", "made-up-registry-password"
HTPASSWD = f"{USER}:$2b$05$abcdefghijklmnopqrstuu6tY6drX5oG6Bilmwq3gX5S1KxrmTeRe"
"""The password as bcrypt has it."""
RUNNER_UID = "1001"
"""Of the user `runner` in the official image."""
MANIFESTS = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
]
ATTESTATIONS = {"https://spdx.dev/Document", "https://slsa.dev/provenance/v1"}
COMMITTER = ["-c", "user.name=Mona", "-c", "user.email=mona@example.com"]
DAEMONS = [DaemonKind.DIND, DaemonKind.DOOD, DaemonKind.BUILDKIT]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the tests of this file share: a registry and three daemons."""

    engine: docker.DockerClient
    name: str
    host_registry: str
    """The registry on the engine's own loopback, where the engine speaks plain HTTP."""
    registry: str
    """The same one, where every container finds it."""
    connections: Mapping[DaemonKind, Connection]

    def manifest(self, image: str, tag: str) -> "requests.Response":
        """What the registry holds of an image."""
        accepted = ",".join(MANIFESTS)
        url = f"http://{self.host_registry}/v2/{image}/manifests/{tag}"
        return requests.get(url, headers={"Accept": accepted}, auth=(USER, PASSWORD), timeout=30)


def archive(files: Mapping[str, bytes | Path], *, mode: int = 0o644) -> bytes:
    """A tar of files and folders by their names, all of them the runner's user's."""

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = int(RUNNER_UID)
        return member

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            if isinstance(content, Path):
                tar.add(content, name, filter=owned)
            else:
                member = tarfile.TarInfo(name)
                member.size, member.mode = len(content), mode
                tar.addfile(owned(member), io.BytesIO(content))
    return buffer.getvalue()


def working_copy(folder: Path, workflow: str, branch: str) -> str:
    """Make a repository of the demo project and this workflow; returns its commit."""
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "build.yml").write_text(workflow)
    for file in (REPOSITORY / "bootstrap" / "demo").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout

    git("init", "--quiet", f"--initial-branch={branch}")
    git("add", "--all")
    git(*COMMITTER, "commit", "--quiet", "--message=Build it")
    git("remote", "add", "origin", "https://github.com/Octo-Org/App")
    return git("rev-parse", "HEAD").strip()


def act(container: Container, source: Path, *platforms: str, password: str = PASSWORD) -> tuple[int, str]:
    """Let act run a repository's workflow in a container; its exit code and what it wrote."""
    program = Path(os.environ["VIRTUAL_ENV"], "bin", "act")
    container.put_archive(
        "/opt", archive({"act": program, "actions": REPOSITORY / "bootstrap" / "actions", "source": source})
    )
    local = [f"--local-repository={action.uses}=/opt/actions/{action.name}" for action in ACTIONS]
    # What a question would be asked about, act finds answered by an empty file.
    start = "mkdir -p $HOME/.config/act && touch $HOME/.config/act/actrc && cd /opt/source && exec /opt/act"
    words = ["push", "--no-cache-server", "--secret=REGISTRY_USER", "--secret=REGISTRY_PASSWORD", *local]
    ran = container.exec_run(
        ["sh", "-c", f'{start} "$@"', "act", *words, *platforms],
        environment={"HOME": "/tmp/act", "REGISTRY_USER": USER, "REGISTRY_PASSWORD": password},
    )
    shown = cast(bytes, ran.output).decode(errors="replace")
    assert password not in shown
    return int(ran.exit_code or 0), shown


def start_registry(engine: docker.DockerClient, name: str, gateway: str) -> Container:
    """A registry that knows one user, on the engine's loopback and on its gateway."""
    made: Container = engine.containers.create(
        REGISTRY,
        name=f"{name}-registry",
        environment={
            "REGISTRY_AUTH": "htpasswd",
            "REGISTRY_AUTH_HTPASSWD_REALM": "made up",
            "REGISTRY_AUTH_HTPASSWD_PATH": "/htpasswd",
        },
        ports=cast(Any, {"5000/tcp": [("127.0.0.1", None), (gateway, None)]}),
    )
    made.put_archive("/", archive({"htpasswd": HTPASSWD.encode()}))
    made.start()
    made.reload()
    return made


def remove(engine: docker.DockerClient, name: str) -> None:
    """Remove what a failed test has left, and the images that the host's own engine built."""
    for container in engine.containers.list(all=True, ignore_removed=True):
        if (container.name or "").startswith(name):
            container.remove(force=True, v=True)
    for image in engine.images.list():
        for tag in image.tags:
            if f"/{name}-" in tag:
                engine.images.remove(tag, force=True)


@contextlib.contextmanager
def placed(machine: Machine, place: Placement) -> Iterator[Container]:
    """A container that is placed as a runner's, with its user."""
    (network,) = place.networks or ("bridge",)
    container: Container = machine.engine.containers.run(
        DOCKER_CLI,
        ["sleep", "infinity"],
        entrypoint=[],
        name=f"{machine.name}-{secrets.token_hex(3)}",
        user=RUNNER_UID,
        group_add=list(place.groups),
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        network=network,
        environment=dict(place.environment),
        volumes=[f"{mount.source}:{mount.path}{':ro' if mount.read_only else ''}" for mount in place.mounts],
        init=True,
        detach=True,
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


ON_HOSTED = (
    f"--platform={HOSTED_RUNNER}={DOCKER_CLI}",
    "--container-daemon-socket=unix:///var/run/docker.sock",
    "--container-options=-v /opt/buildkitd.toml:/root/.docker/buildx/buildkitd.default.toml:ro",
)
"""How act runs a hosted job there."""


@contextlib.contextmanager
def hosted_machine(engine: docker.DockerClient, name: str, registry: str) -> Iterator[Container]:
    """A machine like GitHub's own: an engine, and a buildx that is told where this machine's registries are."""
    mirror = os.environ["CI_RUNNERS_REGISTRY"]
    plain = dict.fromkeys((mirror, registry))
    container: Container = engine.containers.run(
        DOCKER_DIND,
        [f"--registry-mirror=http://{mirror}", *(f"--insecure-registry={host}" for host in plain)],
        name=name,
        privileged=True,
        detach=True,
    )
    buildkitd = f'[registry."docker.io"]\nmirrors = ["{mirror}"]\n' + "".join(
        f'[registry."{host}"]\nhttp = true\n' for host in plain
    )
    # A stand-in: BuildKit's official image has its daemon as root, ours only as an ordinary user.
    dockerfile = (
        f"FROM {BUILDKIT}\nUSER root\nENV HOME=/root BUILDKIT_HOST=unix:///run/buildkit/buildkitd.sock\n"
        f'LABEL {STAND_IN}="{BUILDKIT} as root"\nENTRYPOINT ["buildkitd"]\n'
    )
    wait = "for second in $(seq 60); do docker version > /dev/null 2>&1 && break; sleep 1; done"
    try:
        container.put_archive(
            "/opt",
            archive({"buildkitd.toml": buildkitd.encode(), "buildkit/Dockerfile": dockerfile.encode()}),
        )
        ran = container.exec_run(["sh", "-c", f"{wait}; docker build --tag {HOSTED_BUILDKIT} /opt/buildkit"])
        assert ran.exit_code == 0, ran.output
        yield container
    finally:
        container.remove(force=True, v=True)


def attested(machine: Machine, image: str, manifest: Mapping[str, Any]) -> set[str]:
    """The kinds of attestations beside an image."""
    (beside,) = [
        one
        for one in manifest["manifests"]
        if one.get("annotations", {}).get("vnd.docker.reference.type") == "attestation-manifest"
    ]
    layers = machine.manifest(image, beside["digest"]).json()["layers"]
    return {layer["annotations"]["in-toto.io/predicate-type"] for layer in layers}
