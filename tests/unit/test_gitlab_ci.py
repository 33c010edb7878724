"""The rendered `.gitlab-ci.yml`: what it says, what it leaves to the connection, what a pipeline may not be."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners.connection import DaemonKind
from ci_runners.images import BUILDKIT, DOCKER_CLI, KANIKO
from ci_runners.render.gitlab_ci import PROJECT_REGISTRY, GitLabPipelineSpec, pipeline_problems
from sandbox.ci.config import parse_config
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


def refused(texts: Iterable[str], folder: Path) -> list[str]:
    """The texts that the JSON schema of `.gitlab-ci.yml`, as check-jsonschema brings it along, does not accept."""
    files = {f"{number}.yml": text for number, text in enumerate(texts)}
    for name, text in files.items():
        (folder / name).write_text(text)
    options = ["--builtin-schema", "vendor.gitlab-ci", "--output-format", "json"]
    command = [sys.executable, "-m", "check_jsonschema", *options, *files]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return [files[error["filename"]] for error in json.loads(result.stdout)["errors"]]


def test_gitlabs_schema_accepts_every_pipeline(tmp_path: Path) -> None:
    assert refused([rendered(kind, spec) for kind in DaemonKind for spec in SPECS.values()], tmp_path) == []


def test_gitlabs_schema_would_refuse_a_keyword_that_is_none(tmp_path: Path) -> None:
    misspelled = rendered(DaemonKind.DIND, SPECS["everything set"]).replace("script:", "skript:")

    assert set(refused([misspelled], tmp_path)) == {misspelled}


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
def test_the_image_is_tagged_by_commit(kind: DaemonKind) -> None:
    variables = build_job(kind, SPECS["another registry"])["variables"]

    assert variables == {"IMAGE": f"{OTHER}:$CI_COMMIT_SHA"}


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
