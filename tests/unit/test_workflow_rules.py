"""What a workflow may not be, and that all of it is named."""

from typing import Any

import pytest

from ci_runners.connection import DaemonKind
from ci_runners.problems import InvalidInput
from ci_runners.render.github_workflow import render_github_workflow
from ci_runners.render.workflow_rules import OWN_PACKAGE, GitHubWorkflowSpec, workflow_problems
from tests.unit.pipelines import CONNECTIONS, OTHER
from tests.unit.workflows import (
    every_way,
)

DOCKER = [DaemonKind.DIND, DaemonKind.DOOD]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image_name", ""),
        ("image_name", "app:1.0"),
        ("image_name", "app@sha256:" + "0" * 64),
        ("image_name", "https://registry.example.com/app"),
        ("image_name", "registry.example.com/Team/App"),
        ("image_name", "app; rm -rf /"),
        ("image_name", "ghcr.io/${{ github.event.head_commit.message }}"),
        ("image_name", f"{OWN_PACKAGE}_2"),
        ("image_name", f"{OWN_PACKAGE}/"),
        ("image_name", f"{OWN_PACKAGE}/{OWN_PACKAGE}"),
        ("login", False),
        ("environment", ""),
        ("environment", "${{ github.head_ref }}"),
        ("environment", "two\nlines"),
        ("context", ""),
        ("context", "/"),
        ("context", "a/../../b"),
        ("context", "--squash"),
        ("dockerfile", "../Dockerfile"),
        ("dockerfile", "Dockerfile $(id)"),
        ("layer_cache", ""),
        ("layer_cache", "cache:1"),
        ("layer_cache", OWN_PACKAGE),
        ("layer_cache", f"{OWN_PACKAGE}/cache"),
        ("layer_cache", "registry.example.com/Cache"),
        ("timeout_minutes", 0),
    ],
)
@every_way
def test_what_a_workflow_may_not_be_is_named(way: DaemonKind | None, field: str, value: object) -> None:
    given: dict[str, Any] = {field: value}

    problems = list(workflow_problems(GitHubWorkflowSpec(**given), way))

    assert [(problem.field, problem.value) for problem in problems] == [(field, value)]


def test_the_images_own_repository_is_no_place_for_layers() -> None:
    (problem,) = workflow_problems(GitHubWorkflowSpec(image_name=OTHER, layer_cache=OTHER), None)

    assert (problem.field, problem.value) == ("layer_cache", OTHER)


def test_kaniko_is_refused_with_the_reason_and_a_way_out() -> None:
    spec = GitHubWorkflowSpec()
    (problem,) = workflow_problems(spec, DaemonKind.KANIKO)

    assert "in the place of the runner's" in problem.expected
    assert "buildkit" in problem.fix
    with pytest.raises(InvalidInput, match="in the place of the runner's"):
        render_github_workflow(spec, CONNECTIONS[DaemonKind.KANIKO])


@pytest.mark.parametrize("field", ["sbom", "provenance"])
@pytest.mark.parametrize("way", DOCKER, ids=lambda way: way.value)
def test_attestations_are_refused_where_the_builder_has_none(way: DaemonKind, field: str) -> None:
    wanted: dict[str, Any] = {field: True}
    spec = GitHubWorkflowSpec(**wanted)
    (problem,) = workflow_problems(spec, way)

    assert (problem.field, problem.value) == (field, True)
    assert "image store" in problem.expected
    with pytest.raises(InvalidInput, match="image store"):
        render_github_workflow(spec, CONNECTIONS[way])


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = GitHubWorkflowSpec(
        image_name="App", context="..", layer_cache="Cache", sbom=True, timeout_minutes=0
    )

    fields = [problem.field for problem in workflow_problems(wrong, DaemonKind.KANIKO)]
    assert fields == ["image_name", "layer_cache", "context", "timeout_minutes", "connection", "sbom"]
