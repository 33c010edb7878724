"""A station's side of its forge: the runner, what is set at the forge, and the pipeline that fits the daemon."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import pulumi

from ci_runners.connection import Connection
from ci_runners.extras import needed_by
from ci_runners.render.github_workflow import render_github_workflow
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci
from ci_runners.render.station_spec import (
    ForgeKind,
    StationSpec,
    drain_name,
    metrics_name,
    project_name,
    runner_name,
)
from ci_runners.render.station_upkeep import RUNNER_METRICS
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from ci_runners.resources import after
from ci_runners.runners.github import GitHubRunner
from ci_runners.runners.gitlab import GitLabRunner
from ci_runners.station_args import BuildStationArgs
from ci_runners.upkeep.drain import RunnerDrain
from ci_runners.upkeep.metrics import StationMetrics


@dataclass(frozen=True, kw_only=True)
class ForgeSide:
    """What a station has of its forge."""

    runner_container_names: pulumi.Output[list[str]]
    pipeline: pulumi.Output[str]


def require_sdk(args: BuildStationArgs) -> None:
    """Raise `MissingExtra` where the forge's side needs an SDK that is not installed: only who uses one needs it."""
    if args.get("project") is not None:
        with needed_by("project of BuildStation"):
            import_module("ci_runners.projects.gitlab")
    if args.get("repository") is not None:
        with needed_by("repository of BuildStation"):
            import_module("ci_runners.projects.github")


def forge_side(
    name: str,
    spec: StationSpec,
    args: BuildStationArgs,
    connection: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
    *,
    metrics: StationMetrics | None,
) -> ForgeSide:
    """Everything of the chosen forge. GitHub's runner has no metrics."""
    if spec.forge is ForgeKind.GITHUB:
        return _github(name, spec, args, connection, opts)
    return _gitlab(name, spec, args, connection, opts, metrics=metrics)


def _gitlab(
    name: str,
    spec: StationSpec,
    args: BuildStationArgs,
    connection: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
    *,
    metrics: StationMetrics | None,
) -> ForgeSide:
    pipeline = cast(GitLabPipelineSpec, spec.pipeline)  # a station without one was refused
    text = connection.apply(lambda known: render_gitlab_ci(pipeline, Connection.parse(known)))
    forge = args["gitlab"]
    # The runner joins the metrics' network, which must be there; the server in it may come and go.
    wired = connection if metrics is None else after(connection, metrics.network)
    wiring: dict[str, Any] = {**forge, "connection": wired}
    api_token = wiring.pop("api_token", None)
    runner_id: pulumi.Output[str] | None = None
    if (given := args.get("project")) is not None:
        from ci_runners.projects.gitlab import GitLabProject  # noqa: PLC0415  there: see `require_sdk`

        said = {"connection_variables": False, **_with_content(given, "pipeline_file", text)}
        project = GitLabProject(project_name(name), cast(Any, {**said, "connection": connection}), opts)
        wiring = {"token": project.runner_token, **wiring}
        runner_id = project.runner_id
    runner = GitLabRunner(
        runner_name(name), cast(Any, {**_measured(name, args.get("runner") or {}, metrics), **wiring}), opts
    )
    if (drain := args.get("drain")) is not None:
        at_forge = {"url": forge["url"], "api_token": api_token, "runner_id": runner_id}
        RunnerDrain(
            drain_name(name),
            cast(Any, {**drain, **at_forge, "runner_container": runner.container_name}),
            opts,
        )
    names = runner.container_name.apply(lambda container: [container])
    return ForgeSide(runner_container_names=names, pipeline=text)


def _github(
    name: str,
    spec: StationSpec,
    args: BuildStationArgs,
    connection: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> ForgeSide:
    workflow = spec.workflow or GitHubWorkflowSpec()
    text = connection.apply(lambda known: render_github_workflow(workflow, Connection.parse(known)))
    wiring: dict[str, Any] = {**args["github"], "connection": connection}
    if (given := args.get("repository")) is not None:
        from ci_runners.projects.github import GitHubRepository  # noqa: PLC0415  there: see `require_sdk`

        said = _with_content(given, "workflow_file", text)
        repository = GitHubRepository(project_name(name), cast(Any, {**said, "connection": connection}), opts)
        wiring = {"url": repository.url, **wiring}
        if given.get("runner_group") is not None:
            wiring["runner_group"] = repository.runner_group
    runner = GitHubRunner(runner_name(name), cast(Any, {**(args.get("github_runner") or {}), **wiring}), opts)
    return ForgeSide(runner_container_names=runner.container_names, pipeline=text)


def _measured(name: str, runner: Mapping[str, Any], metrics: StationMetrics | None) -> Mapping[str, Any]:
    """The runner's arguments; with metrics it serves its own in their network."""
    if metrics is None:
        return runner
    networks = [*(runner.get("networks") or ()), metrics_name(name)]
    return {"metrics_address": RUNNER_METRICS, **runner, "networks": networks}


def _with_content(given: Mapping[str, Any], file: str, content: object) -> dict[str, Any]:
    """The arguments with the text of the file to commit, where there is to be one."""
    return {**given, file: {**given[file], "content": content}} if given.get(file) is not None else {**given}
