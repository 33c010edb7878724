"""`BuildStation`: one environment. A daemon, the runner that uses it, and the pipeline that fits both.

Trust boundary: the daemon's. Whoever may run a job on the station's runner can become root on its Docker host.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

import pulumi

from ci_runners.connection import Connection
from ci_runners.daemons.dind import DindDaemon, DindDaemonArgs
from ci_runners.problems import Problem
from ci_runners.render.config_toml import GitLabRunnerSpec
from ci_runners.render.dind import DindSpec
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci
from ci_runners.render.runner_rules import token_problems, url_problems
from ci_runners.render.station import StationSpec, daemon_name, runner_name, station_problems
from ci_runners.runners.gitlab import GitLabRunner, GitLabRunnerArgs
from ci_runners.settings import Settings
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules


class GitLabArgs(TypedDict):
    """The forge."""

    url: pulumi.Input[str]
    """GitLab's URL, as in https://gitlab.example.com."""
    token: pulumi.Input[str]
    """The runner's authentication token (glrt-...). A secret, whether marked as one or not."""


class GitLabPipelineArgs(TypedDict):
    """What the pipeline builds and where it pushes it. All are plain values."""

    image_name: str
    """Registry and path of the image, without a tag; `$CI_REGISTRY_IMAGE` is the project's own registry."""
    job_image: NotRequired[str]
    """Image in which the job runs the Docker client. Defaults to `images.DOCKER_CLI`."""
    context: NotRequired[str]
    """Build context: a folder of the repository. Defaults to its root."""
    dockerfile: NotRequired[str]
    """The Dockerfile: a path in the repository. Defaults to Dockerfile."""
    timeout_minutes: NotRequired[int]
    """Minutes after which GitLab ends the job. Defaults to 30."""


class BuildStationArgs(TypedDict):
    """Arguments of `BuildStation`. All but `gitlab` are plain values, checked before anything is created."""

    gitlab: GitLabArgs
    """The forge and the runner's place in it."""
    daemon: DindDaemonArgs
    """The daemon. The station gives it its name."""
    pipeline: GitLabPipelineArgs
    """The pipeline that the station renders."""
    runner: NotRequired[dict[str, Any]]
    """`GitLabRunnerArgs` but for what the station wires itself: url, token and connection. Checked key by key like
    the rest. Defaults to one job at a time."""


class BuildStation(pulumi.ComponentResource):
    """One environment, of three parts.

    - `<name>-daemon`, a `DindDaemon`;
    - `<name>-runner`, a `GitLabRunner` wired to it by its connection;
    - the text of the `.gitlab-ci.yml` that builds on them.

    For another Docker host give `opts.providers` a Docker provider: everything here inherits it.
    """

    connection: pulumi.Output[str]
    """How runners and jobs reach the daemon."""
    certificate_expiry: pulumi.Output[str]
    """End of the life of the daemon's client certificate, ISO 8601 in UTC."""
    runner_container_name: pulumi.Output[str]
    """Name of the runner's container."""
    pipeline: pulumi.Output[str]
    """The `.gitlab-ci.yml` for projects that build here."""

    def __init__(self, name: str, args: BuildStationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        rules = Rules(component=f"BuildStation {name!r}")
        plain = {key: value for key, value in args.items() if key != "gitlab"}
        spec = spec_from_args(
            StationSpec,
            plain,
            rules,
            lambda spec: [*station_problems(name, spec), *_gitlab_problems(name, args)],
        )
        super().__init__("ci-runners:index:BuildStation", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        daemon = DindDaemon(daemon_name(name), args["daemon"], child)
        wiring = {**args["gitlab"], "connection": daemon.connection}
        runner = GitLabRunner(
            runner_name(name), cast(GitLabRunnerArgs, {**(args.get("runner") or {}), **wiring}), child
        )

        self.connection = daemon.connection
        self.certificate_expiry = daemon.certificate_expiry
        self.runner_container_name = runner.container_name
        self.pipeline = daemon.connection.apply(
            lambda text: render_gitlab_ci(spec.pipeline, Connection.parse(text))
        )
        self.register_outputs(
            {
                "connection": self.connection,
                "certificate_expiry": self.certificate_expiry,
                "runner_container_name": self.runner_container_name,
                "pipeline": self.pipeline,
            }
        )


def station_args(settings: Settings, token: pulumi.Input[str]) -> BuildStationArgs:
    """The station that settings describe, with the secret that they do not hold."""
    gitlab: GitLabArgs = {"url": settings.gitlab.url, "token": token}
    parts = {
        "daemon": _said(settings.daemon),
        "pipeline": _said(settings.pipeline),
        "runner": _said(settings.runner),
    }
    return cast(BuildStationArgs, {"gitlab": gitlab, **parts})


def _said(spec: DindSpec | GitLabPipelineSpec | GitLabRunnerSpec) -> dict[str, object]:
    """A spec as a component's arguments. To them a value that is not set is a key that is not there."""
    return dataclasses.asdict(
        spec,
        dict_factory=lambda pairs: {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in pairs
            if value is not None
        },
    )


def _gitlab_problems(name: str, args: BuildStationArgs) -> list[Problem]:
    """What can be said of the forge before anything exists.

    URL and token must be there. Those that are plain text are checked; an output is checked once its value is known.
    """
    rules = Rules(component=f"BuildStation {name!r}")
    given: object = args.get("gitlab")
    if not isinstance(given, Mapping):
        shown = None if given is None else type(given).__name__
        return [rules.problem("gitlab", shown, "url and token", "give both: they have no default")]
    checks = {"url": url_problems, "token": token_problems}
    known = f"use one of {', '.join(checks)}"
    found = [
        rules.problem(f"gitlab.{key}", type(value).__name__, "no such argument", known)
        for key, value in given.items()
        if key not in checks
    ]
    for field, check in checks.items():
        value = given.get(field)
        if value is None:
            found.append(rules.problem(f"gitlab.{field}", None, "a value", "give it: it has no default"))
        elif isinstance(value, str):
            found += [
                dataclasses.replace(problem, component=rules.component, field=f"gitlab.{problem.field}")
                for problem in check(name, value)
            ]
    return found
