"""One word switches a station: its daemon, its runner's configuration, its pipeline; and what stays for the way back."""

import tomllib
from collections.abc import Callable
from typing import Any, cast

import pytest
import yaml

from ci_runners.connection import Connection, DaemonKind
from ci_runners.recommend import Needs, TeamSize, Trust, recommend
from ci_runners.render.station_spec import Builder
from ci_runners.station import BuildStation
from ci_runners.station_args import BuildStationArgs
from tests.graph.recorder import Graph, Registered, only

MIRROR, REGISTRY = "http://mirror.example.com:5000", "registry.example.com:5000"
ARGS: dict[str, Any] = {
    "gitlab": {"url": "https://gitlab.example.com", "token": "glrt-made-up"},
    "pipeline": {"image_name": "registry.example.com/team/app"},
    "registries": {"mirrors": [MIRROR], "insecure": [REGISTRY]},
    "dind": {"accept_privileged": True},
    "dood": {"accept_host_root": True},
}
COMPONENTS = {
    DaemonKind.DIND: "DindDaemon",
    DaemonKind.DOOD: "HostDaemon",
    DaemonKind.BUILDKIT: "BuildkitDaemon",
    DaemonKind.KANIKO: "Kaniko",
}
DATA = {
    "ci-dind": {"ci-dind-ca", "ci-dind-storage"},
    "ci-buildkit": {"ci-buildkit-ca", "ci-buildkit-cache"},
}
"""Volumes that a way to build keeps while another one is in use, by its component."""


def station(builder: str, **more: object) -> Callable[[], None]:
    def program() -> None:
        BuildStation("ci", cast(BuildStationArgs, {**ARGS, "builder": Builder(builder), **more}))

    return program


def children(resources: list[Registered], parent: str) -> set[str]:
    return {resource.name for resource in resources if resource.parent == parent}


def connection(resources: list[Registered]) -> Connection:
    return Connection.parse(only(resources, "ci").outputs["connection"])


def uploads(resources: list[Registered]) -> str:
    """Every file that a container gets before it starts."""
    return "\n".join(
        str(upload["content"]) for each in resources for upload in each.inputs.get("uploads") or ()
    )


@pytest.mark.parametrize("kind", DaemonKind, ids=lambda kind: kind.value)
def test_a_word_chooses_the_daemon_the_connection_and_the_pipeline(graph: Graph, kind: DaemonKind) -> None:
    resources = graph.run(station(kind.value))

    assert only(resources, f"ci-{kind.value}").type == f"ci-runners:index:{COMPONENTS[kind]}"
    outputs = only(resources, "ci").outputs
    assert outputs["builder"] == kind.value
    wired = connection(resources)
    assert wired.kind is kind
    job = yaml.safe_load(outputs["pipeline"])["build"]
    assert job["tags"] == list(wired.tags) == [kind.value]
    (upload,) = only(resources, "ci-runner-config-writer").inputs["uploads"]
    (runner,) = tomllib.loads(upload["content"]["secret"])["runners"]
    assert runner["docker"]["host"] == wired.runner_host
    assert runner["docker"]["image"] == wired.job_image


@pytest.mark.parametrize("kind", DaemonKind, ids=lambda kind: kind.value)
def test_only_docker_in_docker_is_privileged(graph: Graph, kind: DaemonKind) -> None:
    privileged = [each.name for each in graph.run(station(kind.value)) if each.inputs.get("privileged")]

    assert privileged == (["ci-dind-container"] if kind is DaemonKind.DIND else [])


@pytest.mark.parametrize("kind", DaemonKind, ids=lambda kind: kind.value)
def test_the_data_of_the_ways_that_are_not_in_use_stays_and_nothing_else_of_them(
    graph: Graph, kind: DaemonKind
) -> None:
    resources = graph.run(station(kind.value))

    for component, volumes in DATA.items():
        if component != f"ci-{kind.value}":
            assert children(resources, component) == volumes


def test_a_switch_finds_the_volumes_as_they_are(graph: Graph) -> None:
    used = {each.name: each for each in graph.run(station("dind"))}
    kept = {each.name: each for each in graph.run(station("kaniko"))}

    for volume in DATA["ci-dind"]:
        assert used[volume] == kept[volume]


def test_caches_go_when_that_is_what_was_said(graph: Graph) -> None:
    resources = graph.run(station("kaniko", keep_caches=False))

    assert children(resources, "ci") == {"ci-kaniko", "ci-runner"}


@pytest.mark.parametrize("kind", set(DaemonKind) - {DaemonKind.DOOD}, ids=lambda kind: kind.value)
def test_what_the_station_says_of_registries_reaches_every_way(graph: Graph, kind: DaemonKind) -> None:
    resources = graph.run(station(kind.value))

    told = uploads(resources) + str(dict(connection(resources).job_environment))
    assert "mirror.example.com:5000" in told
    assert REGISTRY in told


def test_a_mirror_that_is_named_twice_is_used_once_and_the_stations_comes_first(graph: Graph) -> None:
    own = {"registry_mirrors": ["http://second.example.com", MIRROR], "insecure_registries": [REGISTRY]}
    resources = graph.run(station("dind", dind={"accept_privileged": True, "daemon_json": own}))

    (upload,) = only(resources, "ci-dind-container").inputs["uploads"]
    mirrors = yaml.safe_load(upload["content"])["registry-mirrors"]
    assert mirrors == [MIRROR, "http://second.example.com"]


def test_auto_takes_what_is_recommended(graph: Graph) -> None:
    needs = Needs(trust=Trust.ONE_TEAM, team_size=TeamSize.LARGE, buildkit_features=True)
    given = {"trust": "one-team", "team_size": "large", "buildkit_features": True}

    resources = graph.run(station("auto", needs=given))

    way = recommend(needs).way
    assert way is not None
    assert only(resources, "ci").outputs["builder"] == way.value


def test_every_way_has_a_configuration_file_of_its_own(graph: Graph) -> None:
    """So that a runner that still drains does not read the next one's."""
    names = {
        only(graph.run(station(kind.value)), "ci-runner-config-writer").inputs["envs"][0]
        for kind in DaemonKind
    }

    assert len(names) == len(DaemonKind)
