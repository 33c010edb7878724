"""What a docker:dind container is started with: plain values, checked before anything is created."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ci_runners.connection import CERTIFICATES, CLIENT_CERTIFICATES, TLS_PORT, DaemonKind
from ci_runners.connections import JOB_HOST_NAME
from ci_runners.problems import Problem
from ci_runners.recommend.needs import Trust
from ci_runners.render.certificates import Certificates, certificates_problems
from ci_runners.render.daemon_json import DaemonJson, daemon_json_problems
from ci_runners.render.dind_variants import NEEDS, DindVariant, VariantNeeds
from ci_runners.render.metrics import DAEMON_PORT
from ci_runners.render.shared_rules import label_problems, limit_problems, network_problems, tag_problems
from ci_runners.render.trust import trust_problems
from ci_runners.validate import Rules

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
        "metrics-addr",
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
    "userns-remap": "userns_remap",
}
"""Flags that daemon.json speaks of: dockerd does not start where both do (Docker docs, dockerd)."""


@dataclass(frozen=True, kw_only=True)
class DindSpec:
    """Everything about a DinD daemon that is known before it exists."""

    accept_privileged: bool = False
    trust_zone: Trust = Trust.ONE_TEAM
    variant: DindVariant = DindVariant.PRIVILEGED
    image: str | None = None
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
    data_only: bool = False
    metrics: bool = False
    certificates: Certificates = field(default_factory=Certificates)
    daemon_json: DaemonJson = field(default_factory=DaemonJson)

    @property
    def needs(self) -> VariantNeeds:
        """What the variant needs of its host, and where its image keeps what."""
        return NEEDS[self.variant]

    @property
    def daemon_image(self) -> str:
        """The image that was asked for, or else the variant's own."""
        return self.image or self.needs.image


def dind_problems(name: str, spec: DindSpec) -> list[Problem]:
    """Everything that is wrong with a DinD daemon's arguments."""
    rules = Rules(component=f"DindDaemon {name!r}")
    return [
        *rules.docker_name("name", name),
        *rules.host_name("name", name),
        *_consent(spec, rules),
        *_zone(spec, rules),
        *rules.image("image", spec.daemon_image),
        *limit_problems(
            rules,
            memory=spec.memory,
            memory_swap=spec.memory_swap,
            cpus=spec.cpus,
            least_memory=LEAST_MEMORY,
        ),
        *rules.at_least("stop_grace_seconds", spec.stop_grace_seconds, 2 * SHUTDOWN_MARGIN, "seconds"),
        *rules.at_least("ready_seconds", spec.ready_seconds, 10, "seconds"),
        *rules.each("tls_names", spec.tls_names, "host_name"),
        *rules.no_repeats("tls_names", spec.tls_names),
        *certificates_problems(rules, spec.certificates),
        *network_problems(rules, name=name, networks=spec.networks, extra_hosts=spec.extra_hosts),
        *tag_problems(rules, spec.tags),
        *label_problems(rules, spec.labels),
        *_flags(spec, rules),
        *daemon_json_problems(spec.daemon_json, rules),
        *_user_namespace(spec, rules),
    ]


def _consent(spec: DindSpec, rules: Rules) -> Iterator[Problem]:
    if spec.needs.privileged and not spec.data_only and not spec.accept_privileged:
        yield rules.problem(
            "accept_privileged",
            spec.accept_privileged,
            "True: docker:dind runs privileged, and whoever may run a job on it can become root on this host",
            "set it to true if every job that can reach this daemon is trusted with the host; or choose another"
            " variant",
        )


def _zone(spec: DindSpec, rules: Rules) -> Iterator[Problem]:
    """Only a privileged daemon makes its jobs root on the host."""
    if spec.needs.privileged and not spec.data_only:
        yield from trust_problems(rules, DaemonKind.DIND, spec.trust_zone)


def _user_namespace(spec: DindSpec, rules: Rules) -> Iterator[Problem]:
    """What a daemon cannot do that is in a user namespace itself."""
    if spec.variant is DindVariant.PRIVILEGED:
        return
    if spec.daemon_json.userns_remap:
        yield rules.problem(
            "daemon_json.userns_remap",
            spec.daemon_json.userns_remap,
            f"False: a {spec.variant.value} daemon is in a user namespace that does not have dockremap's ids",
            "leave it out: its containers' root is no root of the host as it is",
        )
    driver = spec.daemon_json.storage_driver
    if spec.variant is DindVariant.ROOTLESS and driver not in {None, "overlay2"}:
        yield rules.problem(
            "daemon_json.storage_driver",
            driver,
            "overlay2: the container has no device of another driver's",
            "leave it out; overlayfs in a user namespace needs Linux 5.11",
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


def server_names(name: str, spec: DindSpec) -> tuple[str, ...]:
    """Host names that the server's certificate covers. A network alias is not among them."""
    return tuple(dict.fromkeys((name, JOB_HOST_NAME, "localhost", *spec.tls_names)))


def container_environment(certificate_expiry: str) -> list[str]:
    """The environment of docker:dind: where certificates are, and which: it reads them when it starts.

    It finds the server's and no authority's key, so that it makes none (docker-library/docker, dockerd-entrypoint.sh).
    """
    return [f"DOCKER_TLS_CERTDIR={CERTIFICATES}", f"CERTIFICATE_EXPIRY={certificate_expiry}"]


def daemon_flags(spec: DindSpec) -> list[str]:
    """What dockerd is started with beside what the image's entrypoint says.

    Without certificates the entrypoint would listen on 2375 for everybody; so told, dockerd does not start then.
    """
    metrics = [f"--metrics-addr=0.0.0.0:{DAEMON_PORT}"] if spec.metrics else []
    return ["--tlsverify", *metrics, *spec.flags]


def metrics_environment(spec: DindSpec) -> list[str]:
    """What leads to a rootless dockerd's metrics, whose network namespace is its own.

    The image's entrypoint lets the port for clients out, and what is said here (docker-library/docker,
    dockerd-entrypoint.sh).
    """
    if not spec.metrics or spec.variant is not DindVariant.ROOTLESS:
        return []
    return [f"DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS=-p 0.0.0.0:{DAEMON_PORT}:{DAEMON_PORT}/tcp"]


def ready_test() -> list[str]:
    """The health check: `docker info` over TLS, with a client's own certificate. The files alone come too early."""
    client = (
        f"DOCKER_HOST=tcp://localhost:{TLS_PORT} DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH={CLIENT_CERTIFICATES}"
    )
    return ["CMD-SHELL", f"{client} docker info >/dev/null 2>&1"]
