"""The rendered `.gitlab-ci.yml`: what it says, what it leaves to the connection, what a pipeline may not be."""

import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners.connection import DaemonKind
from ci_runners.images import BUILDKIT, DOCKER_CLI, KANIKO
from ci_runners.problems import InvalidInput
from ci_runners.render.gitlab_ci import PROJECT_REGISTRY, GitLabPipelineSpec, pipeline_problems
from sandbox.ci.config import parse_config
from sandbox.variables import slug
from tests.unit.pipelines import (
    CONNECTIONS,
    OTHER,
    SPECS,
    build_job,
    every_spec,
    every_way,
    parsed,
    rendered,
)


@every_way
@every_spec
def test_a_pipeline_is_this_text(
    kind: DaemonKind, spec: GitLabPipelineSpec, snapshot: SnapshotAssertion
) -> None:
    assert rendered(kind, spec) == snapshot


@every_way
@every_spec
def test_the_sandbox_reads_every_pipeline_as_it_is_written(
    kind: DaemonKind, spec: GitLabPipelineSpec
) -> None:
    (job,) = parse_config(rendered(kind, spec)).jobs

    written = build_job(kind, spec)
    image = written["image"]
    assert job.image == ({"name": image} if isinstance(image, str) else image)
    assert job.script == written["script"]
    assert job.tags == list(CONNECTIONS[kind].tags)
    assert job.timeout == spec.timeout_minutes * 60


@every_spec
def test_a_pipeline_that_renders_has_no_problems(spec: GitLabPipelineSpec) -> None:
    assert list(pipeline_problems(spec)) == []


@every_way
@every_spec
def test_the_daemon_is_reached_by_the_connection_alone(kind: DaemonKind, spec: GitLabPipelineSpec) -> None:
    connection = CONNECTIONS[kind]
    values = [value for value in connection.job_environment.values() if value not in {"1", "--cache=true"}]
    job = build_job(kind, spec)

    assert [word for word in (*values, *connection.job_volumes) if word in rendered(kind, spec)] == []
    assert "services" not in job
    assert not set(job["variables"]) & set(connection.job_environment)


@every_way
def test_the_image_is_tagged_by_commit_and_by_branch(kind: DaemonKind) -> None:
    variables = build_job(kind, SPECS["another registry"])["variables"]

    assert variables == {
        "IMAGE": f"{OTHER}:$CI_COMMIT_SHA",
        "BRANCH_IMAGE": f"{OTHER}:$CI_COMMIT_REF_SLUG",
    }


@every_way
def test_a_pipeline_may_leave_branches_alone(kind: DaemonKind) -> None:
    job = build_job(kind, GitLabPipelineSpec(image_name=OTHER, branch_tag=False))

    assert job["variables"] == {"IMAGE": f"{OTHER}:$CI_COMMIT_SHA"}
    assert "BRANCH_IMAGE" not in str(job["script"])


@pytest.mark.parametrize(
    "branch",
    ["main", "feature/Log-In", "$(id)", '"; id; "', "a,b=c", "`id`", "Ärger", "x" * 200, "-rf", "1.0_rc+1"],
)
def test_a_tag_of_any_branch_is_one_word_and_one_field_and_a_docker_tag(branch: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", slug(branch))


@every_way
@every_spec
def test_no_name_that_a_person_chose_freely_reaches_a_pipeline(
    kind: DaemonKind, spec: GitLabPipelineSpec
) -> None:
    text = rendered(kind, spec)

    free = ("CI_COMMIT_REF_NAME", "CI_COMMIT_MESSAGE", "CI_COMMIT_TITLE", "CI_COMMIT_AUTHOR")
    assert [name for name in free if name in text] == []
    # In the rules only to see whether they are there.
    assert re.findall(r".*CI_COMMIT_(?:BRANCH|TAG).*", text) == [
        "  - if: $CI_COMMIT_BRANCH",
        "  - if: $CI_COMMIT_TAG",
    ]


@pytest.mark.parametrize("field", ["sbom", "provenance"])
@pytest.mark.parametrize("kind", [DaemonKind.DIND, DaemonKind.DOOD, DaemonKind.KANIKO])
def test_attestations_are_refused_where_the_builder_makes_none(kind: DaemonKind, field: str) -> None:
    given: dict[str, Any] = {"image_name": "app", field: True}
    spec = GitLabPipelineSpec(**given)

    (problem,) = pipeline_problems(spec, kind)

    assert (problem.field, problem.value) == (field, True)
    assert problem.fix.startswith("build with buildkit")
    with pytest.raises(InvalidInput, match=f"Pipeline.*{field}"):
        rendered(kind, spec)


def test_attestations_are_no_problem_where_the_way_is_not_known_or_can() -> None:
    spec = GitLabPipelineSpec(image_name="app", sbom=True, provenance=True)

    assert list(pipeline_problems(spec)) == []
    assert list(pipeline_problems(spec, DaemonKind.BUILDKIT)) == []


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        (DaemonKind.DIND, DOCKER_CLI),
        (DaemonKind.DOOD, DOCKER_CLI),
        (DaemonKind.BUILDKIT, {"name": BUILDKIT, "entrypoint": [""]}),
        (DaemonKind.KANIKO, {"name": KANIKO, "entrypoint": [""]}),
    ],
)
def test_the_job_runs_in_the_connections_image_for_a_limited_time_and_may_be_interrupted(
    kind: DaemonKind, image: object
) -> None:
    job = build_job(kind, GitLabPipelineSpec(image_name="app"))

    assert job["image"] == image
    assert job["timeout"] == "30 minutes"
    assert job["interruptible"] is True


@every_way
def test_another_job_image_takes_the_place_of_the_connections(kind: DaemonKind) -> None:
    image = build_job(kind, SPECS["everything set"])["image"]

    name = image["name"] if isinstance(image, dict) else image
    assert name == "registry.example.com/tools/builder:1.2.3"


def test_the_job_asks_for_a_runner_of_its_daemon() -> None:
    assert build_job(DaemonKind.DIND, SPECS["everything set"])["tags"] == ["dind", "linux"]


def test_a_commit_has_one_pipeline() -> None:
    assert parsed(DaemonKind.DIND, SPECS["everything set"])["workflow"]["rules"] == [
        {"if": "$CI_COMMIT_BRANCH"},
        {"if": "$CI_COMMIT_TAG"},
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image_name", ""),
        ("image_name", "app:1.0"),
        ("image_name", "app@sha256:" + "0" * 64),
        ("image_name", "https://registry.example.com/app"),
        ("image_name", "registry.example.com/Team/App"),
        ("image_name", "app; rm -rf /"),
        ("image_name", "$CI_REGISTRY/app"),
        ("image_name", f"{PROJECT_REGISTRY}_2"),
        ("image_name", f"{PROJECT_REGISTRY}/"),
        ("job_image", "docker"),
        ("job_image", "docker:latest"),
        ("context", ""),
        ("context", "/"),
        ("context", ".."),
        ("context", "a/../../b"),
        ("context", "--squash"),
        ("context", "a b"),
        ("dockerfile", ""),
        ("dockerfile", "../Dockerfile"),
        ("dockerfile", "Dockerfile $(id)"),
        ("layer_cache", ""),
        ("layer_cache", "app"),
        ("layer_cache", "cache:1"),
        ("layer_cache", "$CI_REGISTRY/cache"),
        ("layer_cache", "registry.example.com/Cache"),
        ("timeout_minutes", 0),
        ("timeout_minutes", -5),
    ],
)
def test_what_a_pipeline_may_not_be_is_named(field: str, value: str | int) -> None:
    given: dict[str, Any] = {"image_name": "app", field: value}

    problems = list(pipeline_problems(GitLabPipelineSpec(**given)))

    assert [(problem.field, problem.value) for problem in problems] == [(field, value)]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    wrong = GitLabPipelineSpec(image_name="App", job_image="docker", layer_cache="App/cache")

    assert [problem.field for problem in pipeline_problems(wrong)] == [
        "image_name",
        "job_image",
        "layer_cache",
    ]
