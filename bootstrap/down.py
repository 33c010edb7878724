"""`make down`: nothing of ours is left but the cache, the virtual environment and the logs."""

import shutil
import subprocess
from pathlib import Path

import docker
from rich.console import Console

from bootstrap import engine, services
from bootstrap.layout import Layout
from bootstrap.steps import StepFailed

OUR_LABELS = (services.OWNER, "ci-runners.component")


def remove_labelled(client: docker.DockerClient, identity: str) -> list[str]:
    """Remove this checkout's own containers, then their volumes; returns their names."""
    mine: dict[str, str | list[str] | bool] = {"label": f"{services.OWNER}={identity}"}
    gone = []
    for container in client.containers.list(all=True, filters=mine):
        container.remove(force=True)
        gone.append(f"container {container.name}")
    for volume in client.volumes.list(filters=mine):
        volume.remove(force=True)
        gone.append(f"volume {volume.name}")
    return gone


def left(client: docker.DockerClient) -> list[str]:
    """Every container, volume and network that carries a label of ours."""
    found = []
    for label in OUR_LABELS:
        said: dict[str, str | list[str] | bool] = {"label": label}
        found += [f"container {item.name}" for item in client.containers.list(all=True, filters=said)]
        found += [f"volume {item.name}" for item in client.volumes.list(filters=said)]
        found += [f"network {item.name}" for item in client.networks.list(filters=said)]
    return found


def processes_left(places: Layout) -> list[str]:
    """Processes that hold the engine's namespace or were started from `.machine/bin`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if f"{places.run}/" in words or f"{places.bin}/" in words:
            found.append(f"process {folder.name}: {words[:80]}")
    return found


def destroy_stations(places: Layout, console: Console) -> None:
    """`pulumi destroy` of every stack that this checkout holds, inside the engine's namespace."""
    done = subprocess.run(
        [str(places.python), "-m", "bootstrap.cli", "run", str(places.python), "-m", "bootstrap.destroy"],
        cwd=places.root,
        check=False,
    )
    if done.returncode:
        console.print("a stack could not be destroyed; its messages are above", style="bold red")


def down(places: Layout, console: Console) -> None:
    """Destroy, remove, stop; then look whether anything is left, and say so."""
    found = engine.recorded(places)
    if found is None:
        console.print("nothing is up: no engine is recorded")
        return
    gone: list[str] = []
    if engine.answers(found.host):
        destroy_stations(places, console)
        gone = remove_labelled(found.client(), places.identity)
        remains = left(found.client())
    else:
        remains = []
    if found.namespace:
        if engine.stop_own(places):
            gone.append(f"engine and namespace {found.namespace}")
        shutil.rmtree(places.run, ignore_errors=True)
        shutil.rmtree(places.engine_data)
        shutil.rmtree(places.stacks, ignore_errors=True)
    for name in ("secrets/dev-runner-token", "Pulumi.dev.yaml", "Pulumi.yaml", "engine.json"):
        (places.machine / name).unlink(missing_ok=True)
    remains += processes_left(places)
    for line in gone:
        console.print(f"  gone: {line}", highlight=False)
    if remains:
        raise StepFailed(
            "left behind: " + "; ".join(remains),
            tried="make down",
            fix="remove them by hand: docker rm, kill",
        )
    console.print("nothing of ours is left: no container, volume, network or process")
