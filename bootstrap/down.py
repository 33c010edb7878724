"""`make down`: nothing of ours is left but the cache, the virtual environment and the logs."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import docker
from rich.console import Console

from bootstrap import engine, services
from bootstrap.layout import Layout
from bootstrap.steps import StepFailed

PLUGIN_SECONDS = 10
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


def remove_all(client: docker.DockerClient) -> list[str]:
    """Remove every container of an engine of our own: dockerd would wait for each as long as it may take to stop."""
    gone = []
    for container in client.containers.list(all=True, ignore_removed=True):
        container.remove(force=True, v=True)
        gone.append(f"container {container.name}")
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


def ours(places: Layout) -> dict[int, str]:
    """Processes of our engine or started from `.machine/bin`: their ids and command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if f"{places.run}/" in words or f"{places.bin}/" in words:
            found[int(folder.name)] = words
    return found


def end_shims(places: Layout) -> None:
    """End what an engine that was killed has left: each container's first process, and the shim that watches it."""
    shims = [process for process, words in ours(places).items() if f"{places.run}/" in words]
    for shim in shims:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            children = Path(f"/proc/{shim}/task/{shim}/children").read_text().split()
            for process in [*map(int, children), shim]:
                os.kill(process, signal.SIGKILL)


def end_plugins(places: Layout) -> None:
    """End plugins whose `pulumi` was killed: each is in a process group of its own, and outlives it."""
    deadline = time.monotonic() + PLUGIN_SECONDS
    while plugins := [
        process for process, words in ours(places).items() if words.startswith(f"{places.bin}/pulumi-")
    ]:
        for process in plugins:
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(process, signal.SIGKILL)
        if time.monotonic() > deadline:
            return  # whoever asks what is left will name them
        time.sleep(0.1)


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
    remains: list[str] = []
    if engine.answers(found.host):
        destroy_stations(places, console)
        client = found.client()
        gone = remove_labelled(client, places.identity)
        if found.namespace:
            gone += remove_all(client)  # volumes and networks go with the engine's data
        else:
            remains = left(client)
    end_plugins(places)
    if found.namespace:
        if engine.stop_own(places):
            gone.append(f"engine and namespace {found.namespace}")
        end_shims(places)
        shutil.rmtree(places.run, ignore_errors=True)
        while places.engine_data.is_mount():  # a dockerd that was killed leaves its folder mounted on itself
            subprocess.run(["umount", str(places.engine_data)], check=True)
        shutil.rmtree(places.engine_data)
        shutil.rmtree(places.stacks, ignore_errors=True)
    for name in ("secrets/dev-runner-token", "Pulumi.dev.yaml", "Pulumi.yaml", "engine.json"):
        (places.machine / name).unlink(missing_ok=True)
    remains += [f"process {number}: {words[:80]}" for number, words in ours(places).items()]
    for line in gone:
        console.print(f"  gone: {line}", highlight=False)
    if remains:
        raise StepFailed(
            "left behind: " + "; ".join(remains),
            tried="make down",
            fix="remove them by hand: docker rm, kill",
        )
    console.print("nothing of ours is left: no container, volume, network or process")
