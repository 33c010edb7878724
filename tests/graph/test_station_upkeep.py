"""A station's upkeep: what cleans its daemon, pauses its runner and serves its metrics, wired by the station."""

from collections.abc import Callable
from typing import Any

import pytest

from ci_runners.problems import InvalidInput
from ci_runners.station import BuildStation
from tests.graph.gitlab_projects import graph_of_gitlab
from tests.graph.recorder import RUNNER_NUMBER, Graph, Registered, only

API_TOKEN = "glpat-of-no-one"
STATION: dict[str, Any] = {
    "gitlab": {"url": "https://gitlab.example.com"},
    "project": {"project": "team/app", "registration": {}},
    "pipeline": {"image_name": "registry.example.com/team/app"},
    "dind": {"accept_privileged": True},
    "dood": {"accept_host_root": True},
    "keep_caches": False,
}
WAYS = ("dind", "dood", "buildkit", "kaniko")


@pytest.fixture(autouse=True)
def _answers(graph: Graph) -> None:
    graph.functions = graph_of_gitlab().functions


def station(**changes: Any) -> Callable[[], None]:  # noqa: ANN401  any argument's value
    def program() -> None:
        made: Any = BuildStation
        made("ci", {**STATION, **changes})

    return program


def names(resources: list[Registered], kind: str) -> list[str]:
    return [each.name for each in resources if each.type == f"ci-runners:index:{kind}"]


def refused(graph: Graph, **changes: Any) -> dict[str, str]:  # noqa: ANN401  any argument's value
    """The fields that are refused, each with what was expected; nothing is registered."""
    with pytest.raises(InvalidInput) as caught:
        graph.run(station(**changes))
    assert [each for each in graph.resources if each.type != "pulumi:pulumi:Stack"] == []
    return {problem.field: problem.expected for problem in caught.value.problems}


@pytest.mark.parametrize("way", WAYS)
def test_a_station_has_no_upkeep_unless_it_is_asked_for(graph: Graph, way: str) -> None:
    found = graph.run(station(builder=way))

    assert [names(found, kind) for kind in ("CacheCleanup", "RunnerDrain", "StationMetrics")] == [[], [], []]


@pytest.mark.parametrize(("way", "cleaned"), [*((way, ["ci-cleanup"]) for way in WAYS[:3]), ("kaniko", [])])
def test_a_cleanup_is_there_where_there_is_a_daemon(graph: Graph, way: str, cleaned: list[str]) -> None:
    assert names(graph.run(station(builder=way, cleanup={"max_size_gb": 50})), "CacheCleanup") == cleaned


def test_a_drain_knows_the_runner_that_the_station_registers(graph: Graph) -> None:
    forge = {**STATION["gitlab"], "api_token": API_TOKEN}

    found = graph.run(station(builder="dind", gitlab=forge, drain={}))

    assert names(found, "RunnerDrain") == ["ci-drain"]
    written = repr(only(found, "ci-drain-writer").inputs)
    assert f"/api/v4\\n{RUNNER_NUMBER}\\n{API_TOKEN}\\n" in written
    assert "ci-runner-container" in only(found, "ci-drain-container").dependencies
    assert API_TOKEN not in repr(only(found, "ci-runner-config-writer").inputs)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"drain": {}}, "gitlab.api_token"),
        ({"drain": {"seconds": 60}}, "drain.seconds"),
        (
            {
                "drain": {},
                "project": None,
                "gitlab": {"url": "https://gitlab.example.com", "token": "glrt-made-up"},
            },
            "project.registration",
        ),
        ({"cleanup": {"schedule": "weekly"}}, "cleanup.schedule"),
        ({"metrics": {"publish_port": 0}}, "metrics.publish_port"),
        ({"metrics": {"runner_address": "other:9252"}}, "metrics.runner_address"),
    ],
)
def test_what_is_wrong_with_upkeep_is_said_before_anything_is_made(
    graph: Graph, changes: dict[str, Any], field: str
) -> None:
    assert field in refused(graph, builder="dind", **changes)


def test_metrics_of_nothing_are_refused(graph: Graph) -> None:
    github = {"url": "https://github.com/octo-org/app", "token": "github_pat_made_up"}

    assert "metrics" in refused(graph, builder="dood", gitlab=None, project=None, github=github, metrics={})


@pytest.mark.parametrize(
    ("way", "sources"),
    [
        ("dind", ["runner", "daemon", "cleanup", "certificates"]),
        ("dood", ["runner", "cleanup"]),
        ("buildkit", ["runner", "daemon", "cleanup", "certificates"]),
        ("kaniko", ["runner"]),
    ],
)
def test_metrics_are_served_of_all_that_a_way_has(graph: Graph, way: str, sources: list[str]) -> None:
    found = graph.run(station(builder=way, cleanup={}, metrics={"publish_port": 9100}))

    config = only(found, "ci").outputs["scrape_config"]
    assert [
        source for source in ("runner", "daemon", "cleanup", "certificates") if f"/metrics/{source}" in config
    ] == (sources)


def test_the_runner_serves_its_metrics_in_their_network_and_comes_after_that(graph: Graph) -> None:
    runner = {"networks": ["forge"], "metrics_address": ":9999"}

    found = graph.run(station(builder="dind", metrics={}, runner=runner))

    made = only(found, "ci-runner-container")
    assert [each["name"] for each in made.inputs["networksAdvanced"]] == [
        "ci-dind",
        "forge",
        "ci-metrics",
    ]
    assert "ci-metrics-network" in made.dependencies
    assert "ci-metrics-container" not in made.dependencies
    assert "ci-runner:9999" in repr(only(found, "ci-metrics-container").inputs)


def test_without_metrics_the_runner_serves_none_and_the_output_is_empty(graph: Graph) -> None:
    found = graph.run(station(builder="dind"))

    assert only(found, "ci").outputs["scrape_config"] == ""
    assert "listen_address" not in repr(only(found, "ci-runner-config-writer").inputs)
