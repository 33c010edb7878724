"""What a station is made of: plain values, and the rules by which its parts must fit each other."""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ci_runners.problems import Problem
from ci_runners.render.config_toml import GitLabRunnerSpec
from ci_runners.render.dind import DindSpec, dind_problems
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, pipeline_problems
from ci_runners.render.runner_rules import runner_problems
from ci_runners.validate import Rules


@dataclass(frozen=True, kw_only=True)
class StationSpec:
    """Everything about a station that is known before it exists."""

    pipeline: GitLabPipelineSpec
    daemon: DindSpec = field(default_factory=DindSpec)
    runner: GitLabRunnerSpec = field(default_factory=GitLabRunnerSpec)


def daemon_name(name: str) -> str:
    """The name of a station's daemon: its container, and its host name in the runner's network."""
    return f"{name}-daemon"


def runner_name(name: str) -> str:
    """The name of a station's runner."""
    return f"{name}-runner"


def station_problems(name: str, spec: StationSpec) -> list[Problem]:
    """Everything that is wrong with a station: its parts by their own rules, then what does not fit together.

    Fields are paths from the station on: `daemon.memory`.
    """
    rules = Rules(component=f"BuildStation {name!r}")
    daemon = dind_problems(daemon_name(name), spec.daemon)
    runner = runner_problems(runner_name(name), spec.runner)
    return [
        *_name(name, rules, [*daemon, *runner]),
        *_under("daemon", rules, daemon),
        *_under("runner", rules, runner),
        *_under("pipeline", rules, pipeline_problems(spec.pipeline)),
        *_fit(spec, rules),
    ]


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
            f"letters, digits and hyphens: {daemon_name('<name>')} becomes a host name",
            "choose a short name, like ci",
        )


def _fit(spec: StationSpec, rules: Rules) -> Iterator[Problem]:
    longest = spec.pipeline.timeout_minutes * 60
    if spec.runner.drain_seconds < longest:
        yield rules.problem(
            "runner.drain_seconds",
            spec.runner.drain_seconds,
            f"at least {longest}: a job of the pipeline may take {spec.pipeline.timeout_minutes} minutes to end",
            f"raise it to {longest}, or lower pipeline.timeout_minutes",
        )
    allowed = [*spec.runner.allowed_images, spec.runner.job_image]
    if spec.runner.allowed_images and not any(
        _may_match(spec.pipeline.job_image, pattern) for pattern in allowed
    ):
        yield rules.problem(
            "runner.allowed_images",
            list(spec.runner.allowed_images),
            f"the pipeline's own image among them, {spec.pipeline.job_image}",
            "add it: this runner would refuse its own station's job",
        )
    inner, outer = spec.runner.network_mtu, spec.daemon.daemon_json.mtu
    if inner is not None and outer is not None and inner > outer:
        yield rules.problem(
            "runner.network_mtu",
            inner,
            f"at most daemon.daemon_json.mtu, {outer}: larger packets are lost without a message",
            f"lower it to {outer}, or leave it out",
        )


def _may_match(image: str, pattern: str) -> bool:
    """Whether GitLab Runner may take an image for allowed.

    Its patterns (bmatcuk/doublestar) know more than Python's; where they do, this says yes rather than refuse what
    works.
    """
    return "{" in pattern or fnmatchcase(image, pattern)
