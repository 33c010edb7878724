"""The containers that stand beside a station while it is tried: a registry and the two sandboxes."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound
from docker.models.containers import Container

from bootstrap import engine, images
from bootstrap.layout import Layout
from bootstrap.steps import How, Outcome, StepFailed
from ci_runners.images import REGISTRY

OWNER = "ci-runners.bootstrap"
"""The label by which everything that this package starts is found again; its value is the checkout's identity."""

RESTART: Any = {"Name": "always"}
"""The SDK's annotations also want a count of tries, which the engine refuses beside this policy."""


def secret_file(places: Layout, name: str, *, prefix: str = "") -> Path:
    """A secret of this checkout, made at first use: 0600, never printed."""
    file = places.machine / "secrets" / name
    if not file.is_file():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = file.with_name(f".{name}-{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(f"{prefix}{secrets.token_urlsafe(24)}")
        # Steps run side by side: the first one's secret stays.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, file)
        fresh.unlink()
    return file


def addresses(places: Layout) -> dict[str, str]:
    """Where the sandbox and the registry are, for the programs and tests that talk to them."""
    found = engine.recorded(places)
    if found is None:
        raise StepFailed("no engine is recorded", tried=".machine/engine.json", fix="run `make up`")
    gateway = found.gateway()
    return {
        "CI_RUNNERS_SANDBOX_URL": f"http://{gateway}:{engine.SANDBOX_PORT}",
        "CI_RUNNERS_SANDBOX_TOKEN_FILE": str(secret_file(places, "sandbox-root-token")),
        "CI_RUNNERS_GITHUB_URL": f"http://{gateway}:{engine.GITHUB_PORT}",
        "CI_RUNNERS_GITHUB_TOKEN_FILE": str(secret_file(places, "github-token", prefix="ghp_")),
        "CI_RUNNERS_REGISTRY": f"{gateway}:{engine.REGISTRY_PORT}",
    }


def _find(client: docker.DockerClient, name: str) -> Container | None:
    try:
        return client.containers.get(name)
    except NotFound:
        return None


def _ensure(
    places: Layout,
    name: str,
    image: str,
    *,
    port: int,
    volume: str,
    environment: dict[str, str],
    command: list[str],
    entrypoint: list[str] | None = None,
) -> Outcome:
    """A running container of the image as it is now, published on loopback and on the engine's gateway."""
    client = images.client_of(places)
    full = f"{places.namespace}-{name}"
    wanted = client.images.get(image).id
    there = _find(client, full)
    if there and there.status == "running" and there.image and there.image.id == wanted:
        return Outcome(how=How.FOUND, source=f"running, port {port}")
    if there is not None:
        there.remove(force=True)
    gateway = addresses(places)["CI_RUNNERS_REGISTRY"].split(":")[0]
    labels = {OWNER: places.identity}
    data = client.volumes.create(name=f"{full}-data", labels=labels).name or ""
    # The SDK's annotations know one address a port; the engine and the SDK itself take a list of them.
    ports: dict[str, Any] = {f"{port}/tcp": [("127.0.0.1", port), (gateway, port)]}
    client.containers.run(
        image,
        command,
        entrypoint=entrypoint,
        name=full,
        detach=True,
        labels=labels,
        environment=environment,
        ports=ports,
        volumes={data: {"bind": volume, "mode": "rw"}},
        restart_policy=RESTART,
    )
    return Outcome(how=How.BUILT, source=f"container {full}, port {port}")


def ensure_registry(places: Layout) -> Outcome:
    """Where jobs push their images, and where daemons look for the stand-ins."""
    return _ensure(
        places,
        "registry",
        REGISTRY,
        port=engine.REGISTRY_PORT,
        volume="/var/lib/registry",
        environment={},
        command=[],
    )


def ensure_sandbox(places: Layout) -> Outcome:
    """The stand-in GitLab."""
    where = addresses(places)
    return _ensure(
        places,
        "sandbox",
        images.SANDBOX,
        port=engine.SANDBOX_PORT,
        volume="/var/lib/sandbox",
        environment={
            "SANDBOX_ROOT_TOKEN": secret_file(places, "sandbox-root-token").read_text(),
        },
        command=[
            "--external-url",
            where["CI_RUNNERS_SANDBOX_URL"],
            "--registry",
            where["CI_RUNNERS_REGISTRY"],
        ],
    )


def ensure_github(places: Layout) -> Outcome:
    """The stand-in GitHub: another program in the sandbox's image."""
    where = addresses(places)
    port = engine.GITHUB_PORT
    return _ensure(
        places,
        "github",
        images.SANDBOX,
        port=port,
        volume="/var/lib/sandbox",
        environment={
            "SANDBOX_GITHUB_TOKEN": Path(where["CI_RUNNERS_GITHUB_TOKEN_FILE"]).read_text(),
            "SANDBOX_PORT": str(port),
        },
        entrypoint=["python3", "-m", "sandbox.github"],
        command=[
            "--listen",
            f"0.0.0.0:{port}",
            "--data",
            "/var/lib/sandbox",
            "--external-url",
            where["CI_RUNNERS_GITHUB_URL"],
        ],
    )
