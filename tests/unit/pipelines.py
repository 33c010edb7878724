"""Pipelines of every way to build, for what must hold in all of them."""

from typing import Any

import pytest
from ruamel.yaml import YAML

from ci_runners.connection import DaemonKind
from ci_runners.connections import (
    buildkit_connection,
    dind_connection,
    host_connection,
    kaniko_connection,
)
from ci_runners.render.gitlab_ci import PROJECT_REGISTRY, GitLabPipelineSpec, render_gitlab_ci

SOCKET = {"socket": "/run/docker.sock", "group": "998"}
CONNECTIONS = {
    DaemonKind.DIND: dind_connection(host="d", network="n", client_volume="v", tags=("dind", "linux")),
    DaemonKind.DOOD: host_connection(**SOCKET, jobs_volume="j", jobs_dir="/j", tags=("dood",)),
    DaemonKind.BUILDKIT: buildkit_connection(
        **SOCKET, cache_dir="/j", host="k", network="n", client_volume="v", tags=("buildkit",)
    ),
    DaemonKind.KANIKO: kaniko_connection(
        **SOCKET, cache_dir="/j", environment={"KANIKO_FLAGS": "--cache=true"}, tags=("kaniko",)
    ),
}
OTHER = "registry.example.com:5000/team/app"
SPECS = {
    "another registry": GitLabPipelineSpec(image_name=OTHER),
    "another registry, cached": GitLabPipelineSpec(image_name=OTHER, layer_cache=f"{OTHER}/cache"),
    "the project's registry": GitLabPipelineSpec(image_name=PROJECT_REGISTRY),
    "the project's registry, cached": GitLabPipelineSpec(
        image_name=f"{PROJECT_REGISTRY}/web", layer_cache=f"{PROJECT_REGISTRY}/cache"
    ),
    "everything set": GitLabPipelineSpec(
        image_name="app",
        job_image="registry.example.com/tools/builder:1.2.3",
        context="services/web",
        dockerfile="services/web/Dockerfile.ci",
        layer_cache="app/cache",
        timeout_minutes=90,
    ),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
every_way = pytest.mark.parametrize("kind", DaemonKind, ids=lambda kind: kind.value)


def rendered(kind: DaemonKind, spec: GitLabPipelineSpec) -> str:
    """The text of a pipeline."""
    return render_gitlab_ci(spec, CONNECTIONS[kind])


def parsed(kind: DaemonKind, spec: GitLabPipelineSpec) -> dict[str, Any]:
    """What a YAML 1.2 parser, which GitLab's is closer to than the one that wrote it, makes of the text."""
    pipeline: dict[str, Any] = YAML(typ="safe").load(rendered(kind, spec))
    return pipeline


def build_job(kind: DaemonKind, spec: GitLabPipelineSpec) -> dict[str, Any]:
    """The one job of a pipeline."""
    found: dict[str, Any] = parsed(kind, spec)["build"]
    return found
