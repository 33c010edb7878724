"""The host's engine: its processes, its store, and taking away what the bench left in it and nothing else."""

import contextlib
import socket
import struct
import subprocess
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import docker
from docker.errors import ImageNotFound
from docker.models.containers import Container

from bench.builds.processes import running

PID_FILE = Path("/var/run/docker.pid")
_PEER = "3i"
"""pid, uid and gid, as SO_PEERCRED gives them (unix(7))."""


def roots(path: str) -> list[int]:
    """The processes of the engine behind a socket: dockerd, and a containerd that is not its child.

    Where systemd holds the socket, it is the socket's peer, and dockerd's own file says the process.
    """
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
        raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_PEER))
    pid: int = struct.unpack(_PEER, raw)[0]
    processes = running()
    if processes[pid].name != "dockerd":
        pid = int(PID_FILE.read_text())
    if any(process.parent == pid and process.name == "containerd" for process in processes.values()):
        return [pid]
    alone = [
        each.pid
        for each in processes.values()
        if each.name == "containerd" and processes[each.parent].pid == 1
    ]
    return [pid, *alone]


def disk_mib(folder: Path, *, leave_out: Iterable[str] = ()) -> float:
    """MiB that a folder takes on its own file system."""
    words = ["du", "-skx", *(f"--exclude={folder}/{name}" for name in leave_out), str(folder)]
    # Files come and go under a running daemon; du says so and goes on.
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    return int(done.stdout.split()[0]) / 1024


def mounted_from(container: Container, path: str) -> Path:
    """The folder on the host behind a path of a container."""
    container.reload()
    return next(Path(mount["Source"]) for mount in container.attrs["Mounts"] if mount["Destination"] == path)


def cache_records(engine: docker.DockerClient) -> list[dict[str, Any]]:
    """The engine's build cache."""
    return list(engine.df()["BuildCache"] or [])


def ours(records: Iterable[Mapping[str, Any]], *, before: Collection[str], mark: str) -> list[str]:
    """Ids of the records that the bench's builds made.

    They speak of its images or cache mounts, descend from such ones, or are new and hold the context of some build.
    """
    records = list(records)
    found = [
        record["ID"]
        for record in records
        if mark in record["Description"] or (record["Type"] == "source.local" and record["ID"] not in before)
    ]
    grown = True
    while grown:
        more = [
            record["ID"]
            for record in records
            if record["ID"] not in found
            and {record.get("Parent"), *(record.get("Parents") or [])} & set(found)
        ]
        found += more
        grown = bool(more)
    return found


def clear(engine: docker.DockerClient, *, before: Collection[str], mark: str, keep_mounts: bool) -> None:
    """Take the bench's images and build cache out of the engine; a cache mount is filled again at a price."""
    for image in engine.images.list():
        for name in [*(image.attrs["RepoTags"] or []), *(image.attrs["RepoDigests"] or [])]:
            if mark in name:
                with contextlib.suppress(ImageNotFound):  # went with another name of its own
                    engine.images.remove(name, force=True)
    left = -1
    while True:
        records = cache_records(engine)
        kept = {record["ID"] for record in records if keep_mounts and record["Type"] == "exec.cachemount"}
        wanted = [name for name in ours(records, before=before, mark=mark) if name not in kept]
        if not wanted or len(wanted) == left:
            return
        left = len(wanted)
        for name in reversed(wanted):  # a parent goes after its children
            engine.api.prune_builds(filters=cast(Any, {"id": [name]}), all=True)
