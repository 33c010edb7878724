"""`BuildStation`: one environment. A daemon, the runner that uses it, and the pipeline that fits both.

Trust boundary: that of the way to build. With `dind` and `dood` whoever may run a job on the station's runner can
become root on its Docker host; with `buildkit` and `kaniko` jobs run in unprivileged containers.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

import pulumi

from ci_runners.connection import Connection, DaemonKind
from ci_runners.daemons.buildkit import BuildkitDaemon, BuildkitDaemonArgs
from ci_runners.daemons.dind import DindDaemon, DindDaemonArgs
from ci_runners.daemons.host import HostDaemon, HostDaemonArgs
from ci_runners.daemons.kaniko import Kaniko, KanikoArgs
from ci_runners.problems import Problem
from ci_runners.render.gitlab_ci import render_gitlab_ci
from ci_runners.render.runner_rules import token_problems, url_problems
from ci_runners.render.station import (
    Builder,
    Registries,
    StationSpec,
    daemon_name,
    runner_name,
    station_problems,
    way_of,
)
from ci_runners.runners.gitlab import GitLabRunner, GitLabRunnerArgs
from ci_runners.settings import Settings
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

Daemon = DindDaemon | HostDaemon | BuildkitDaemon | Kaniko


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
    """Image in which the job builds. Defaults to the connection's: the one with the daemon's client."""
    layer_cache: NotRequired[str]
    """Registry and path for a layer cache that outlives the daemon, without a tag. Defaults to none; Kaniko, which has
    no other place for it, then takes the image's own with `/cache` after it."""
    context: NotRequired[str]
    """Build context: a folder of the repository. Defaults to its root."""
    dockerfile: NotRequired[str]
    """The Dockerfile: a path in the repository. Defaults to Dockerfile."""
    timeout_minutes: NotRequired[int]
    """Minutes after which GitLab ends the job. Defaults to 30."""


class RegistriesArgs(TypedDict):
    """What every way to build must know of registries. With `dood` the host's engine has its own configuration."""

    mirrors: NotRequired[list[str]]
    """URLs of pull-through mirrors of Docker Hub. Defaults to none."""
    insecure: NotRequired[list[str]]
    """`host[:port]` of registries without TLS. Defaults to none."""


class BuildStationArgs(TypedDict):
    """Arguments of `BuildStation`. All but `gitlab` are plain values, checked before anything is created."""

    builder: Builder
    """The way to build: dind, dood, buildkit, kaniko; or auto, which follows `needs`. A change replaces the daemon,
    drains and replaces the runner, and renders another pipeline."""
    gitlab: GitLabArgs
    """The forge and the runner's place in it."""
    pipeline: GitLabPipelineArgs
    """The pipeline that the station renders."""
    needs: NotRequired[dict[str, Any]]
    """The fields of `Needs`, for `builder: auto`. Defaults to the cautious answers."""
    registries: NotRequired[RegistriesArgs]
    """Mirrors and registries without TLS, for every way to build. Defaults to none."""
    dind: NotRequired[DindDaemonArgs]
    """The daemon of `builder: dind`, which demands a word of consent. The station gives it its name."""
    dood: NotRequired[HostDaemonArgs]
    """The daemon of `builder: dood`, which demands a word of consent."""
    buildkit: NotRequired[BuildkitDaemonArgs]
    """The daemon of `builder: buildkit`."""
    kaniko: NotRequired[KanikoArgs]
    """What jobs find with `builder: kaniko`."""
    runner: NotRequired[dict[str, Any]]
    """`GitLabRunnerArgs` but for what the station wires itself: url, token and connection. Checked key by key like
    the rest. Defaults to one job at a time."""
    keep_caches: NotRequired[bool]
    """Whether the volumes of the ways that are not in use stay, so that switching back finds its caches. Defaults to
    true."""


class BuildStation(pulumi.ComponentResource):
    """One environment, of three parts.

    - `<name>-<builder>`, the daemon: `DindDaemon`, `HostDaemon`, `BuildkitDaemon` or `Kaniko`;
    - `<name>-runner`, a `GitLabRunner` wired to it by its connection;
    - the text of the `.gitlab-ci.yml` that builds on them.

    For another Docker host give `opts.providers` a Docker provider: everything here inherits it.
    """

    connection: pulumi.Output[str]
    """How runners and jobs reach the daemon."""
    builder: pulumi.Output[str]
    """The way to build; with `builder: auto` the one that was found."""
    certificate_expiry: pulumi.Output[str]
    """End of the life of the daemon's client certificate, ISO 8601 in UTC. Empty where there is no certificate."""
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
        way = cast(DaemonKind, way_of(spec))  # a station without one was refused above
        daemon = _daemon(name, way, args, spec.registries, child)
        if spec.keep_caches:
            _keep_caches(name, way, args, child)
        wiring = {**args["gitlab"], "connection": daemon.connection}
        runner = GitLabRunner(
            runner_name(name), cast(GitLabRunnerArgs, {**(args.get("runner") or {}), **wiring}), child
        )

        self.connection = daemon.connection
        self.builder = pulumi.Output.from_input(way.value)
        self.certificate_expiry = (
            daemon.certificate_expiry
            if isinstance(daemon, DindDaemon | BuildkitDaemon)
            else pulumi.Output.from_input("")
        )
        self.runner_container_name = runner.container_name
        self.pipeline = daemon.connection.apply(
            lambda text: render_gitlab_ci(spec.pipeline, Connection.parse(text))
        )
        self.register_outputs(
            {
                "connection": self.connection,
                "builder": self.builder,
                "certificate_expiry": self.certificate_expiry,
                "runner_container_name": self.runner_container_name,
                "pipeline": self.pipeline,
            }
        )


def _daemon(
    name: str, way: DaemonKind, args: BuildStationArgs, registries: Registries, opts: pulumi.ResourceOptions
) -> Daemon:
    components: dict[DaemonKind, Any] = {
        DaemonKind.DIND: DindDaemon,
        DaemonKind.DOOD: HostDaemon,
        DaemonKind.BUILDKIT: BuildkitDaemon,
        DaemonKind.KANIKO: Kaniko,
    }
    return cast(Daemon, components[way](daemon_name(name, way), _section(way, args, registries), opts))


def _keep_caches(name: str, way: DaemonKind, args: BuildStationArgs, opts: pulumi.ResourceOptions) -> None:
    """The volumes of the ways that are not in use: the same resources, so that a switch finds them and a destroy too."""
    for kind, component in ((DaemonKind.DIND, DindDaemon), (DaemonKind.BUILDKIT, BuildkitDaemon)):
        if kind is not way:
            given = cast(Mapping[str, Any], args.get(kind.value) or {})
            kept = {
                key: given[key]
                for key in ("labels", "protect_data", "retain_data", "variant")
                if key in given
            }
            cast(Any, component)(daemon_name(name, kind), {**kept, "data_only": True}, opts)


def _section(way: DaemonKind, args: BuildStationArgs, registries: Registries) -> dict[str, Any]:
    """The arguments of one way to build, with what the station knows of registries in front of the section's own."""
    section: dict[str, Any] = dict(cast(Mapping[str, Any], args.get(way.value) or {}))
    if way is DaemonKind.DOOD:
        return section
    place: dict[str, Any] = dict(section.get("daemon_json") or {}) if way is DaemonKind.DIND else section
    for key, listed in (
        ("registry_mirrors", registries.mirrors),
        ("insecure_registries", registries.insecure),
    ):
        both = list(dict.fromkeys([*listed, *(place.get(key) or ())]))
        if both:
            place[key] = both
    if way is DaemonKind.DIND and place:
        section["daemon_json"] = place
    return section


def station_args(settings: Settings, token: pulumi.Input[str]) -> BuildStationArgs:
    """The station that settings describe, with the secret that they do not hold."""
    gitlab: GitLabArgs = {"url": settings.gitlab.url, "token": token}
    return cast(BuildStationArgs, {"gitlab": gitlab, **_said(settings.station())})


def _said(spec: StationSpec) -> dict[str, object]:
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
