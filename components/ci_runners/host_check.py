"""The Docker host before anything is created on it: what is found is shown, and what cannot work there is refused."""

import dataclasses
from collections.abc import Mapping

import pulumi

from ci_runners.connection import SOCKET, DaemonKind
from ci_runners.images import DOCKER_CLI
from ci_runners.preflight import NAMESPACE_RULES, Findings, HostFacts, Way, facts_table, preflight, read_facts
from ci_runners.problems import InvalidInput, Problem, refuse
from ci_runners.recommend import UserNamespaces
from ci_runners.render.station_spec import StationSpec, way_of
from ci_runners.settings import STATION, Settings


def check_hosts(stations: Mapping[str, Settings], docker_host: str | None) -> dict[str, Settings]:
    """Look at the hosts of all stations that want it, by their paths in the configuration, as `check_host` does.

    `docker_host` is where a station goes that names none. Raises `InvalidInput` with the problems of all hosts.
    """
    known, problems = dict(stations), list[Problem]()
    for path, settings in stations.items():
        if settings.preflight:
            try:
                known[path] = check_host(settings, settings.docker_host or docker_host, path)
            except InvalidInput as error:
                problems.extend(error.problems)
    refuse(problems)
    return known


def check_host(settings: Settings, docker_host: str | None, path: str = STATION) -> Settings:
    """Look at the host, show what is there, and return the settings with what `builder: auto` needs to know of it.

    `docker_host` is an address as in DOCKER_HOST; None leaves it to the environment, as the Docker provider does.
    `path` is where the settings stand in the configuration. A host that cannot be reached yet is shown as one of which
    nothing is known. Raises `InvalidInput` where the way to build cannot work on the host.
    """
    facts = read_facts(docker_host, socket=_socket(settings.station()))
    needs = dataclasses.replace(settings.needs, user_namespaces=user_namespaces(facts))
    known = settings.with_needs(needs, path)
    way = host_way(known.station())
    found = preflight(facts, way)
    _show(facts, way, found)
    refuse(found.errors)
    return known


def user_namespaces(facts: HostFacts) -> UserNamespaces:
    """Whether ordinary users can make user namespaces there, as a rootless BuildKit has to."""
    found = preflight(facts, Way(kind=DaemonKind.BUILDKIT))
    looked_at = {name for rule in NAMESPACE_RULES for name in (rule.field, *rule.needs)}
    if any(problem.field in looked_at for problem in found.errors):
        return UserNamespaces.MISSING
    return UserNamespaces.UNKNOWN if looked_at & set(found.unchecked) else UserNamespaces.AVAILABLE


def host_way(spec: StationSpec) -> Way:
    """A station's way to build, as far as it matters to its host."""
    kind = (
        way_of(spec) or DaemonKind.KANIKO
    )  # a station without a way is refused before its host is looked at
    return Way(
        kind=kind,
        variant=spec.dind.variant.value,
        daemon_image=spec.dind.daemon_image,
        job_image=(spec.pipeline and spec.pipeline.job_image) or DOCKER_CLI,
        mtu=spec.dind.daemon_json.mtu,
    )


def _socket(spec: StationSpec) -> str:
    sockets = {
        DaemonKind.DOOD: spec.dood.socket,
        DaemonKind.BUILDKIT: spec.buildkit.socket,
        DaemonKind.KANIKO: spec.kaniko.socket,
    }
    return sockets.get(way_of(spec) or DaemonKind.DIND, SOCKET)


def _show(facts: HostFacts, way: Way, found: Findings) -> None:
    pulumi.log.info(facts_table(facts, way, found))
    for warning in found.warnings:
        pulumi.log.warn(str(warning))
