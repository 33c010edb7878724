"""`CacheCleanup`: keeps a daemon's images, caches and left-overs from filling its disk.

Trust boundary: the container holds what a job or a runner holds of its daemon, the client certificate or the host
engine's socket, and so is as powerful as they are: root in a DinD daemon, root on the host behind a socket. It takes
nothing from outside, listens nowhere and runs nobody else's code.
"""

from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ci_runners.connection import SOCKET, Connection
from ci_runners.problems import Problem, refuse
from ci_runners.render.cleanup import (
    SCRATCH,
    STATE,
    CleanupContainer,
    CleanupSpec,
    cleanup_connection_problems,
    cleanup_container,
    cleanup_problems,
    health_test,
)
from ci_runners.resources import container_networks, label_pairs, named_volume, standing
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

ROOT = "0:0"
"""crond and what it starts. Of root's capabilities it has the one with which crond sets groups."""
STOP_SECONDS = 10
"""Seconds that a run gets to end when the container is stopped; what it did not do, the next one does."""
CPUS = 0.5
"""CPUs of the container: what is expensive, its daemon does."""


class CleanupSectionArgs(TypedDict):
    """What of a `CacheCleanup` is plain."""

    schedule: NotRequired[str]
    """When everything is removed that is unused, in cron's five fields and UTC, as busybox's crond reads them. A run
    that was missed is made up for. Defaults to 0 3 * * 0: Sundays at three."""
    until: NotRequired[str]
    """How long something must be unused before the schedule removes it, in hours, minutes and seconds. Counted from its
    last use, or else from when the cleanup first saw it. Defaults to 168h."""
    max_size_gb: NotRequired[float]
    """GB (powers of 1000) that images and build cache may hold together, looked at every five minutes; beyond it the
    one that was unused for longest goes first. Defaults to no budget."""
    pressure_percent: NotRequired[int]
    """Percent of the file system, 1 to 99, from which the same is done: of the one that the engine keeps its volumes
    on, whoever filled it. Defaults to no mark."""
    builders: NotRequired[bool]
    """Whether buildx's own builders (`docker buildx create`) go, with their caches, after `until` without a build.
    Defaults to true in a DinD daemon, and to false on a host, where they may be somebody's."""
    keep_images: NotRequired[list[str]]
    """Patterns of images, name and tag, that are never removed, with * and ? as in a shell. Defaults to none."""
    memory: NotRequired[int]
    """MiB of memory of the container, 64 or more. Defaults to 256."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. A change leaves the volume alone. Defaults to none."""


class CacheCleanupArgs(CleanupSectionArgs):
    """Arguments of `CacheCleanup`.

    `connection` may be an output; the rest are plain values, checked before anything is created.
    """

    connection: pulumi.Input[str]
    """The `connection` output of a daemon: DinD, the host's engine or BuildKit. Kaniko has none that could be cleaned,
    and is refused."""


class CacheCleanup(pulumi.ComponentResource):
    """Cleans one daemon: by schedule, by a budget and at a mark of the disk, with a receipt for every run."""

    container_name: pulumi.Output[str]
    """Name of the container; its log has the receipts, and it is unhealthy after a run that failed or is overdue."""
    state_volume: pulumi.Output[str]
    """Name of the volume with receipts.jsonl and cleanup.prom, for /var/lib/ci-runners-cleanup."""

    def __init__(self, name: str, args: CacheCleanupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        rules = Rules(component=f"CacheCleanup {name!r}")
        plain = {key: value for key, value in cast(dict[str, object], args).items() if key != "connection"}
        spec = spec_from_args(
            CleanupSpec,
            plain,
            rules,
            lambda spec: [*cleanup_problems(name, spec), *_known_problems(name, spec, args)],
        )
        super().__init__("ci-runners:index:CacheCleanup", name, {}, opts)
        labels = label_pairs("cleanup", name, spec.labels)
        volume = named_volume(self, f"{name}-state", labels)
        container = self._container(name, spec, labels, volume, pulumi.Output.from_input(args["connection"]))
        self.container_name = container.name
        self.state_volume = volume.name
        self.register_outputs({"container_name": self.container_name, "state_volume": self.state_volume})

    def _container(
        self,
        name: str,
        spec: CleanupSpec,
        labels: list[tuple[str, str]],
        volume: docker.Volume,
        connection: pulumi.Output[str],
    ) -> docker.Container:
        """The container. It is not waited for: what it does first may take long, and nothing depends on it."""
        wanted = connection.apply(lambda text: _checked(name, spec, text))
        return docker.Container(
            f"{name}-container",
            name=name,
            image=wanted.apply(lambda known: known.image),
            entrypoints=["/bin/sh"],
            command=wanted.apply(lambda known: list(known.command)),
            envs=wanted.apply(lambda known: list(known.environment)),
            user=ROOT,
            group_adds=wanted.apply(lambda known: list(known.groups) or None),
            network_mode=wanted.apply(lambda known: "bridge" if known.network else "none"),
            networks_advanced=wanted.apply(_networks),
            volumes=pulumi.Output.all(wanted, volume.name).apply(lambda known: _mounts(known[0], known[1])),
            read_only=True,
            tmpfs={SCRATCH: "size=16m,mode=1777"},
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=["CAP_SETGID"]),
            security_opts=["no-new-privileges:true"],
            init=True,
            healthcheck=docker.ContainerHealthcheckArgs(
                tests=health_test(), interval="30s", timeout="10s", start_period="1m0s", retries=1
            ),
            **standing(self, labels, stop_seconds=STOP_SECONDS, memory=spec.memory, cpus=CPUS),
        )


def _known_problems(name: str, spec: CleanupSpec, args: CacheCleanupArgs) -> list[Problem]:
    """What can be said of the connection before anything exists: an output is checked once its value is known."""
    given = cast(dict[str, object], args).get("connection")
    if given is None:
        rules = Rules(component=f"CacheCleanup {name!r}")
        return [rules.problem("connection", None, "a value", "give it: it has no default")]
    return cleanup_connection_problems(name, spec, given) if isinstance(given, str) else []


def _checked(name: str, spec: CleanupSpec, text: str) -> CleanupContainer:
    refuse(cleanup_connection_problems(name, spec, text))
    return cleanup_container(name, spec, Connection.parse(text))


def _networks(wanted: CleanupContainer) -> list[docker.ContainerNetworksAdvancedArgs] | None:
    return container_networks([wanted.network]) if wanted.network else None


def _mounts(wanted: CleanupContainer, volume: str) -> list[docker.ContainerVolumeArgs]:
    mounts = [docker.ContainerVolumeArgs(volume_name=volume, container_path=STATE)]
    mounts += [
        docker.ContainerVolumeArgs(volume_name=source, container_path=path, read_only=True)
        for source, path in wanted.volumes.items()
    ]
    if wanted.socket:
        mounts.append(docker.ContainerVolumeArgs(host_path=wanted.socket, container_path=SOCKET))
    return mounts
