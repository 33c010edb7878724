"""The rendered `.gitlab-ci.yml`: what it says, what it leaves to the connection, what a pipeline may not be."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ci_runners.connection import Connection, dind_connection
from ci_runners.images import DOCKER_CLI
from ci_runners.render.gitlab_ci import (
    PROJECT_REGISTRY,
    GitLabPipelineSpec,
    pipeline_problems,
    render_gitlab_ci,
)

CONNECTION = dind_connection(host="dind", network="net", client_volume="client", tags=("dind", "linux"))
SPECS = {
    "another registry": GitLabPipelineSpec(image_name="registry.example.com:5000/team/app"),
    "the project's registry": GitLabPipelineSpec(image_name=PROJECT_REGISTRY),
    "a folder of it": GitLabPipelineSpec(image_name=f"{PROJECT_REGISTRY}/web"),
    "everything set": GitLabPipelineSpec(
        image_name="app",
        job_image="docker:29.7.2-cli",
        context="services/web",
        dockerfile="services/web/Dockerfile.ci",
        timeout_minutes=90,
    ),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())


def parsed(spec: GitLabPipelineSpec, connection: Connection = CONNECTION) -> dict[str, Any]:
    """What a YAML 1.2 parser, which GitLab's is closer to than the one that wrote it, makes of the text."""
    pipeline: dict[str, Any] = YAML(typ="safe").load(render_gitlab_ci(spec, connection))
    return pipeline


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
    assert refused([render_gitlab_ci(spec, CONNECTION) for spec in SPECS.values()], tmp_path) == []


def test_gitlabs_schema_would_refuse_a_keyword_that_is_none(tmp_path: Path) -> None:
    misspelled = render_gitlab_ci(SPECS["everything set"], CONNECTION).replace("script:", "skript:")

    assert set(refused([misspelled], tmp_path)) == {misspelled}


@every_spec
def test_a_pipeline_that_renders_has_no_problems(spec: GitLabPipelineSpec) -> None:
    assert list(pipeline_problems(spec)) == []


@every_spec
def test_the_same_spec_gives_the_same_text(spec: GitLabPipelineSpec) -> None:
    assert render_gitlab_ci(spec, CONNECTION) == render_gitlab_ci(spec, CONNECTION)


@every_spec
def test_the_daemon_is_reached_by_the_connection_alone(spec: GitLabPipelineSpec) -> None:
    text = render_gitlab_ci(spec, CONNECTION)

    names, values = CONNECTION.job_environment.keys(), CONNECTION.job_environment.values()
    spelled = [*names, *(value for value in values if value != "1"), *CONNECTION.job_volumes]
    assert [word for word in spelled if word in text] == []
    assert "services" not in parsed(spec)["build"]
    assert set(parsed(spec)["build"]["variables"]) == {"IMAGE"}


def test_the_job_asks_for_a_runner_of_its_daemon() -> None:
    assert parsed(SPECS["everything set"])["build"]["tags"] == ["dind", "linux"]


def test_the_image_is_tagged_by_commit_built_and_pushed() -> None:
    job = parsed(SPECS["everything set"])["build"]

    assert job["variables"]["IMAGE"] == "app:$CI_COMMIT_SHA"
    assert job["script"][1:] == [
        'docker build --pull --tag "$IMAGE" --file services/web/Dockerfile.ci services/web',
        'docker push "$IMAGE"',
    ]


def test_a_job_that_cannot_reach_its_daemon_says_so_first() -> None:
    assert parsed(SPECS["everything set"])["build"]["script"][0].startswith("docker version")


def test_the_job_runs_the_pinned_client_for_a_limited_time_and_may_be_interrupted() -> None:
    job = parsed(GitLabPipelineSpec(image_name="app"))["build"]

    assert job["image"] == DOCKER_CLI
    assert job["timeout"] == "30 minutes"
    assert job["interruptible"] is True


def test_a_commit_has_one_pipeline() -> None:
    assert parsed(SPECS["everything set"])["workflow"]["rules"] == [
        {"if": "$CI_COMMIT_BRANCH"},
        {"if": "$CI_COMMIT_TAG"},
    ]


@pytest.mark.parametrize(
    ("name", "logs_in"),
    [("the project's registry", True), ("a folder of it", True), ("another registry", False)],
)
def test_the_job_logs_in_where_gitlab_gives_it_credentials(name: str, logs_in: bool) -> None:  # noqa: FBT001
    logins = [line for line in parsed(SPECS[name])["build"]["script"] if "docker login" in line]

    assert bool(logins) is logs_in
    assert all("--password-stdin" in line for line in logins), (
        "a password on a command line is seen by everybody"
    )


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
        ("timeout_minutes", 0),
        ("timeout_minutes", -5),
    ],
)
def test_what_a_pipeline_may_not_be_is_named(field: str, value: str | int) -> None:
    given: dict[str, Any] = {"image_name": "app", field: value}

    problems = list(pipeline_problems(GitLabPipelineSpec(**given)))

    assert [(problem.field, problem.value) for problem in problems] == [(field, value)]
