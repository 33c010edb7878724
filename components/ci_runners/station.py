"""`BuildStation`: one environment. A daemon, the runner that uses it, its forge's side, and the pipeline that fits both.

Trust boundary: that of the way to build. With `dind` and `dood` whoever may run a job on the station's runner can
become root on its Docker host; with `buildkit` and `kaniko` jobs run in unprivileged containers.
"""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from ci_runners.connection import DaemonKind
from ci_runners.daemons.buildkit import BuildkitDaemon
from ci_runners.daemons.dind import DindDaemon
from ci_runners.daemons.host import HostDaemon
from ci_runners.daemons.kaniko import Kaniko
from ci_runners.render.station import station_problems
from ci_runners.render.station_spec import Registries, StationSpec, daemon_name, way_of
from ci_runners.render.station_wiring import plain_station, wiring_problems
from ci_runners.specs import spec_from_args
from ci_runners.station_args import BuildStationArgs
from ci_runners.station_forges import forge_side, require_sdk
from ci_runners.station_upkeep import DaemonSide, upkeep
from ci_runners.validate import Rules

Daemon = DindDaemon | HostDaemon | BuildkitDaemon | Kaniko


class BuildStation(pulumi.ComponentResource):
    """One environment, of these parts.

    - `<name>-<builder>`, the daemon: `DindDaemon`, `HostDaemon`, `BuildkitDaemon` or `Kaniko`;
    - `<name>-runner`, a `GitLabRunner` or a `GitHubRunner`, wired to it by its connection;
    - the text of the pipeline that builds on them;
    - where they are asked for `<name>-cleanup`, a `CacheCleanup`, `<name>-drain`, a `RunnerDrain`, and
      `<name>-metrics`, a `StationMetrics`;
    - where `project` or `repository` says so `<name>-project`, a `GitLabProject` or a `GitHubRepository`: registration,
      variables and secrets, protection, the committed pipeline.

    For another Docker host give `opts.providers` a Docker provider: everything here inherits it.
    """

    connection: pulumi.Output[str]
    """How runners and jobs reach the daemon."""
    builder: pulumi.Output[str]
    """The way to build; with `builder: auto` the one that was found."""
    certificate_expiry: pulumi.Output[str]
    """End of the life of the daemon's client certificate, ISO 8601 in UTC. Empty where there is no certificate."""
    runner_container_names: pulumi.Output[list[str]]
    """Names of the runner's containers: one with GitLab, one for each job at once with GitHub."""
    pipeline: pulumi.Output[str]
    """The `.gitlab-ci.yml`, or the workflow, for projects that build here."""
    scrape_config: pulumi.Output[str]
    """The part of prometheus.yml that reads the station's metrics. Empty without `metrics`."""

    def __init__(self, name: str, args: BuildStationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        rules = Rules(component=f"BuildStation {name!r}")
        spec = spec_from_args(
            StationSpec,
            plain_station(args),
            rules,
            lambda spec: [*station_problems(name, spec), *wiring_problems(name, spec, args)],
        )
        require_sdk(args)
        super().__init__("ci-runners:index:BuildStation", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        way = cast(DaemonKind, way_of(spec))  # a station without one was refused above
        daemon = _daemon(name, way, args, spec.registries, child)
        if spec.keep_caches:
            _keep_caches(name, way, args, child)
        expiry = daemon.certificate_expiry if isinstance(daemon, DindDaemon | BuildkitDaemon) else None
        known = DaemonSide(
            way=way,
            connection=daemon.connection,
            certificate_expiry=expiry,
            metrics_volume=daemon.metrics_volume if isinstance(daemon, BuildkitDaemon) else None,
        )
        kept = upkeep(name, spec, args, known, child)
        side = forge_side(name, spec, args, daemon.connection, child, metrics=kept.metrics)

        self.connection = daemon.connection
        self.builder = pulumi.Output.from_input(way.value)
        self.certificate_expiry = pulumi.Output.from_input("") if expiry is None else expiry
        self.runner_container_names = side.runner_container_names
        self.pipeline = side.pipeline
        self.scrape_config = kept.scrape_config
        self.register_outputs(
            {
                "connection": self.connection,
                "builder": self.builder,
                "certificate_expiry": self.certificate_expiry,
                "runner_container_names": self.runner_container_names,
                "pipeline": self.pipeline,
                "scrape_config": self.scrape_config,
            }
        )


def _daemon(
    name: str, way: DaemonKind, args: BuildStationArgs, registries: Registries, opts: pulumi.ResourceOptions
) -> Daemon:
    components: dict[DaemonKind, Any] = {
        DaemonKind.DIND: DindDaemon,
        DaemonKind.DOOD: HostDaemon,
        DaemonKind.BUILDKIT: BuildkitDaemon,
        DaemonKind.KANIKO: Kaniko,
    }
    return cast(Daemon, components[way](daemon_name(name, way), _section(way, args, registries), opts))


def _keep_caches(name: str, way: DaemonKind, args: BuildStationArgs, opts: pulumi.ResourceOptions) -> None:
    """The volumes of the ways that are not in use: the same resources, so that a switch finds them and a destroy too."""
    for kind, component in ((DaemonKind.DIND, DindDaemon), (DaemonKind.BUILDKIT, BuildkitDaemon)):
        if kind is not way:
            given = cast(Mapping[str, Any], args.get(kind.value) or {})
            kept = {
                key: given[key]
                for key in ("labels", "protect_data", "retain_data", "variant")
                if key in given
            }
            cast(Any, component)(daemon_name(name, kind), {**kept, "data_only": True}, opts)


def _section(way: DaemonKind, args: BuildStationArgs, registries: Registries) -> dict[str, Any]:
    """The arguments of one way to build, with what the station knows of registries in front of the section's own."""
    section: dict[str, Any] = dict(cast(Mapping[str, Any], args.get(way.value) or {}))
    if args.get("metrics") is not None and way in {DaemonKind.DIND, DaemonKind.BUILDKIT}:
        section["metrics"] = True
    if way is DaemonKind.DOOD:
        return section
    place: dict[str, Any] = dict(section.get("daemon_json") or {}) if way is DaemonKind.DIND else section
    for key, listed in (
        ("registry_mirrors", registries.mirrors),
        ("insecure_registries", registries.insecure),
    ):
        both = list(dict.fromkeys([*listed, *(place.get(key) or ())]))
        if both:
            place[key] = both
    if way is DaemonKind.DIND and place:
        section["daemon_json"] = place
    return section
