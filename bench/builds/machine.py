"""What the ways share: the engine, the registry, and a folder for the run's files."""

import contextlib
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import docker
from docker.errors import NotFound

from bench.builds import engine as host
from bench.builds.client import Client, ClientSpec

LABEL = "ci-runners.bench"
"""On everything that the bench starts itself; what a killed bench left is found by it."""


@dataclass(kw_only=True)
class Machine:
    """The engine and the places of one run."""

    engine: docker.DockerClient
    roots: tuple[int, ...]
    """The engine's own processes."""
    engine_data: Path
    folder: Path
    mark: str
    """In the name of every image, and in the description of every cache mount, that the bench makes."""
    labels: dict[str, str] = field(default_factory=lambda: {LABEL: ""})
    records_before: frozenset[str] = frozenset()
    """Ids of the engine's build cache before the bench's first build."""
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def client(self, spec: ClientSpec, name: str) -> Client:
        """A job's shell."""
        with contextlib.suppress(NotFound):
            self.engine.containers.get(name).remove(force=True, v=True)
        channel = self.folder / f"channel-{next(self._numbers)}"
        return Client.start(self.engine, spec, name=name, folder=channel, labels=self.labels)

    def clear_engine(self, *, keep_mounts: bool) -> None:
        """Take the bench's images and build cache out of the host's engine."""
        host.clear(self.engine, before=self.records_before, mark=self.mark, keep_mounts=keep_mounts)

    def remove_leftovers(self) -> None:
        """Take away what carries the bench's label."""
        for container in self.engine.containers.list(all=True, filters={"label": LABEL}):
            container.remove(force=True, v=True)
        for volume in self.engine.volumes.list(filters={"label": LABEL}):
            volume.remove(force=True)
