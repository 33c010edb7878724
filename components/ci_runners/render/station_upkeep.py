"""The rules of a station's upkeep, cleanup and metrics, and where its metrics are read."""

from collections.abc import Iterator

from ci_runners.connection import DaemonKind
from ci_runners.problems import Problem
from ci_runners.render.cleanup import cleanup_problems
from ci_runners.render.metrics import (
    DAEMON_PORT,
    RUNNER_PORT,
    Sources,
    StationMetricsSpec,
    metrics_problems,
)
from ci_runners.render.station_forges import under
from ci_runners.render.station_spec import (
    ForgeKind,
    StationSpec,
    cleanup_name,
    daemon_name,
    metrics_name,
    runner_name,
)
from ci_runners.validate import Rules

WIRED = ("station", "runner_address", "daemon_address")
"""What a station says of its metrics itself."""
RUNNER_METRICS = f":{RUNNER_PORT}"
"""Where a station's GitLab runner serves metrics, unless its section says otherwise."""


def upkeep_problems(name: str, spec: StationSpec, way: DaemonKind | None) -> Iterator[Problem]:
    """Everything that is wrong with the sections `cleanup` and `metrics`."""
    rules = Rules(component=f"BuildStation {name!r}")
    if spec.cleanup is not None:
        yield from under("cleanup", rules.component, cleanup_problems(cleanup_name(name), spec.cleanup))
    if spec.metrics is not None:
        yield from _metrics(name, spec, spec.metrics, way, rules)


def _metrics(
    name: str, spec: StationSpec, asked: StationMetricsSpec, way: DaemonKind | None, rules: Rules
) -> Iterator[Problem]:
    for field in WIRED:
        if (value := getattr(asked, field)) is not None:
            expected = "no such word here: the station knows it"
            yield rules.problem(f"metrics.{field}", value, expected, "leave it out")
    sources = metrics_sources(spec, way)
    if runner_address(name, spec) is None and sources == Sources() and way is not DaemonKind.DIND:
        expected = "something to measure: with GitHub and dood there is only a cleanup's"
        yield rules.problem("metrics", "given", expected, "add cleanup, or leave metrics out")
        return
    known = Sources(cleanup=True)  # whether there is any was asked above
    yield from under("metrics", rules.component, metrics_problems(metrics_name(name), asked, known))


def metrics_sources(spec: StationSpec, way: DaemonKind | None) -> Sources:
    """Which metrics the station has, beside those that are reached by an address."""
    return Sources(
        daemon_socket=way is DaemonKind.BUILDKIT,
        cleanup=spec.cleanup is not None and way is not DaemonKind.KANIKO,
        certificates=way in {DaemonKind.DIND, DaemonKind.BUILDKIT},
    )


def runner_address(name: str, spec: StationSpec) -> str | None:
    """`host:port` of the runner's metrics; None with GitHub, whose runner has none."""
    if spec.forge is not ForgeKind.GITLAB:
        return None
    port = (spec.runner.metrics_address or RUNNER_METRICS).rpartition(":")[2]
    return f"{runner_name(name)}:{port}"


def daemon_address(name: str, way: DaemonKind) -> str | None:
    """`host:port` of the daemon's metrics; None where it has none, or serves them on a socket."""
    return f"{daemon_name(name, way)}:{DAEMON_PORT}" if way is DaemonKind.DIND else None
