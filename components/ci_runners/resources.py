"""What the components' children have in common."""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, cast

import pulumi
import pulumi_docker as docker

SILENT_CHANGES = ["cpuPeriod", "cpuQuota", "healthcheck", "init", "mounts", "rm", "tmpfs"]
"""Changes that the provider reports as made but does not make on a running container: they must replace it."""

LIFTED_LIMITS = ["memory", "memorySwap"]
"""The same, of a container without a limit of memory: to the engine's own update no limit means the one there is."""

LOG_OPTS = {"max-file": "3", "max-size": "10m"}
"""Limits of our own containers' logs (json-file driver)."""


def cpu_quota(cpus: float | None) -> int | None:
    """CPUs as microseconds in every 100 ms, the kernel's own period (Docker docs, Resource constraints).

    The provider's own `cpus` is text, and a refresh writes it anew: 2 as 2.0, 10 as 10., 0.05 as 0.1.
    """
    return None if cpus is None else round(cpus * 100_000)


RESTART = "always"
"""Restart policy of everything that runs. With `unless-stopped` an engine that died without live-restore takes what it
still finds running at its next start for stopped by a person (moby/moby, issue 43204), and leaves it so."""

DELETE_MARGIN = 120
"""Seconds that Pulumi waits for a container's end beyond the time that it is given to stop in."""

STACK_LABEL = "ci-runners.stack"
"""Label that says which stack made something: `project/stack`."""


def stack_name() -> str:
    """The stack that this program runs for, with its project: what the label says."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def label_pairs(kind: str, name: str, labels: dict[str, str]) -> list[tuple[str, str]]:
    """The user's labels and ours, sorted: the provider compares a list, not a mapping."""
    ours = {"ci-runners.component": name, "ci-runners.kind": kind, STACK_LABEL: stack_name()}
    return sorted({**labels, **ours}.items())


def container_labels(pairs: list[tuple[str, str]]) -> list[docker.ContainerLabelArgs]:
    """Labels of a container."""
    return [docker.ContainerLabelArgs(label=label, value=value) for label, value in pairs]


def standing(
    parent: pulumi.Resource,
    labels: list[tuple[str, str]],
    *,
    stop_seconds: int,
    memory: int | None,
    memory_swap: int | None = None,
    cpus: float | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
    ignore_changes: Sequence[str] = (),
    secret_outputs: Sequence[str] = (),
) -> dict[str, Any]:
    """What a container that stays is given by all components alike: limits, restart, log, labels, and how it is replaced.

    Without `memory_swap` there is no swap; without a limit of memory, none at all.
    """
    return {
        "memory": memory,
        "memory_swap": memory_swap or memory,
        "cpu_quota": cpu_quota(cpus),
        "restart": RESTART,
        "destroy_grace_seconds": stop_seconds,
        "log_driver": "json-file",
        "log_opts": LOG_OPTS,
        "labels": container_labels(labels),
        "opts": pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            ignore_changes=list(ignore_changes),
            additional_secret_outputs=list(secret_outputs),
            replace_on_changes=SILENT_CHANGES if memory else [*SILENT_CHANGES, *LIFTED_LIMITS],
            # Pulumi itself would make the new one first, under a name that is taken.
            delete_before_replace=True,
            custom_timeouts=pulumi.CustomTimeouts(delete=f"{stop_seconds + DELETE_MARGIN}s"),
        ),
    }


def container_hosts(lines: Iterable[str]) -> list[docker.ContainerHostArgs] | None:
    """`name:address` lines as a container's further entries of /etc/hosts."""
    pairs = [line.split(":", 1) for line in lines]
    return [docker.ContainerHostArgs(host=host, ip=ip) for host, ip in pairs] or None


def container_networks(names: Iterable[pulumi.Input[str]]) -> list[docker.ContainerNetworksAdvancedArgs]:
    """Networks of a container."""
    return [docker.ContainerNetworksAdvancedArgs(name=name) for name in names]


def volume_labels(pairs: list[tuple[str, str]]) -> list[docker.VolumeLabelArgs]:
    """Labels of a volume."""
    return [docker.VolumeLabelArgs(label=label, value=value) for label, value in pairs]


def network_labels(pairs: list[tuple[str, str]]) -> list[docker.NetworkLabelArgs]:
    """Labels of a network."""
    return [docker.NetworkLabelArgs(label=label, value=value) for label, value in pairs]


def bridge_network(
    parent: pulumi.Resource, name: str, labels: list[tuple[str, str]], *, mtu: int | None = None
) -> docker.Network:
    """A network of a component's own. Without `mtu` it has the engine's."""
    return docker.Network(
        f"{name}-network",
        name=name,
        driver="bridge",
        options={"com.docker.network.driver.mtu": str(mtu)} if mtu is not None else None,
        labels=network_labels(labels),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def named_volume(
    parent: pulumi.Resource,
    name: str,
    labels: list[tuple[str, str]],
    *,
    protect: bool = False,
    retain: bool = False,
) -> docker.Volume:
    """A volume under a fixed name, so that data is found again; a new label must not replace it."""
    return docker.Volume(
        name,
        name=name,
        labels=volume_labels(labels),
        opts=pulumi.ResourceOptions(
            parent=parent,
            ignore_changes=["labels"],
            # So that `pulumi up --replace` of the CA's volume renews the authority and all that it vouches for.
            delete_before_replace=True,
            protect=protect or None,
            retain_on_delete=retain or None,
        ),
    )


def memory_folder(
    parent: pulumi.Resource, name: str, labels: list[tuple[str, str]], *, user: int, mode: str
) -> docker.Volume:
    """A folder for sockets that two containers share: in memory, and the user's own, whatever the image."""
    return docker.Volume(
        name,
        name=name,
        driver="local",
        driver_opts={
            "type": "tmpfs",
            "device": "tmpfs",
            "o": f"uid={user},gid={user},mode={mode},size=64k,noexec,nosuid,nodev",
        },
        labels=volume_labels(labels),
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["labels"]),
    )


def after(value: pulumi.Output[str], resource: pulumi.Resource) -> pulumi.Output[str]:
    """The same value; what uses it also waits for the resource, and stops before it.

    A container is deleted before it is replaced, and with it, first, whatever was made from a value that depends on
    it: a runner drains and goes before its daemon does, and comes back after it. An `apply` on the resource's outputs
    would order them too, but hides the value from the first preview.
    """

    async def resources() -> set[pulumi.Resource]:
        return {*await value.resources(), resource}

    # An unknown value has no future, which the constructor takes and its annotation does not say.
    return pulumi.Output(
        resources(), cast(Awaitable[str], value.future()), value.is_known(), value.is_secret()
    )
