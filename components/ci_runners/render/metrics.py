"""What a station's metrics are served with: plain values, checked before anything is created."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ci_runners.images import CADDY
from ci_runners.problems import Problem
from ci_runners.render.shared_rules import connection_problems, label_problems, network_problems
from ci_runners.validate import MOST_PORT, Rules

RUNNER_PORT = 9252
"""GitLab Runner's usual port for metrics (GitLab docs, Monitor GitLab Runner usage)."""
DAEMON_PORT = 9323
"""dockerd's usual port for metrics (Docker docs, Collect Docker metrics with Prometheus)."""
DAEMON_FOLDER = "/run/ci-runners-metrics"
DAEMON_SOCKET = f"{DAEMON_FOLDER}/daemon.sock"
"""Where buildkitd serves metrics: on a volume of its own, out of every job's reach. Its server has more than metrics: it
lets whoever asks read, and load, records of the cache (moby/buildkit, cmd/buildkitd/debug.go)."""
SERVED_PORT = 8080
"""Where the container serves, in its own networks."""
LEAST_MEMORY = 32
"""MiB below which Caddy does not start."""


@dataclass(frozen=True, kw_only=True)
class StationMetricsSpec:
    """Everything about a station's metrics that is known before. Defaults are explained on `StationMetricsArgs`."""

    station: str | None = None
    runner_address: str | None = None
    daemon_address: str | None = None
    image: str = CADDY
    memory: int = 64
    networks: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    publish_port: int | None = None
    publish_address: str = "127.0.0.1"
    accept_plain_http: bool = False
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Which metrics a station has, beside those that are reached by an address."""

    daemon_socket: bool = False
    cleanup: bool = False
    certificates: bool = False


def metrics_problems(name: str, spec: StationMetricsSpec, sources: Sources) -> list[Problem]:
    """Everything that is wrong with the arguments of a station's metrics."""
    rules = Rules(component=f"StationMetrics {name!r}")
    return [
        *rules.docker_name("name", name),
        *rules.host_name("name", name),
        *_station(rules, spec.station),
        *_sources(rules, spec, sources),
        *_address(rules, "runner_address", spec.runner_address),
        *_address(rules, "daemon_address", spec.daemon_address),
        *rules.image("image", spec.image),
        *rules.at_least("memory", spec.memory, LEAST_MEMORY, "MiB"),
        *network_problems(rules, name=name, networks=spec.networks, extra_hosts=spec.extra_hosts),
        *_published(rules, spec),
        *label_problems(rules, spec.labels),
    ]


def wiring_problems(name: str, wiring: Mapping[str, object]) -> list[Problem]:
    """What is wrong with other components' outputs, as far as they are plain texts."""
    rules = Rules(component=f"StationMetrics {name!r}")
    plain = {key: value for key, value in wiring.items() if isinstance(value, str)}
    found = [*connection_problems(rules, plain["connection"])] if "connection" in plain else []
    for key in ("daemon_metrics_volume", "cleanup_state_volume"):
        if key in plain:
            found += rules.docker_name(key, plain[key])
    if "certificate_expiry" in plain:
        found += _expiry(rules, plain["certificate_expiry"])
    return found


def served_paths(spec: StationMetricsSpec, sources: Sources) -> dict[str, str]:
    """What is served: the source's name and its path."""
    given = {
        "runner": spec.runner_address is not None,
        "daemon": spec.daemon_address is not None or sources.daemon_socket,
        "cleanup": sources.cleanup,
        "certificates": sources.certificates,
    }
    return {source: f"/metrics/{source}" for source, is_there in given.items() if is_there}


def target(name: str, spec: StationMetricsSpec) -> str:
    """`host:port` at which Prometheus finds the metrics: on the host where they are published, else in the network."""
    if spec.publish_port is None:
        return f"{name}:{SERVED_PORT}"
    host = f"[{spec.publish_address}]" if ":" in spec.publish_address else spec.publish_address
    return f"{host}:{spec.publish_port}"


def _station(rules: Rules, station: str | None) -> Iterator[Problem]:
    if station is not None and (not station or any(char in station for char in '"\\\n`{}')):
        expected = "a text of at least one character, without quotes, braces and backslashes"
        yield rules.problem("station", station, expected, "use the station's name")


def _sources(rules: Rules, spec: StationMetricsSpec, sources: Sources) -> Iterator[Problem]:
    if not served_paths(spec, sources):
        expected = "at least one source: of a runner, a daemon, the cleanup or the certificates"
        fix = "give runner_address, daemon_address, daemon_metrics_volume, cleanup_state_volume or certificate_expiry"
        yield rules.problem("runner_address", None, expected, fix)
    if spec.daemon_address is not None and sources.daemon_socket:
        expected = "one way to the daemon's metrics, an address or a volume with its socket"
        yield rules.problem("daemon_address", spec.daemon_address, expected, "leave one of them out")


def _expiry(rules: Rules, value: str) -> Iterator[Problem]:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        expected = "a moment in ISO 8601"
        fix = "pass the `certificate_expiry` output of a daemon, unchanged"
        yield rules.problem("certificate_expiry", value, expected, fix)


def _address(rules: Rules, name: str, value: str | None) -> Iterator[Problem]:
    """Where something else serves: a listen address with a host."""
    if value is None:
        return
    wrong = [*rules.listen_address(name, value)]
    if wrong or value.startswith(":"):
        yield rules.problem(name, value, "host:port", "write it like dev-runner:9252")


def _published(rules: Rules, spec: StationMetricsSpec) -> Iterator[Problem]:
    yield from rules.within("publish_port", spec.publish_port, 1, MOST_PORT, "choose a free port of the host")
    try:
        address = ipaddress.ip_address(spec.publish_address)
    except ValueError:
        yield from rules.address("publish_address", spec.publish_address)
        return
    if address.is_unspecified:
        expected = "an address of the host's own: this one means all of them, those to the outside too"
        yield rules.problem("publish_address", spec.publish_address, expected, "name the one to listen on")
    elif spec.publish_port is not None and not address.is_loopback and not spec.accept_plain_http:
        expected = (
            f"True: whoever reaches {spec.publish_address} reads the metrics, for there is no TLS and nobody is asked"
            " who they are"
        )
        fix = "set it to true if all that can reach this address may read them, or else publish on 127.0.0.1"
        yield rules.problem("accept_plain_http", spec.accept_plain_http, expected, fix)
