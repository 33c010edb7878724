"""Workflows of every way to build, for what must hold in all of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from ci_runners.connection import DaemonKind
from ci_runners.render.github_workflow import render_github_workflow, render_hosted_workflow
from ci_runners.render.workflow_rules import OWN_PACKAGE, GitHubWorkflowSpec
from tests.unit.pipelines import CONNECTIONS, OTHER

KINDS = [DaemonKind.DIND, DaemonKind.DOOD, DaemonKind.BUILDKIT]
WAYS: list[DaemonKind | None] = [None, *KINDS]
"""None is GitHub's own runner."""
SPECS = {
    "the repository's own package": GitHubWorkflowSpec(),
    "another registry": GitHubWorkflowSpec(image_name=OTHER),
    "another registry, cached": GitHubWorkflowSpec(image_name=OTHER, layer_cache=f"{OTHER}/cache"),
    "a registry without a login": GitHubWorkflowSpec(image_name=OTHER, login=False),
    "everything set": GitHubWorkflowSpec(
        image_name=f"{OWN_PACKAGE}/web",
        environment="production",
        context="services/web",
        dockerfile="services/web/Dockerfile.ci",
        layer_cache="ghcr.io/team/app/cache",
        branch_tag=False,
        sbom=False,
        provenance=False,
        timeout_minutes=90,
    ),
    "Docker Hub": GitHubWorkflowSpec(image_name="team/app"),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.value if way else "hosted")
every_kind = pytest.mark.parametrize("way", KINDS, ids=lambda way: way.value)


def rendered(way: DaemonKind | None, spec: GitHubWorkflowSpec) -> str:
    """The text of a workflow."""
    return render_hosted_workflow(spec) if way is None else render_github_workflow(spec, CONNECTIONS[way])


def every_text() -> Iterator[tuple[str, str]]:
    """Every workflow, with a name that a file may have."""
    for way in WAYS:
        for number, spec in enumerate(SPECS.values()):
            yield f"{way.value if way else 'hosted'}-{number}.yml", rendered(way, spec)


def parsed(way: DaemonKind | None, spec: GitHubWorkflowSpec) -> dict[str, Any]:
    """What a YAML 1.2 parser, as GitHub's is, makes of the text."""
    workflow: dict[str, Any] = YAML(typ="safe").load(rendered(way, spec))
    return workflow


def build_job(way: DaemonKind | None, spec: GitHubWorkflowSpec) -> dict[str, Any]:
    """The one job of a workflow."""
    (found,) = parsed(way, spec)["jobs"].values()
    job: dict[str, Any] = found
    return job


def step(way: DaemonKind | None, spec: GitHubWorkflowSpec, name: str) -> dict[str, Any]:
    """One step of that job."""
    (found,) = [one for one in build_job(way, spec)["steps"] if one["name"] == name]
    one: dict[str, Any] = found
    return one
