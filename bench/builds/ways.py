"""The ways to build that are compared: what a job of each runs, which processes build, and where they keep layers."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from docker.models.containers import Container

from bench.builds import engine
from bench.builds.client import FOLDER, Client, ClientSpec, shim
from bench.builds.machine import Machine
from bench.builds.processes import Use
from bench.builds.registry import PORT
from bench.builds.rows import Mode
from bench.builds.stack import BUILDKIT, DOOD, KANIKO, NAME
from ci_runners.connection import Connection, DaemonKind
from ci_runners.render.build_scripts import SCRIPTS, Build
from ci_runners.render.buildkit import STATE
from ci_runners.render.gitlab_ci import GITLAB

WITHOUT_MOUNT = (Mode.COLD, Mode.WARM, Mode.CHANGED)
WITH_MOUNT = (*WITHOUT_MOUNT, Mode.MOUNT)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A builder that is there, with a job's shell beside it."""

    client: Client
    roots: Callable[[], list[int]]
    """The processes whose trees build, and the shell's."""
    store: Path | None
    """Where the builder keeps images and layers. None: nowhere on this machine."""
    left_out: tuple[str, ...] = ()
    """Folders of the store that hold something else."""
    start: tuple[float, Use] | None = None
    """Seconds and use of the builder's own start, where it was started for this build."""


class Way:
    """One way to build: a daemon that stays from build to build, and a shell that stays with it."""

    name: ClassVar[str]
    kind: ClassVar[DaemonKind]
    daemon: ClassVar[str] = ""
    """The daemon's container, by its name. Empty: none that stays."""
    state: ClassVar[str] = ""
    """Where the daemon keeps images and layers, in its container."""
    version: ClassVar[str]
    """The command that says the builder's version."""
    clearing: ClassVar[str] = ""
    """The command that empties the store, but for cache mounts. Empty: nothing is to be done."""
    modes: ClassVar[tuple[Mode, ...]] = WITHOUT_MOUNT
    warm_builds: ClassVar[int] = 3
    """How often a warm build is measured in one run: it is short, and so is its time's distance from noise."""
    projects: ClassVar[tuple[str, ...]] = ()
    """The only projects that are built this way. Empty: all."""
    layer_cache: ClassVar[bool] = False
    """Whether the pipeline names a repository for layers."""
    mirrored: ClassVar[bool] = False
    """Whether base images come from a mirror."""

    def __init__(self, machine: Machine, connections: Mapping[str, Connection], registry: str) -> None:
        self.machine = machine
        self.registry = registry
        self.connection = connections[self.connected_to()]
        self.folder = machine.folder / "contexts" / self.name
        self.folder.mkdir(parents=True)
        self._client: Client | None = None

    def connected_to(self) -> str:
        """The component of the stack whose connection it is."""
        return self.daemon

    @property
    def bases(self) -> str:
        """What this way's Dockerfiles have before `slim` and `compiler`."""
        return f"{NAME}/" if self.mirrored else f"{self.registry}/{NAME}/"

    def repository(self, project: str) -> str:
        """Where the built image goes, without the registry."""
        return f"{NAME}/{self.name}-{project}"

    def builds(self, project: str) -> bool:
        """Whether the project is built this way."""
        return not self.projects or project in self.projects

    def script(self, mode: Mode) -> list[str]:
        """A job's own commands, as in the rendered pipeline, without the first, which only says who is there."""
        dockerfile = "Dockerfile.mount" if mode is Mode.MOUNT else "Dockerfile"
        cache = "$CACHE" if self.layer_cache else ""
        build = Build(context=".", dockerfile=dockerfile, forge=GITLAB, cache=cache)
        return SCRIPTS[self.kind](build)[1:]

    def client_spec(self) -> ClientSpec:
        """A job of this way, on the host's engine."""
        to = self.connection
        return ClientSpec(
            image=to.job_image,
            environment=to.job_environment,
            volumes=(*to.job_volumes, f"{self.folder}:{FOLDER}"),
            network=to.job_network,
            groups=to.job_groups,
            capabilities=to.job_capabilities,
        )

    def start_client(self) -> Client:
        """A job's shell."""
        return self.machine.client(self.client_spec(), f"{NAME}-client-{self.name}")

    def client(self) -> Client:
        """The shell that stays."""
        if self._client is None:
            self._client = self.start_client()
        return self._client

    def container(self) -> Container:
        """The daemon's container."""
        return self.machine.engine.containers.get(self.daemon)

    def builders(self) -> list[int]:
        """The processes that are there before a build and after it."""
        return [shim(self.container())]

    @contextlib.contextmanager
    def running(self) -> Iterator[Running]:
        """The builder for one build."""
        client = self.client()
        processes = [*self.builders(), client.shim()]
        store = engine.mounted_from(self.container(), self.state)
        yield Running(client=client, roots=lambda: processes, store=store)

    def says_version(self) -> str:
        """What builds, with its version."""
        with self.running() as running:
            return " ".join(running.client.ask(self.version).split())

    def clear(self) -> None:
        """Take away what a run left in the store."""
        if self.clearing:
            self.client().run(self.clearing)

    def remove(self) -> None:
        """Take away the shell."""
        if self._client is not None:
            self._client.remove()
            self._client = None


class Dood(Way):
    """The host's own engine. It reaches the registry on loopback, where it needs no TLS."""

    name = "dood"
    kind = DaemonKind.DOOD
    version = "docker version --format 'dockerd {{.Server.Version}}'"
    modes = WITH_MOUNT

    def __init__(self, machine: Machine, connections: Mapping[str, Connection], registry: str) -> None:
        del registry
        super().__init__(machine, connections, f"127.0.0.1:{PORT}")

    def connected_to(self) -> str:
        """The component that knows the engine's socket."""
        return DOOD

    def builders(self) -> list[int]:
        """The engine's own processes."""
        return list(self.machine.roots)

    @contextlib.contextmanager
    def running(self) -> Iterator[Running]:
        """The engine, with its own store and no container of its own."""
        client = self.client()
        processes = [*self.builders(), client.shim()]
        # Volumes and containers' logs are other daemons' data, and the registry's.
        yield Running(
            client=client,
            roots=lambda: processes,
            store=self.machine.engine_data,
            left_out=("volumes", "containers"),
        )

    def clear(self) -> None:
        """Take away what the bench left, and nothing else: the engine is not ours."""
        self.machine.clear_engine(keep_mounts=True)


class Buildkit(Way):
    """A rootless buildkitd."""

    name = "buildkit"
    kind = DaemonKind.BUILDKIT
    daemon = BUILDKIT
    state = STATE
    version = "buildkitd --version"
    clearing = 'buildctl --tlsdir "$BUILDKIT_TLS_DIR" prune --all --filter type==regular >/dev/null'
    modes = WITH_MOUNT


class Kaniko(Way):
    """Kaniko without its cache: another container for every build, since a build leaves its image's files in it."""

    name = "kaniko"
    kind = DaemonKind.KANIKO
    version = "/kaniko/executor version"
    warm_builds = 1

    def connected_to(self) -> str:
        """The component that knows Kaniko's flags."""
        return KANIKO

    def script(self, mode: Mode) -> list[str]:
        """The same, without the cache that the connection's flags switch on: what comes last wins."""
        *before, build = super().script(mode)
        return [*before, build if self.layer_cache else f"{build} --cache=false"]

    def builders(self) -> list[int]:
        """There is no daemon."""
        return []

    @contextlib.contextmanager
    def running(self) -> Iterator[Running]:
        """A shell of this build's own, which builds itself."""
        client = self.start_client()
        processes = [client.shim()]
        try:
            yield Running(client=client, roots=lambda: processes, store=None)
        finally:
            client.remove()


class KanikoCache(Kaniko):
    """Kaniko with its layer cache in the registry."""

    name = "kaniko-cache"
    layer_cache = True
