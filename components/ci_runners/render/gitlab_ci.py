"""The pipeline of a project whose images are built on a station: the text of its `.gitlab-ci.yml`.

The job names neither a daemon nor a certificate, and has no services: the runner's config.toml gives every job the
connection's environment and mounts, so a pipeline cannot disagree with its daemon. What the pipeline takes from
the connection are the tags, which decide that the job reaches a runner of that daemon at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ci_runners.connection import Connection
from ci_runners.images import DOCKER_CLI
from ci_runners.problems import Problem
from ci_runners.validate import Rules

PROJECT_REGISTRY = "$CI_REGISTRY_IMAGE"
"""The project's own container registry, in GitLab's words (GitLab docs, Predefined CI/CD variables)."""

_INSIDE = re.compile(r"(?![/-])(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._/-]+")
_HEADER = """\
# Rendered by ci-runners: change the station's settings, not this file.
# The runner gives the job its daemon's address and client certificate; nothing here may set them again.
"""
_LOGIN = 'echo "$CI_REGISTRY_PASSWORD" | docker login --username "$CI_REGISTRY_USER" --password-stdin "$CI_REGISTRY"'


@dataclass(frozen=True, kw_only=True)
class GitLabPipelineSpec:
    """What a pipeline builds, and where it pushes it."""

    image_name: str
    """Registry and path of the image, without a tag: the commit is the tag."""

    job_image: str = DOCKER_CLI
    """Image in which the job runs the Docker client. The connection's daemon must know its API version."""

    context: str = "."
    """Build context: a folder of the repository."""

    dockerfile: str = "Dockerfile"
    """The Dockerfile: a path in the repository."""

    timeout_minutes: int = 30
    """Minutes after which GitLab ends the job; the project's and the runner's own limits still hold."""


def pipeline_problems(spec: GitLabPipelineSpec) -> Iterator[Problem]:
    """Say what is wrong with a pipeline, field by field."""
    rules = Rules(component="Pipeline")
    if any(rules.image("image_name", _example(spec.image_name))):
        yield rules.problem(
            "image_name",
            spec.image_name,
            f"registry and path in lower case, without a tag; or {PROJECT_REGISTRY}, with or without a path",
            "write it like registry.example.com/team/app; the pipeline adds the commit as the tag",
        )
    yield from rules.image("job_image", spec.job_image)
    for field, value in (("context", spec.context), ("dockerfile", spec.dockerfile)):
        if not _INSIDE.fullmatch(value):
            yield rules.problem(
                field,
                value,
                "a path inside the repository, of letters, digits and . _ - /",
                "give it relative to the repository's root, without '..'",
            )
    yield from rules.at_least("timeout_minutes", spec.timeout_minutes, 1, "minute")


def render_gitlab_ci(spec: GitLabPipelineSpec, connection: Connection) -> str:
    """Render the `.gitlab-ci.yml` that builds and pushes one image on the connection's daemon.

    Keywords: GitLab docs, CI/CD YAML syntax reference. The image's tag is the commit, so a job that runs twice, or is
    cancelled by a newer commit, never moves a tag that something else may be using.
    """
    pipeline = {
        # A branch or a tag gives one pipeline per commit; a merge request would give its branch a second one.
        "workflow": {"rules": [{"if": "$CI_COMMIT_BRANCH"}, {"if": "$CI_COMMIT_TAG"}]},
        "stages": ["build"],
        "build": {
            "stage": "build",
            "image": spec.job_image,
            "tags": list(connection.tags),
            "timeout": f"{spec.timeout_minutes} minutes",
            "interruptible": True,
            "variables": {"IMAGE": f"{spec.image_name}:$CI_COMMIT_SHA"},
            "script": _script(spec),
        },
    }
    return _HEADER + yaml.safe_dump(pipeline, sort_keys=False, width=1000)


def _script(spec: GitLabPipelineSpec) -> list[str]:
    return [
        # First, so that a job that cannot reach its daemon says so before it does any work.
        "docker version --format 'daemon {{.Server.Version}}, client {{.Client.Version}}'",
        # GitLab gives a job credentials for the project's own registry, and for no other.
        *([_LOGIN] if _is_project_registry(spec.image_name) else []),
        f'docker build --pull --tag "$IMAGE" --file {spec.dockerfile} {spec.context}',
        'docker push "$IMAGE"',
    ]


def _is_project_registry(image_name: str) -> bool:
    return image_name == PROJECT_REGISTRY or image_name.startswith(f"{PROJECT_REGISTRY}/")


def _example(image_name: str) -> str:
    """What the image may be called once GitLab has filled in the variables."""
    name = (
        image_name.replace(PROJECT_REGISTRY, "project", 1) if _is_project_registry(image_name) else image_name
    )
    return f"{name}:commit"
