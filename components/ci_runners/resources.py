"""What the components' children have in common."""

from collections.abc import Awaitable, Iterable
from typing import cast

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


def container_hosts(lines: Iterable[str]) -> list[docker.ContainerHostArgs] | None:
    """`name:address` lines as a container's further entries of /etc/hosts."""
    pairs = [line.split(":", 1) for line in lines]
    return [docker.ContainerHostArgs(host=host, ip=ip) for host, ip in pairs] or None


def volume_labels(pairs: list[tuple[str, str]]) -> list[docker.VolumeLabelArgs]:
    """Labels of a volume."""
    return [docker.VolumeLabelArgs(label=label, value=value) for label, value in pairs]


def network_labels(pairs: list[tuple[str, str]]) -> list[docker.NetworkLabelArgs]:
    """Labels of a network."""
    return [docker.NetworkLabelArgs(label=label, value=value) for label, value in pairs]


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
