"""`render`: any pipeline or workflow as text, without a station, an account or a stack."""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

from ci_runners.cli.exit_codes import WRONG_INPUT
from ci_runners.connection import SOCKET, Connection, DaemonKind
from ci_runners.connections import (
    buildkit_connection,
    dind_connection,
    host_connection,
    kaniko_connection,
)
from ci_runners.problems import InvalidInput, Problem, refuse
from ci_runners.recommend.show import option, written
from ci_runners.render.github_workflow import render_github_workflow, render_hosted_workflow
from ci_runners.render.gitlab_ci import (
    PROJECT_REGISTRY,
    GitLabPipelineSpec,
    pipeline_problems,
    render_gitlab_ci,
)
from ci_runners.render.gitlab_services import DindService, render_gitlab_ci_with_dind, service_problems
from ci_runners.render.shared_rules import tag_problems
from ci_runners.render.workflow_rules import GitHubWorkflowSpec, workflow_problems
from ci_runners.validate import Rules

HOSTED = "hosted"
"""GitHub's own runners."""
DIND_SERVICE = "dind-service"
"""A runner that is not ours: the job brings its daemon along."""
GITLAB_WAYS = [*(kind.value for kind in DaemonKind), DIND_SERVICE]
GITHUB_WAYS = [HOSTED, *(kind.value for kind in DaemonKind)]
HELP = {
    "image_name": "registry and path of the image, without a tag",
    "login": "log in at the image's registry",
    "environment": "GitHub environment of the job (default: none)",
    "job_image": "image in which the job runs (default: the one that the way brings)",
    "context": "build context: a folder of the repository",
    "dockerfile": "the Dockerfile: a path in the repository",
    "layer_cache": "registry and path for layers of earlier jobs, without a tag (default: none)",
    "branch_tag": "tag the image by its branch too",
    "sbom": "push a list of the image's packages beside it (default: where the builder can)",
    "provenance": "push a record of the build beside the image (default: where the builder can)",
    "timeout_minutes": "minutes after which the forge ends the job",
}

S = TypeVar("S", GitLabPipelineSpec, GitHubWorkflowSpec)


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, with one more under it for each forge."""
    parser = commands.add_parser(
        "render",
        help="print a pipeline or a workflow",
        description="Prints the text of a .gitlab-ci.yml or of a GitHub workflow that builds and pushes one image.",
    )
    forges = parser.add_subparsers(metavar="FORGE", required=True)
    gitlab = forges.add_parser("gitlab", help="a project's .gitlab-ci.yml")
    _add_options(gitlab, GitLabPipelineSpec, GITLAB_WAYS, {"image_name": PROJECT_REGISTRY})
    gitlab.set_defaults(run=_gitlab, prog=gitlab.prog, image_name=PROJECT_REGISTRY)
    github = forges.add_parser("github", help="a repository's workflow")
    _add_options(github, GitHubWorkflowSpec, GITHUB_WAYS, {})
    github.set_defaults(run=_github, prog=github.prog, error=github.error)


def _add_options(
    parser: argparse.ArgumentParser, kind: type, ways: list[str], defaults: Mapping[str, str]
) -> None:
    parser.description = f"Exit code: 0 with a text, {WRONG_INPUT} for values that cannot be."
    parser.add_argument("--way", choices=ways, required=True, help="what builds the image")
    text = "of the runner (default: the way's name; none where the runner is not of a station)"
    parser.add_argument("--tags", nargs="+", metavar="TAG", help=text)
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        types = {hints[field.name], *get_args(hints[field.name])}
        shape: dict[str, Any] = {"metavar": "TEXT"}
        if bool in types:
            shape = {"action": argparse.BooleanOptionalAction}
        elif int in types:
            shape = {"metavar": "N", "type": int}
        default = defaults.get(field.name, field.default)
        note = "" if default is None else f" (default: {written(default)})"
        parser.add_argument(option(field.name), help=HELP[field.name] + note, **shape)


def _gitlab(given: argparse.Namespace) -> int:
    spec = _spec(GitLabPipelineSpec, given)
    if given.way == DIND_SERVICE:
        service = DindService(tags=tuple(given.tags or ()))
        problems = [*pipeline_problems(spec, DaemonKind.DIND), *service_problems(service)]
        return _printed(given, problems, lambda: render_gitlab_ci_with_dind(spec, service))
    connection = _connection(given)
    problems = [*pipeline_problems(spec, connection.kind), *_tag_problems(connection)]
    return _printed(given, problems, lambda: render_gitlab_ci(spec, connection))


def _github(given: argparse.Namespace) -> int:
    spec = _spec(GitHubWorkflowSpec, given)
    if given.way == HOSTED:
        if given.tags:
            given.error("--tags are a runner's of one's own: they say nothing of --way hosted")
        return _printed(given, workflow_problems(spec, None), lambda: render_hosted_workflow(spec))
    connection = _connection(given)
    problems = [*workflow_problems(spec, connection.kind), *_tag_problems(connection)]
    return _printed(given, problems, lambda: render_github_workflow(spec, connection))


def _spec(kind: type[S], given: argparse.Namespace) -> S:
    """The spec, of what was given; its own defaults stand for the rest."""
    values = {field.name: getattr(given, field.name) for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in values.items() if value is not None})


def _printed(given: argparse.Namespace, problems: Iterable[Problem], render: Callable[[], str]) -> int:
    try:
        refuse(problems)
    except InvalidInput as refusal:
        sys.stderr.writelines(f"{given.prog}: error: {problem}\n" for problem in refusal.problems)
        return WRONG_INPUT
    sys.stdout.write(render())
    return 0


def _tag_problems(connection: Connection) -> Iterable[Problem]:
    return tag_problems(Rules(component="Runner"), connection.tags)


def _connection(given: argparse.Namespace) -> Connection:
    """A connection of the way. Where its daemon is does not show in a pipeline: the runner says that to the job."""
    kind = DaemonKind(given.way)
    tags = tuple(given.tags or (kind.value,))
    engine = {"socket": SOCKET, "group": "0"}
    daemon = {"host": kind.value, "network": kind.value, "client_volume": kind.value}
    if kind is DaemonKind.DIND:
        return dind_connection(**daemon, tags=tags)
    if kind is DaemonKind.DOOD:
        return host_connection(**engine, jobs_volume="jobs", jobs_dir="/jobs", tags=tags)
    if kind is DaemonKind.BUILDKIT:
        return buildkit_connection(**daemon, **engine, cache_dir="/jobs", tags=tags)
    return kaniko_connection(**engine, cache_dir="/jobs", environment={}, tags=tags)
