"""A job's shell: a container of the way's job image that runs commands, as GitLab Runner's jobs do, and says when.

Commands and output go through two named pipes on a mount, not through the engine: neither the start of a container
nor the engine's own copying of output is in the times.
"""

import os
import select
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

CHANNEL = "/channel"
"""Where the client has the pipes."""
FOLDER = "/builds"
"""Where the client has the projects."""
TIMEOUT_S = 300
_END = "bench-command-ended"


class CommandFailed(RuntimeError):
    """A command of the bench's that had to succeed did not."""


@dataclass(frozen=True, kw_only=True)
class ClientSpec:
    """The container that a job of one way to build runs in."""

    image: str
    environment: Mapping[str, str]
    volumes: tuple[str, ...]
    network: str
    groups: tuple[str, ...] = ()
    capabilities: tuple[str, ...] | None = None
    """The only ones, as in `Connection.job_capabilities`. None: the engine's own set."""


@dataclass(kw_only=True)
class Client:
    """A started client."""

    container: Container
    input: int
    output: int
    folder: Path
    _read: bytes = field(default=b"")

    @classmethod
    def start(
        cls, engine: docker.DockerClient, spec: ClientSpec, *, name: str, folder: Path, labels: dict[str, str]
    ) -> "Client":
        """Start the container; the pipes lie in `folder`, which it makes."""
        folder.mkdir()
        ends = [_pipe(folder / end) for end in ("in", "out")]
        bounded: dict[str, Any] = (
            {}
            if spec.capabilities is None
            else {
                "cap_drop": ["ALL"],
                "cap_add": list(spec.capabilities),
                "security_opt": ["no-new-privileges"],
            }
        )
        container = engine.containers.run(
            spec.image,
            ["-c", f"exec sh <{CHANNEL}/in >{CHANNEL}/out 2>&1"],
            entrypoint=["sh"],
            name=name,
            detach=True,
            labels=labels,
            environment=dict(spec.environment),
            volumes=[*spec.volumes, f"{folder}:{CHANNEL}"],
            network=spec.network or "bridge",
            group_add=list(spec.groups),
            **bounded,
        )
        client = cls(container=container, input=ends[0], output=ends[1], folder=folder)
        client.run("true")
        return client

    def run(self, *commands: str) -> list[float]:
        """Run each command; returns the seconds that each took. Raises `CommandFailed` with what it wrote."""
        seconds = []
        for command in commands:
            started = time.monotonic()
            self.ask(command)
            seconds.append(time.monotonic() - started)
        return seconds

    def ask(self, command: str) -> str:
        """Run a command; returns what it wrote. Raises `CommandFailed` with that."""
        os.write(self.input, f"{{ {command}\n}} </dev/null; code=$?; echo; echo {_END} $code\n".encode())
        code, text = self._answer(command)
        if code:
            raise CommandFailed(f"{self.container.name}: {command}: exit code {code}\n{text}")
        return text

    def _answer(self, command: str) -> tuple[int, str]:
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            before, found, after = self._read.partition(f"\n{_END} ".encode())
            if found and b"\n" in after:
                code, _, self._read = after.partition(b"\n")
                return int(code), before.decode(errors="replace")
            ready, _, _ = select.select([self.output], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise CommandFailed(f"{self.container.name}: {command}: no end after {TIMEOUT_S} s")
            self._read += os.read(self.output, 1 << 16)

    def shim(self) -> int:
        """The process that holds the container's processes on the host."""
        return shim(self.container)

    def remove(self) -> None:
        """End the container and take the pipes away."""
        self.container.remove(force=True, v=True)
        for end in (self.input, self.output):
            os.close(end)
        for pipe in self.folder.iterdir():
            pipe.unlink()
        self.folder.rmdir()


def _pipe(path: Path) -> int:
    """A named pipe, open at both ends, so that neither side waits for the other to open it."""
    os.mkfifo(path)
    path.chmod(0o666)  # whatever user the image runs as
    return os.open(path, os.O_RDWR)


def shim(container: Container) -> int:
    """The containerd-shim of a running container: the parent of its first process."""
    container.reload()
    pid = container.attrs["State"]["Pid"]
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
