"""BuildStation's side of its forge: what GitLab and GitHub are told, and that every part knows the others."""

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from ci_runners.connection import Connection
from ci_runners.problems import InvalidInput
from ci_runners.render.github_workflow import render_github_workflow
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from ci_runners.station import BuildStation
from tests.graph.github_repositories import GET_REPOSITORY, GET_REST_API, GitHub
from tests.graph.gitlab_projects import graph_of_gitlab
from tests.graph.recorder import RUNNER_TOKEN, SECRET, Graph, Registered, only

SHARED: dict[str, Any] = {"builder": "dind", "dind": {"accept_privileged": True}, "keep_caches": False}
GITLAB: dict[str, Any] = {
    **SHARED,
    "gitlab": {"url": "https://gitlab.example.com"},
    "project": {
        "project": "team/app",
        "registration": {},
        "secret_variables": [{"key": "DEPLOY_TOKEN", "value": "a-secret-of-no-one"}],
        "pipeline_file": {"branch": "main"},
    },
    "pipeline": {"image_name": "registry.example.com/team/app"},
}
GITHUB: dict[str, Any] = {
    **SHARED,
    "github": {"token": "github_pat_made_up"},
    "repository": {
        "repository": "app",
        "secrets": {"DEPLOY_TOKEN": "a-secret-of-no-one"},
        "runner_group": {"name": "builders"},
        "workflow_file": {"branch": "main"},
    },
    "github_runner": {"concurrent": 2},
    "workflow": {"timeout_minutes": 20},
}


@pytest.fixture(autouse=True)
def _answers(graph: Graph) -> None:
    there = GitHub()
    gitlab = graph_of_gitlab().functions
    graph.functions = {**gitlab, GET_REPOSITORY: there.repository, GET_REST_API: there.rest_api}


def station(args: dict[str, Any]) -> Callable[[], None]:
    def program() -> None:
        made: Any = BuildStation
        made("ci", args)

    return program


def of_type(resources: list[Registered], ending: str) -> list[Registered]:
    return [each for each in resources if each.type.endswith(f":{ending}")]


def connection(graph: Graph) -> Connection:
    return Connection.parse(only(graph.resources, "ci").outputs["connection"])


def test_the_runner_that_gitlab_registers_has_the_daemons_tags_and_its_token_reaches_config_toml(
    graph: Graph,
) -> None:
    resources = graph.run(station(GITLAB))

    (registered,) = of_type(resources, "UserRunner")
    assert registered.inputs["tagLists"] == list(connection(graph).tags)
    (upload,) = only(resources, "ci-runner-config-writer").inputs["uploads"]
    assert f'token = "{RUNNER_TOKEN}"' in upload["content"][SECRET]


def test_the_committed_pipeline_is_the_one_that_the_station_shows(graph: Graph) -> None:
    (committed,) = of_type(graph.run(station(GITLAB)), "RepositoryFile")

    assert committed.inputs["content"] == only(graph.resources, "ci").outputs["pipeline"]


def test_a_runner_gives_jobs_the_connection_so_that_no_variable_has_to(graph: Graph) -> None:
    variables = of_type(graph.run(station(GITLAB)), "ProjectVariable")

    assert [each.inputs["key"] for each in variables] == ["DEPLOY_TOKEN"]
    wanted = {**GITLAB, "project": {**GITLAB["project"], "connection_variables": True}}
    more = of_type(graph.run(station(wanted)), "ProjectVariable")
    assert {each.inputs["key"] for each in more} == {"DEPLOY_TOKEN", *connection(graph).job_environment}


def test_githubs_runners_register_where_their_group_is_and_the_workflow_names_their_labels(
    graph: Graph,
) -> None:
    resources = graph.run(station(GITHUB))

    outputs = only(resources, "ci").outputs
    assert outputs["runner_container_names"] == ["ci-runner-1", "ci-runner-2"]
    text = render_github_workflow(GitHubWorkflowSpec(timeout_minutes=20), connection(graph))
    assert outputs["pipeline"] == text
    (committed,) = of_type(resources, "RepositoryFile")
    assert committed.inputs["content"] == text
    environment = only(resources, "ci-runner-registrar").inputs["envs"]
    assert "GROUP=builders" in environment
    assert "SCOPE=orgs/acme" in environment


@pytest.mark.parametrize("args", [GITLAB, GITHUB], ids=["gitlab", "github"])
def test_a_secret_is_one_everywhere(graph: Graph, args: dict[str, Any]) -> None:
    resources = graph.run(station(args))

    def bare(value: object) -> object:
        if isinstance(value, dict):
            return {key: bare(item) for key, item in value.items() if key != SECRET}
        return [bare(item) for item in value] if isinstance(value, list) else value

    told = json.dumps([bare(dict(each.inputs)) for each in resources], default=str)
    assert "a-secret-of-no-one" not in told
    assert "github_pat_made_up" not in told
    assert RUNNER_TOKEN not in told


BAD: dict[str, tuple[dict[str, Any], set[str]]] = {
    "both forges": ({**GITLAB, "github": {"token": "github_pat_x"}}, {"gitlab"}),
    "a token beside a registration": (
        {**GITLAB, "gitlab": {**GITLAB["gitlab"], "token": "glrt-made-up"}},
        {"gitlab.token"},
    ),
    "no token and no registration": ({**GITLAB, "project": {"project": "team/app"}}, {"gitlab.token"}),
    "a masked value that GitLab refuses": (
        {
            **GITLAB,
            "project": {**GITLAB["project"], "secret_variables": [{"key": "DEPLOY_TOKEN", "value": "short"}]},
        },
        {"project.secret_variables[0].value"},
    ),
    "no pipeline": ({**GITLAB, "pipeline": None}, {"pipeline"}),
    "no credential": ({**GITHUB, "github": {}}, {"github.token, app"}),
    "Kaniko on GitHub": ({**GITHUB, "builder": "kaniko"}, {"builder"}),
    "a bad name of a secret": (
        {**GITHUB, "repository": {"repository": "app", "secrets": {"GITHUB_X": "y"}}},
        {"repository.secrets.GITHUB_X"},
    ),
    "a short drain": ({**GITHUB, "github_runner": {"drain_seconds": 60}}, {"github_runner.drain_seconds"}),
}


@pytest.mark.parametrize(("args", "fields"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_with_the_forge_is_said_before_anything_is_made(
    graph: Graph, args: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        graph.run(station({key: value for key, value in args.items() if value is not None}))

    assert {problem.field for problem in caught.value.problems} == fields
    assert graph.resources == []


def test_a_value_that_is_known_later_is_taken(graph: Graph) -> None:
    def program() -> None:
        later = {"DEPLOY_TOKEN": pulumi.Output.from_input("a-secret-of-no-one")}
        station({**GITHUB, "repository": {**GITHUB["repository"], "secrets": later}})()

    resources = graph.run(program)

    (secret,) = of_type(resources, "ActionsSecret")
    assert secret.inputs["value"] == {SECRET: "a-secret-of-no-one"}
