"""What a rootless buildkitd is started with: plain values, checked before anything is created."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ci_runners.connection import CLIENT_CERTIFICATES, SOCKET
from ci_runners.connections import BUILDKIT_PORT
from ci_runners.images import BUILDKIT
from ci_runners.problems import Problem
from ci_runners.render.certificates import SERVER_CERTIFICATES, Certificates, certificates_problems
from ci_runners.render.config_toml import LogLevel
from ci_runners.render.shared_rules import (
    label_problems,
    limit_problems,
    network_problems,
    socket_problems,
    tag_problems,
)
from ci_runners.validate import Rules

LEAST_MEMORY = 128
"""MiB below which buildkitd and one build do not fit."""
LEAST_GRACE = 5
"""Seconds that buildkitd needs to end by itself, so that its cache's database is closed."""

USER_ID = 1000
"""User and group of buildkitd in the official rootless image (moby/buildkit, Dockerfile)."""
CONFIG = "/home/user/.config/buildkit/buildkitd.toml"
"""Where buildkitd looks for its configuration in that image (moby/buildkit, docs/buildkitd.toml.md)."""
STATE = "/home/user/.local/share/buildkit"
"""Where it keeps its cache in that image."""
OWN_SOCKET = "unix:///run/user/1000/buildkit/buildkitd.sock"
"""BUILDKIT_HOST of that image: `docker exec` finds the daemon without certificates."""

SECURITY_OPTS = ("apparmor=unconfined", "seccomp=unconfined", "systempaths=unconfined")
"""What rootless BuildKit needs in a container: to make user namespaces and mounts, and a /proc of its own for every
step of a build (moby/buildkit, docs/rootless.md, Docker)."""
CAPABILITIES = ("CAP_SETGID", "CAP_SETUID")
"""All that the container keeps, and newuidmap and newgidmap use it to map the user's subordinate ids."""


@dataclass(frozen=True, kw_only=True)
class BuildkitSpec:
    """Everything about a buildkitd that is known before it exists. Defaults are explained on `BuildkitDaemonArgs`."""

    image: str = BUILDKIT
    socket: str = SOCKET
    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    tls_names: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ("buildkit",)
    labels: dict[str, str] = field(default_factory=dict)
    cache_size: str = "20GB"
    max_parallelism: int | None = None
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    dns: tuple[str, ...] = ("127.0.0.11",)
    log_level: LogLevel = LogLevel.INFO
    stop_grace_seconds: int = 60
    ready_seconds: int = 120
    protect_data: bool = False
    retain_data: bool = False
    data_only: bool = False
    metrics: bool = False
    certificates: Certificates = field(default_factory=Certificates)


def buildkit_problems(name: str, spec: BuildkitSpec) -> list[Problem]:
    """Everything that is wrong with a buildkitd's arguments."""
    rules = Rules(component=f"BuildkitDaemon {name!r}")
    return [
        *rules.docker_name("name", name),
        *rules.host_name("name", name),
        *rules.image("image", spec.image),
        *socket_problems(rules, spec.socket),
        *limit_problems(
            rules,
            memory=spec.memory,
            memory_swap=spec.memory_swap,
            cpus=spec.cpus,
            least_memory=LEAST_MEMORY,
        ),
        *rules.at_least("stop_grace_seconds", spec.stop_grace_seconds, LEAST_GRACE, "seconds"),
        *rules.at_least("ready_seconds", spec.ready_seconds, 10, "seconds"),
        *network_problems(rules, name=name, networks=spec.networks, extra_hosts=spec.extra_hosts),
        *rules.each("tls_names", spec.tls_names, "host_name"),
        *rules.no_repeats("tls_names", spec.tls_names),
        *certificates_problems(rules, spec.certificates),
        *tag_problems(rules, spec.tags),
        *label_problems(rules, spec.labels),
        *_configuration(spec, rules),
    ]


def _configuration(spec: BuildkitSpec, rules: Rules) -> Iterator[Problem]:
    """What buildkitd.toml says."""
    yield from rules.size("cache_size", spec.cache_size)
    yield from rules.at_least("max_parallelism", spec.max_parallelism, 1, "steps")
    yield from rules.each("registry_mirrors", spec.registry_mirrors, "url")
    yield from rules.each("insecure_registries", spec.insecure_registries, "registry_host")
    yield from rules.each("dns", spec.dns, "address")
    for listed in ("registry_mirrors", "insecure_registries", "dns"):
        yield from rules.no_repeats(listed, getattr(spec, listed))
    plain = {host for scheme, host, _ in mirrors(spec) if scheme == "http"}
    for index, (scheme, host, _) in enumerate(mirrors(spec)):
        if scheme == "https" and host in plain:
            expected = "one scheme a host: buildkitd.toml says http or https once for all its paths"
            fix = "write https:// for all of them"
            yield rules.problem(f"registry_mirrors[{index}]", spec.registry_mirrors[index], expected, fix)


def mirrors(spec: BuildkitSpec) -> list[tuple[str, str, str]]:
    """Scheme, `host[:port]` and path of every mirror; the path may be empty."""
    parts = [urlsplit(url) for url in spec.registry_mirrors]
    return [(part.scheme, part.netloc, part.path.rstrip("/")) for part in parts]


def server_names(name: str, spec: BuildkitSpec) -> tuple[str, ...]:
    """Host names that the server's certificate covers."""
    return tuple(dict.fromkeys((name, "buildkitd", "localhost", *spec.tls_names)))


def daemon_flags() -> list[str]:
    """The flags of buildkitd: its own socket for `docker exec`, and TCP with certificates on both sides."""
    return [
        "--addr",
        OWN_SOCKET,
        "--addr",
        f"tcp://0.0.0.0:{BUILDKIT_PORT}",
        "--tlscacert",
        f"{SERVER_CERTIFICATES}/ca.pem",
        "--tlscert",
        f"{SERVER_CERTIFICATES}/cert.pem",
        "--tlskey",
        f"{SERVER_CERTIFICATES}/key.pem",
    ]


def ready_test() -> list[str]:
    """The health check: the daemon's workers, asked for over TLS with a client's own certificate."""
    address = f"tcp://localhost:{BUILDKIT_PORT}"
    return ["CMD", "buildctl", "--addr", address, "--tlsdir", CLIENT_CERTIFICATES, "debug", "workers"]
