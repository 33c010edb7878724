"""A station's upkeep: what cleans its daemon, and what serves its metrics."""

from dataclasses import dataclass
from typing import Any, cast

import pulumi

from ci_runners.connection import DaemonKind
from ci_runners.render.station_spec import StationSpec, cleanup_name, metrics_name
from ci_runners.render.station_upkeep import daemon_address, runner_address
from ci_runners.station_args import BuildStationArgs
from ci_runners.upkeep.cleanup import CacheCleanup
from ci_runners.upkeep.metrics import StationMetrics


@dataclass(frozen=True, kw_only=True)
class DaemonSide:
    """What upkeep needs of a daemon."""

    way: DaemonKind
    connection: pulumi.Output[str]
    certificate_expiry: pulumi.Output[str] | None
    metrics_volume: pulumi.Output[str] | None


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What a station has of it."""

    metrics: StationMetrics | None

    @property
    def scrape_config(self) -> pulumi.Output[str]:
        """The part of prometheus.yml that reads the metrics; empty where there are none."""
        return pulumi.Output.from_input("") if self.metrics is None else self.metrics.scrape_config


def upkeep(
    name: str, spec: StationSpec, args: BuildStationArgs, daemon: DaemonSide, opts: pulumi.ResourceOptions
) -> Upkeep:
    """What the station asks for. Kaniko has no daemon, and nothing to clean."""
    cleanup: CacheCleanup | None = None
    if daemon.way is not DaemonKind.KANIKO and (asked := args.get("cleanup")) is not None:
        cleanup = CacheCleanup(
            cleanup_name(name), cast(Any, {**asked, "connection": daemon.connection}), opts
        )
    if (given := args.get("metrics")) is None:
        return Upkeep(metrics=None)
    wired = {
        "station": name,
        "connection": daemon.connection,
        "runner_address": runner_address(name, spec),
        "daemon_address": daemon_address(name, daemon.way),
        "daemon_metrics_volume": daemon.metrics_volume,
        "cleanup_state_volume": cleanup and cleanup.state_volume,
        "certificate_expiry": daemon.certificate_expiry,
    }
    there = {key: value for key, value in wired.items() if value is not None}
    return Upkeep(metrics=StationMetrics(metrics_name(name), cast(Any, {**given, **there}), opts))
