"""What a station is made of: plain values, and the rules by which its parts must fit each other."""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from ci_runners.connection import DaemonKind
from ci_runners.images import BUILDKIT, DOCKER_CLI
from ci_runners.problems import Problem
from ci_runners.recommend import Needs, recommend
from ci_runners.render.buildkit import BuildkitSpec, buildkit_problems
from ci_runners.render.config_toml import GitLabRunnerSpec
from ci_runners.render.dind import DindSpec, dind_problems
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, pipeline_problems
from ci_runners.render.host import HostSpec, host_problems
from ci_runners.render.kaniko import KanikoSpec, kaniko_problems
from ci_runners.render.runner_rules import runner_problems
from ci_runners.validate import Rules


class Builder(str, Enum):
    """How a station builds: one of the four ways, or the one that `recommend` finds for the station's needs."""

    DIND = "dind"
    DOOD = "dood"
    BUILDKIT = "buildkit"
    KANIKO = "kaniko"
    AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Registries:
    """What every way to build must know of registries, so that a switch does not need it said again."""

    mirrors: tuple[str, ...] = ()
    """URLs of pull-through mirrors of Docker Hub. With `dood` the host's engine has its own. Default: none."""

    insecure: tuple[str, ...] = ()
    """`host[:port]` of registries without TLS. With `dood` the host's engine has its own. Default: none."""


@dataclass(frozen=True, kw_only=True)
class StationSpec:
    """Everything about a station that is known before it exists."""

    builder: Builder
    pipeline: GitLabPipelineSpec
    needs: Needs = field(default_factory=Needs)
    registries: Registries = field(default_factory=Registries)
    dind: DindSpec = field(default_factory=DindSpec)
    dood: HostSpec = field(default_factory=HostSpec)
    buildkit: BuildkitSpec = field(default_factory=BuildkitSpec)
    kaniko: KanikoSpec = field(default_factory=KanikoSpec)
    runner: GitLabRunnerSpec = field(default_factory=GitLabRunnerSpec)
    keep_caches: bool = True


def daemon_name(name: str, kind: DaemonKind) -> str:
    """The name of a station's daemon: its container, and its host name in its network."""
    return f"{name}-{kind.value}"


def runner_name(name: str) -> str:
    """The name of a station's runner."""
    return f"{name}-runner"


def way_of(spec: StationSpec) -> DaemonKind | None:
    """The way to build; None where nothing fits the needs."""
    return recommend(spec.needs).way if spec.builder is Builder.AUTO else DaemonKind(spec.builder.value)


def station_problems(name: str, spec: StationSpec) -> list[Problem]:
    """Everything that is wrong with a station: its parts by their own rules, then what does not fit together.

    Of the ways to build only the chosen one is held to its rules. Fields are paths from the station on: `dind.memory`.
    """
    rules = Rules(component=f"BuildStation {name!r}")
    way = way_of(spec)
    daemon = [] if way is None else _daemon_problems(name, way, spec)
    runner = runner_problems(runner_name(name), spec.runner)
    return [
        *_name(name, rules, [*daemon, *runner]),
        *([] if way is None else _under(way.value, rules, daemon)),
        *_under("runner", rules, runner),
        *_under("pipeline", rules, pipeline_problems(spec.pipeline)),
        *_registries(spec.registries, rules),
        *_way(spec, rules),
        *([] if way is None else _fit(spec, way, rules)),
    ]


def _daemon_problems(name: str, way: DaemonKind, spec: StationSpec) -> list[Problem]:
    full = daemon_name(name, way)
    checks = {
        DaemonKind.DIND: lambda: dind_problems(full, spec.dind),
        DaemonKind.DOOD: lambda: host_problems(full, spec.dood),
        DaemonKind.BUILDKIT: lambda: buildkit_problems(full, spec.buildkit),
        DaemonKind.KANIKO: lambda: kaniko_problems(full, spec.kaniko),
    }
    return list(checks[way]())


def _under(part: str, rules: Rules, found: Iterable[Problem]) -> Iterator[Problem]:
    for problem in found:
        if problem.field != "name":
            yield dataclasses.replace(problem, component=rules.component, field=f"{part}.{problem.field}")


def _name(name: str, rules: Rules, found: Iterable[Problem]) -> Iterator[Problem]:
    """The parts are named after the station; it is the station's name that a person can mend."""
    if any(problem.field == "name" for problem in found):
        yield rules.problem(
            "name",
            name,
            f"letters, digits and hyphens: {daemon_name('<name>', DaemonKind.DIND)} becomes a host name",
            "choose a short name, like ci",
        )


def _registries(spec: Registries, rules: Rules) -> Iterator[Problem]:
    yield from rules.each("registries.mirrors", spec.mirrors, "url")
    yield from rules.each("registries.insecure", spec.insecure, "registry_host")
    for listed in ("mirrors", "insecure"):
        yield from rules.no_repeats(f"registries.{listed}", getattr(spec, listed))


def _way(spec: StationSpec, rules: Rules) -> Iterator[Problem]:
    found = recommend(spec.needs)
    if spec.builder is Builder.AUTO and found.way is None:
        why = " ".join(reason.sentence for reason in found.reasons)
        changes = (" ".join(move.advice for move in change.moves) for change in found.changes)
        yield rules.problem(
            "builder", spec.builder.value, f"needs that a way can meet. {why}", " Or: ".join(changes)
        )
    for section in ("dind", "buildkit"):
        if getattr(spec, section).data_only:
            yield rules.problem(
                f"{section}.data_only",
                True,  # noqa: FBT003  the value that was given
                "no such word here: a station keeps the data of the ways that it does not use by itself",
                "leave it out, and set keep_caches",
            )


def _fit(spec: StationSpec, way: DaemonKind, rules: Rules) -> Iterator[Problem]:
    longest = spec.pipeline.timeout_minutes * 60
    if spec.runner.drain_seconds < longest:
        yield rules.problem(
            "runner.drain_seconds",
            spec.runner.drain_seconds,
            f"at least {longest}: a job of the pipeline may take {spec.pipeline.timeout_minutes} minutes to end",
            f"raise it to {longest}, or lower pipeline.timeout_minutes",
        )
    yield from _allowed_image(spec, way, rules)
    inner, outer = spec.runner.network_mtu, spec.dind.daemon_json.mtu
    if way is DaemonKind.DIND and inner is not None and outer is not None and inner > outer:
        yield rules.problem(
            "runner.network_mtu",
            inner,
            f"at most dind.daemon_json.mtu, {outer}: larger packets are lost without a message",
            f"lower it to {outer}, or leave it out",
        )


def _allowed_image(spec: StationSpec, way: DaemonKind, rules: Rules) -> Iterator[Problem]:
    default = {DaemonKind.BUILDKIT: BUILDKIT, DaemonKind.KANIKO: spec.kaniko.image}.get(way, DOCKER_CLI)
    image = spec.pipeline.job_image or default
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
