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
from ci_runners.render.gitlab_services import DindService, render_gitlab_ci_with_dind

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
        branch_tag=False,
        sbom=False,
        provenance=False,
        timeout_minutes=90,
    ),
}
SERVICES = {
    "as it is": DindService(),
    "everything set": DindService(
        image="registry.example.com/tools/docker:29.7.2-dind",
        tags=("privileged", "linux"),
        registry_mirrors=("https://mirror.example.com",),
        insecure_registries=("registry.example.com:5000",),
        address_pool="10.99.0.0/16",
    ),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())
every_way = pytest.mark.parametrize("kind", DaemonKind, ids=lambda kind: kind.value)


def rendered(kind: DaemonKind, spec: GitLabPipelineSpec) -> str:
    """The text of a pipeline."""
    return render_gitlab_ci(spec, CONNECTIONS[kind])


def every_text() -> list[str]:
    """The text of every pipeline."""
    return [
        *(rendered(kind, spec) for kind in DaemonKind for spec in SPECS.values()),
        *(
            render_gitlab_ci_with_dind(spec, service)
            for spec in SPECS.values()
            for service in SERVICES.values()
        ),
    ]


def read(text: str) -> dict[str, Any]:
    """What a YAML 1.2 parser, which GitLab's is closer to than the one that wrote it, makes of a text."""
    pipeline: dict[str, Any] = YAML(typ="safe").load(text)
    return pipeline


def parsed(kind: DaemonKind, spec: GitLabPipelineSpec) -> dict[str, Any]:
    """A pipeline as data."""
    return read(rendered(kind, spec))


def build_job(kind: DaemonKind, spec: GitLabPipelineSpec) -> dict[str, Any]:
    """The one job of a pipeline."""
    found: dict[str, Any] = parsed(kind, spec)["build"]
    return found
