"""What `GitLabProject` registers."""

from typing import Any, cast

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import InvalidInput
from ci_runners.projects.gitlab import GitLabProject
from ci_runners.recommend import Trust
from ci_runners.render.gitlab_project import GitLabRunnerType, OverrideRole
from tests.graph.gitlab_projects import CONNECTION, LEAST, MARKER, MOST, declared, graph_of_gitlab, kinds
from tests.graph.recorder import RUNNER_TOKEN, SECRET, UNKNOWN, Graph, only, shown


@pytest.fixture
def graph() -> Graph:
    """A GitLab that has every project and group that it is asked for."""
    return graph_of_gitlab()


def test_a_project_with_everything_is_registered_as_before(graph: Graph, snapshot: SnapshotAssertion) -> None:
    assert shown(graph.run(declared(MOST))) == snapshot


def test_nothing_is_done_that_was_not_asked_for(graph: Graph) -> None:
    assert kinds(graph.run(declared(LEAST))) == {"forge": "GitLabProject"}
    assert graph.exports["project"] == "48"
    assert graph.exports["page"] == "https://gitlab.example.com/team/app"
    assert graph.exports["token"] == {SECRET: ""}


def test_the_runners_token_is_a_secret_output(graph: Graph) -> None:
    graph.run(declared({**LEAST, "connection": CONNECTION, "registration": {}}))

    assert graph.exports["token"] == {SECRET: RUNNER_TOKEN}
    assert graph.exports["runner"] == "7"


def test_a_runner_takes_the_connections_tags_and_no_untagged_job(graph: Graph) -> None:
    resources = graph.run(
        declared({**LEAST, "connection": CONNECTION, "registration": {"tags": ["amd64", "dind"]}})
    )

    runner = only(resources, "forge-registration").inputs
    assert runner["tagLists"] == ["dind", "amd64"]
    assert runner["untagged"] is False
    assert runner["locked"] is True
    assert runner["runnerType"] == "project_type"
    assert runner["projectId"] == 48


def test_another_text_to_rotate_registers_anew(graph: Graph) -> None:
    registration: list[Any] = [{}, {"rotate": "2026-11"}, {"rotate": "2026-12"}]
    triggers = [
        only(
            graph.run(declared({**LEAST, "connection": CONNECTION, "registration": each})),
            "forge-registration",
        ).replacement_trigger
        for each in registration
    ]

    assert triggers == ["", "2026-11", "2026-12"]


def test_a_runner_that_others_may_use_is_not_locked(graph: Graph) -> None:
    resources = graph.run(
        declared(
            {**LEAST, "connection": CONNECTION, "registration": {}, "enabled_projects": ["team/library"]}
        )
    )

    assert only(resources, "forge-registration").inputs["locked"] is False
    assert only(resources, "forge-for-team-library").inputs == {"project": "52", "runnerId": 7}


def test_a_group_gets_a_groups_runner_and_variables(graph: Graph) -> None:
    resources = graph.run(
        declared(
            {
                "group": "team",
                "connection": CONNECTION,
                "registration": {},
                "secret_variables": [{"key": "PASSWORD", "value": MARKER}],
            }
        )
    )

    runner = only(resources, "forge-registration").inputs
    assert (runner["runnerType"], runner["groupId"]) == ("group_type", 9)
    assert "projectId" not in runner
    assert {kind for name, kind in kinds(resources).items() if "-variable-" in name} == {"GroupVariable"}
    assert only(resources, "forge-variable-PASSWORD").inputs["group"] == "9"
    assert (graph.exports["group"], graph.exports["project"]) == ("9", "")


def test_an_instances_runner_belongs_to_no_project(graph: Graph) -> None:
    resources = graph.run(
        declared(
            {
                **LEAST,
                "connection": CONNECTION,
                "registration": {"runner_type": GitLabRunnerType.INSTANCE},
            }
        )
    )

    runner = only(resources, "forge-registration").inputs
    assert runner["runnerType"] == "instance_type"
    assert not {"projectId", "groupId"} & set(runner)


def test_a_connection_that_is_not_known_yet_is_previewed(graph: Graph) -> None:
    def program() -> None:
        unknown = pulumi.Output.from_input(cast("str", pulumi.UNKNOWN))
        GitLabProject(
            "forge",
            {
                **LEAST,
                "connection": unknown,
                "registration": {},
                "pipeline_file": {"content": unknown},
                "secret_variables": [{"key": "PASSWORD", "value": unknown}],
            },
        )

    resources = graph.run(program, preview=True)

    assert only(resources, "forge-registration").inputs["tagLists"] == UNKNOWN
    assert only(resources, "forge-pipeline").inputs["content"] == UNKNOWN
    assert only(resources, "forge-variable-PASSWORD").inputs["value"] == {SECRET: UNKNOWN}


def test_the_pipeline_is_committed_after_what_it_needs(graph: Graph) -> None:
    resources = graph.run(declared(MOST))

    assert {
        "forge-registration",
        "forge-settings",
        "forge-variable-DOCKER_HOST",
        "forge-variable-REGISTRY_PASSWORD",
    } <= set(only(resources, "forge-pipeline").dependencies)
    assert "forge-pipeline" in only(resources, "forge-schedule-cleanup").dependencies


def test_a_project_is_taken_over_only_what_was_given_is_set_and_it_is_never_deleted(graph: Graph) -> None:
    settings: Any = {
        "trust": Trust.UNTRUSTED,
        "ci_pipeline_variables_minimum_override_role": OverrideRole.OWNER,
    }
    set_now = only(graph.run(declared({**LEAST, "settings": settings})), "forge-settings")

    assert set_now.import_id == "team/app"
    assert {"name", "description", "visibilityLevel", "archived"} <= set(set_now.ignore_changes)
    assert set_now.inputs["ciPipelineVariablesMinimumOverrideRole"] == "owner"
    assert not (set(set_now.inputs) - {"name"}) & set(set_now.ignore_changes)
    assert set_now.retain_on_delete


def test_wrong_arguments_are_said_together_and_nothing_is_registered(graph: Graph) -> None:
    args: Any = {
        "project": "https://gitlab.example.com/team/app",
        "registration": {"maximum_timeout": 60},
        "variables": [{"key": "1ST", "value": "x"}],
        "secret_variables": [{"key": "PASSWORD"}],
        "pipeline_file": {"content": " "},
    }
    with pytest.raises(InvalidInput) as refused:
        graph.run(declared(args))

    assert [problem.field for problem in refused.value.problems] == [
        "project",
        "registration.tags",
        "registration.maximum_timeout",
        "variables[0].key",
        "secret_variables[0].value",
        "pipeline_file.content",
    ]
    assert graph.resources == []
