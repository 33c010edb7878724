"""The rules of a station's side of its forge: the runner, what is set at the forge, the pipeline, and how they fit."""

import dataclasses
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from ci_runners.connection import DaemonKind
from ci_runners.images import BUILDKIT, DOCKER_CLI
from ci_runners.problems import Problem
from ci_runners.render import github_runner_rules, runner_rules
from ci_runners.render.drain import drain_problems
from ci_runners.render.github_repository import repository_problems
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, pipeline_problems
from ci_runners.render.gitlab_project_rules import project_problems
from ci_runners.render.station_spec import ForgeKind, StationSpec, drain_name, project_name, runner_name
from ci_runners.render.workflow_rules import GitHubWorkflowSpec, workflow_problems
from ci_runners.validate import Rules


def forge_problems(name: str, spec: StationSpec, way: DaemonKind | None) -> Iterator[Problem]:
    """Everything that is wrong with the chosen forge's sections; those of the other one are not used."""
    rules = Rules(component=f"BuildStation {name!r}")
    if spec.forge is ForgeKind.GITLAB:
        yield from _gitlab(name, spec, way, rules)
    else:
        yield from _github(name, spec, way, rules)


def under(section: str, component: str, found: Iterable[Problem]) -> Iterator[Problem]:
    """A part's problems as the station's: their fields are paths from the station on. The name is the station's own."""
    for problem in found:
        path = problem.field if problem.field == "name" else f"{section}.{problem.field}"
        yield dataclasses.replace(problem, component=component, field=path)


def _gitlab(name: str, spec: StationSpec, way: DaemonKind | None, rules: Rules) -> Iterator[Problem]:
    yield from under("runner", rules.component, runner_rules.runner_problems(runner_name(name), spec.runner))
    if spec.project is not None:
        found = project_problems(project_name(name), spec.project, has_connection=True)
        yield from under("project", rules.component, found)
    if spec.drain is not None:
        yield from under("drain", rules.component, drain_problems(drain_name(name), spec.drain))
        if spec.project is None or spec.project.registration is None:
            fix = "let the station register its runner, or leave drain out: the runner itself ends its jobs, unpaused"
            expected = "a runner that the station registers: only of that one it knows the number"
            yield rules.problem("project.registration", None, expected, fix)
    if spec.pipeline is None:
        yield rules.problem(
            "pipeline", None, "what the pipeline builds", "add it, with image_name: it has no default"
        )
        return
    yield from under("pipeline", rules.component, pipeline_problems(spec.pipeline, way))
    if way is not None:
        yield from _gitlab_fit(spec, spec.pipeline, way, rules)


def _github(name: str, spec: StationSpec, way: DaemonKind | None, rules: Rules) -> Iterator[Problem]:
    runner = github_runner_rules.runner_problems(runner_name(name), spec.github_runner)
    yield from under("github_runner", rules.component, runner)
    if spec.repository is not None:
        found = repository_problems(project_name(name), spec.repository, connected=True)
        yield from under("repository", rules.component, found)
    workflow = spec.workflow or GitHubWorkflowSpec()
    for problem in under("workflow", rules.component, workflow_problems(workflow, way)):
        # Which daemon there is follows from the way to build.
        is_way = problem.field == "workflow.connection"
        yield dataclasses.replace(problem, field="builder") if is_way else problem
    longest = workflow.timeout_minutes * 60
    if spec.github_runner.drain_seconds < longest:
        yield rules.problem(
            "github_runner.drain_seconds",
            spec.github_runner.drain_seconds,
            f"at least {longest}: a job of the workflow may take {workflow.timeout_minutes} minutes to end",
            f"raise it to {longest}, or lower workflow.timeout_minutes",
        )


def _gitlab_fit(
    spec: StationSpec, pipeline: GitLabPipelineSpec, way: DaemonKind, rules: Rules
) -> Iterator[Problem]:
    longest = pipeline.timeout_minutes * 60
    if spec.runner.drain_seconds < longest:
        yield rules.problem(
            "runner.drain_seconds",
            spec.runner.drain_seconds,
            f"at least {longest}: a job of the pipeline may take {pipeline.timeout_minutes} minutes to end",
            f"raise it to {longest}, or lower pipeline.timeout_minutes",
        )
    if spec.drain is not None and spec.drain.seconds < longest:
        yield rules.problem(
            "drain.seconds",
            spec.drain.seconds,
            f"at least {longest}: a job of the pipeline may take {pipeline.timeout_minutes} minutes to end",
            f"raise it to {longest}, or lower pipeline.timeout_minutes",
        )
    yield from _allowed_image(spec, pipeline, way, rules)
    inner, outer = spec.runner.network_mtu, spec.dind.daemon_json.mtu
    if way is DaemonKind.DIND and inner is not None and outer is not None and inner > outer:
        yield rules.problem(
            "runner.network_mtu",
            inner,
            f"at most dind.daemon_json.mtu, {outer}: larger packets are lost without a message",
            f"lower it to {outer}, or leave it out",
        )


def _allowed_image(
    spec: StationSpec, pipeline: GitLabPipelineSpec, way: DaemonKind, rules: Rules
) -> Iterator[Problem]:
    default = {DaemonKind.BUILDKIT: BUILDKIT, DaemonKind.KANIKO: spec.kaniko.image}.get(way, DOCKER_CLI)
    image = pipeline.job_image or default
    allowed = [*spec.runner.allowed_images, spec.runner.job_image or default]
    if spec.runner.allowed_images and not any(_may_match(image, pattern) for pattern in allowed):
        yield rules.problem(
            "runner.allowed_images",
            list(spec.runner.allowed_images),
            f"the pipeline's own image among them, {image}",
            "add it: this runner would refuse its own station's job",
        )


def _may_match(image: str, pattern: str) -> bool:
    """Whether GitLab Runner may take an image for allowed.

    Its patterns (bmatcuk/doublestar) know more than Python's; where they do, this says yes rather than refuse what
    works.
    """
    return "{" in pattern or fnmatchcase(image, pattern)
