"""The variables that `GitLabProject` sets, and what it keeps to itself."""

import pulumi
import pytest

from ci_runners import InvalidInput
from ci_runners.projects.gitlab import GitLabProject
from ci_runners.projects.gitlab_args import GitLabProjectArgs
from tests.graph.gitlab_projects import (
    CONNECTION,
    DOOD,
    KANIKO,
    LEAST,
    MARKER,
    MOST,
    declared,
    graph_of_gitlab,
    variables,
)
from tests.graph.recorder import RUNNER_TOKEN, SECRET, Graph, only


@pytest.fixture
def graph() -> Graph:
    """A GitLab that has every project and group that it is asked for."""
    return graph_of_gitlab()


def test_secret_values_are_secrets_whether_marked_or_not(graph: Graph) -> None:
    def program() -> None:
        values: list[pulumi.Input[str]] = [MARKER, pulumi.Output.from_input(MARKER)]
        secrets = [{"key": f"PASSWORD_{at}", "value": value} for at, value in enumerate(values)]
        GitLabProject("forge", {**LEAST, "secret_variables": secrets})  # type: ignore[typeddict-item]

    resources = graph.run(program)

    assert variables(resources) == {"PASSWORD_0": {SECRET: MARKER}, "PASSWORD_1": {SECRET: MARKER}}
    made = only(resources, "forge-variable-PASSWORD_0").inputs
    assert (made["masked"], made["protected"], made["hidden"], made["raw"]) == (True, True, False, True)


def test_no_secret_is_in_a_name(graph: Graph) -> None:
    resources = graph.run(declared(MOST))

    assert not [each.name for each in resources if MARKER in each.name or RUNNER_TOKEN in each.name]
    plain = [
        name
        for each in resources
        for name, value in each.inputs.items()
        if MARKER in str(value) and SECRET not in value
    ]
    assert plain == []


@pytest.mark.parametrize("is_output", [False, True], ids=["text", "output"])
def test_every_bad_secret_is_said_at_once_before_any_variable_is_set(
    graph: Graph, *, is_output: bool
) -> None:
    def program() -> None:
        bad = ["short", "has a space", "good-enough"]
        given = [pulumi.Output.secret(value) if is_output else value for value in bad]
        secrets = [{"key": f"PASSWORD_{at}", "value": value} for at, value in enumerate(given)]
        GitLabProject("forge", {**LEAST, "secret_variables": secrets})  # type: ignore[typeddict-item]

    with pytest.raises(InvalidInput) as refused:
        graph.run(program)

    assert [problem.field for problem in refused.value.problems] == [
        "secret_variables[0].value",
        "secret_variables[1].value",
    ]
    assert "short" not in str(refused.value)
    assert variables(graph.resources) == {}


def test_a_variable_that_the_connection_sets_too_is_refused(graph: Graph) -> None:
    args: GitLabProjectArgs = {
        **LEAST,
        "connection": CONNECTION,
        "variables": [{"key": "DOCKER_HOST", "value": "tcp://elsewhere:2376"}],
    }
    with pytest.raises(InvalidInput, match=r"variables\[0\]\.key: got 'DOCKER_HOST'"):
        graph.run(declared(args))


@pytest.mark.parametrize(
    ("connection", "implied"),
    [
        (
            CONNECTION,
            {
                "DOCKER_HOST": "tcp://docker:2376",
                "DOCKER_TLS_VERIFY": "1",
                "DOCKER_CERT_PATH": "/certs/client",
                "DOCKER_TLS_CERTDIR": "/certs",
            },
        ),
        (DOOD, {"DOCKER_HOST": "unix:///var/run/docker.sock"}),
        (KANIKO, {"KANIKO_FLAGS": "--cache=true"}),
    ],
    ids=["dind", "dood", "kaniko"],
)
def test_the_connections_environment_becomes_raw_variables(
    graph: Graph, connection: str, implied: dict[str, str]
) -> None:
    resources = graph.run(declared({**LEAST, "connection": connection}))

    assert variables(resources) == implied
    assert all(each.inputs["raw"] for each in resources if "-variable-" in each.name)


def test_the_connections_variables_can_be_left_out(graph: Graph) -> None:
    resources = graph.run(declared({**LEAST, "connection": CONNECTION, "connection_variables": False}))

    assert variables(resources) == {}


@pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
def test_secret_values_can_be_given_by_key(graph: Graph, *, is_output: bool) -> None:
    def program() -> None:
        values = {"PASSWORD": MARKER}
        declared_ones: GitLabProjectArgs = {
            **LEAST,
            "secret_variables": [{"key": "PASSWORD"}, {"key": "OTHER", "value": "good-enough"}],
            "secret_values": pulumi.Output.secret(values) if is_output else values,
        }
        GitLabProject("forge", declared_ones)

    assert variables(graph.run(program)) == {"PASSWORD": {SECRET: MARKER}, "OTHER": {SECRET: "good-enough"}}


@pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
def test_a_value_under_another_key_is_refused(graph: Graph, *, is_output: bool) -> None:
    def program() -> None:
        values = {"PASSWROD": MARKER}
        misspelled: GitLabProjectArgs = {
            **LEAST,
            "secret_variables": [{"key": "PASSWORD"}],
            "secret_values": pulumi.Output.secret(values) if is_output else values,
        }
        GitLabProject("forge", misspelled)

    with pytest.raises(InvalidInput) as refused:
        graph.run(program)

    assert [problem.field for problem in refused.value.problems] == [
        "secret_values.PASSWROD",
        "secret_values.PASSWORD",
    ]
    assert MARKER not in str(refused.value)
