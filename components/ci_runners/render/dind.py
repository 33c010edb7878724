"""What a docker:dind container is started with: plain values, checked before anything is created."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ci_runners.connection import CERTIFICATES, CLIENT_CERTIFICATES, TLS_PORT
from ci_runners.images import DOCKER_DIND
from ci_runners.problems import Problem
from ci_runners.render.daemon_json import DaemonJson, daemon_json_problems
from ci_runners.validate import LEAST_CPUS, Rules

LEAST_MEMORY = 256
"""MiB below which dockerd and one build do not fit."""
SHUTDOWN_MARGIN = 5
"""Seconds that dockerd keeps for itself of the grace that its containers get."""

_FLAG = re.compile(r"--([a-z][a-z0-9-]*)(=.*)?", re.DOTALL)
_OWN_FLAGS = frozenset(
    {
        "config-file",
        "data-root",
        "host",
        "shutdown-timeout",
        "tls",
        "tlscacert",
        "tlscert",
        "tlskey",
        "tlsverify",
    }
)
_IN_DAEMON_JSON = {
    "default-address-pool": "address_pool",
    "dns": "dns",
    "insecure-registry": "insecure_registries",
    "log-driver": "log_max_size",
    "log-opt": "log_max_size",
    "max-concurrent-downloads": "max_concurrent_downloads",
    "max-concurrent-uploads": "max_concurrent_uploads",
    "mtu": "mtu",
    "registry-mirror": "registry_mirrors",
    "storage-driver": "storage_driver",
}
"""Flags that daemon.json speaks of: dockerd does not start where both do (Docker docs, dockerd)."""


@dataclass(frozen=True, kw_only=True)
class DindSpec:
    """Everything about a DinD daemon that is known before it exists."""

    accept_privileged: bool = False
    image: str = DOCKER_DIND
    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    tls_names: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ("dind",)
    flags: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    stop_grace_seconds: int = 60
    ready_seconds: int = 180
    protect_data: bool = False
    retain_data: bool = False
    daemon_json: DaemonJson = field(default_factory=DaemonJson)


def dind_problems(name: str, spec: DindSpec) -> list[Problem]:
    """Everything that is wrong with a DinD daemon's arguments."""
    rules = Rules(component=f"DindDaemon {name!r}")
    return [
        *rules.docker_name("name", name),
        *rules.host_name("name", name),
        *_consent(spec, rules),
        *rules.image("image", spec.image),
        *_resources(spec, rules),
        *_names(name, spec, rules),
        *_flags(spec, rules),
        *daemon_json_problems(spec.daemon_json, rules),
    ]


def _consent(spec: DindSpec, rules: Rules) -> Iterator[Problem]:
    if not spec.accept_privileged:
        yield rules.problem(
            "accept_privileged",
            spec.accept_privileged,
            "True: docker:dind runs privileged, and whoever may run a job on it can become root on this host",
            "set it to true if every job that can reach this daemon is trusted with the host",
        )


def _resources(spec: DindSpec, rules: Rules) -> Iterator[Problem]:
    yield from rules.at_least("memory", spec.memory, LEAST_MEMORY, "MiB")
    if spec.memory_swap is not None and spec.memory is None:
        yield rules.problem(
            "memory_swap", spec.memory_swap, "memory beside it", "set memory, or leave both out"
        )
    elif spec.memory_swap is not None and spec.memory is not None and spec.memory_swap < spec.memory:
        yield rules.problem(
            "memory_swap",
            spec.memory_swap,
            f"memory and swap together, {spec.memory} MiB or more",
            "raise it",
        )
    if spec.cpus is not None and not LEAST_CPUS <= spec.cpus < math.inf:
        yield rules.problem(
            "cpus", spec.cpus, f"at least {LEAST_CPUS} CPUs", "write it like 1.5, or leave it out for all"
        )
    yield from rules.at_least("stop_grace_seconds", spec.stop_grace_seconds, 2 * SHUTDOWN_MARGIN, "seconds")
    yield from rules.at_least("ready_seconds", spec.ready_seconds, 10, "seconds")


def _names(name: str, spec: DindSpec, rules: Rules) -> Iterator[Problem]:
    yield from rules.each("tls_names", spec.tls_names, "host_name")
    yield from rules.each("networks", spec.networks, "docker_name")
    yield from rules.each("extra_hosts", spec.extra_hosts, "extra_host")
    for listed in ("tls_names", "networks", "extra_hosts", "tags"):
        yield from rules.no_repeats(listed, getattr(spec, listed))
    if name in spec.networks:
        yield rules.problem("networks", name, "other networks than the daemon's own", "leave it out")
    if not spec.tags:
        yield rules.problem(
            "tags", [], "at least one tag", "name the tag that leads a job to this daemon, like dind"
        )
    for index, tag in enumerate(spec.tags):
        if not tag.strip() or "," in tag:
            yield rules.problem(f"tags[{index}]", tag, "a tag without commas", "write one tag an item")
    for key in spec.labels:
        if key.startswith("ci-runners."):
            yield rules.problem(
                f"labels.{key}", spec.labels[key], "a label of yours", "ci-runners.* is this package's own"
            )


def _flags(spec: DindSpec, rules: Rules) -> Iterator[Problem]:
    for index, flag in enumerate(spec.flags):
        at = f"flags[{index}]"
        found = _FLAG.fullmatch(flag)
        if found is None:
            yield rules.problem(
                at,
                flag,
                "a flag of dockerd, --name or --name=value",
                "start it with --; a command of its own gets neither TLS nor port 2376",
            )
        elif found.group(1) in _OWN_FLAGS:
            yield rules.problem(at, flag, "a flag that this component does not set itself", "leave it out")
        elif found.group(1) in _IN_DAEMON_JSON:
            yield rules.problem(
                at,
                flag,
                "a flag that daemon.json does not say too: dockerd would not start",
                f"set daemon_json.{_IN_DAEMON_JSON[found.group(1)]}",
            )


def shutdown_seconds(spec: DindSpec) -> int:
    """How long dockerd lets its own containers end, within the grace that it gets itself."""
    return spec.stop_grace_seconds - SHUTDOWN_MARGIN


def container_environment(name: str, spec: DindSpec) -> list[str]:
    """The environment of docker:dind: where certificates go and which further names they cover.

    The certificate covers the container's host name and addresses, `docker` and `localhost`; a network alias is not
    among them (docker-library/docker, dockerd-entrypoint.sh).
    """
    names = ",".join(f"DNS:{extra}" for extra in (name, *spec.tls_names))
    return [f"DOCKER_TLS_CERTDIR={CERTIFICATES}", f"DOCKER_TLS_SAN={names}"]


def ready_test() -> list[str]:
    """The health check: `docker info` over TLS, with a client's own certificate. The files alone come too early."""
    client = (
        f"DOCKER_HOST=tcp://localhost:{TLS_PORT} DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH={CLIENT_CERTIFICATES}"
    )
    return ["CMD-SHELL", f"{client} docker info >/dev/null 2>&1"]
