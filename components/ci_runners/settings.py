"""`Settings`: what one stack's configuration says of a station, typed, and checked as a whole.

Keys are in snake_case because they are the components' own arguments: an error names the same field wherever it is
found, and what is written of an argument holds for the key.
"""

import dataclasses
from dataclasses import dataclass, field

from ci_runners.problems import Problem, refuse
from ci_runners.recommend import Needs
from ci_runners.render.buildkit import BuildkitSpec
from ci_runners.render.config_toml import GitLabRunnerSpec
from ci_runners.render.dind import DindSpec
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.host import HostSpec
from ci_runners.render.kaniko import KanikoSpec
from ci_runners.render.runner_rules import token_problems, url_problems
from ci_runners.render.station import Builder, Registries, StationSpec, station_problems
from ci_runners.settings_reader import COMPONENT, Reader

PROJECT = "ci-runners"
"""The Pulumi project: what stands before the colon of a configuration key."""
STATION = "station"
"""The configuration key of everything that is no secret."""
TOKEN = "runner_token"  # noqa: S105  the key's name
"""The configuration key of the runner's authentication token: a secret of its own, never a part of `station`."""


@dataclass(frozen=True, kw_only=True)
class GitLabSettings:
    """The forge."""

    url: str
    """GitLab's URL, as in https://gitlab.example.com."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One station.

    What a field of `dind`, `dood`, `buildkit`, `kaniko` or `runner` means is said on `DindDaemonArgs`,
    `HostDaemonArgs`, `BuildkitDaemonArgs`, `KanikoArgs` and `GitLabRunnerArgs`. Only the section of the chosen way to
    build is used; the others may stay, so that a switch is one word.
    """

    builder: Builder
    """The way to build: dind, dood, buildkit, kaniko; or auto, which follows `needs`."""

    gitlab: GitLabSettings
    pipeline: GitLabPipelineSpec
    name: str = "station"
    """The daemon and the runner are called after it: two stations on one Docker host need two names."""

    needs: Needs = field(default_factory=Needs)
    """What `builder: auto` goes by."""

    registries: Registries = field(default_factory=Registries)
    """Mirrors and registries without TLS, for every way to build."""

    dind: DindSpec = field(default_factory=DindSpec)
    dood: HostSpec = field(default_factory=HostSpec)
    buildkit: BuildkitSpec = field(default_factory=BuildkitSpec)
    kaniko: KanikoSpec = field(default_factory=KanikoSpec)
    runner: GitLabRunnerSpec = field(default_factory=GitLabRunnerSpec)
    keep_caches: bool = True
    """Whether the caches of the ways that are not in use stay, for the day that somebody switches back."""

    preflight: bool = True
    """Whether the Docker host is looked at before anything is created: one short-lived container on it."""

    @classmethod
    def load(cls, given: object, *, token: str | None, token_is_secret: bool) -> "Settings":
        """Read what `pulumi.Config().get_object("station")` gave.

        The token is looked at here so that everything that is wrong is said at once; it is not kept.
        Raises `InvalidInput` with every problem: of form, of each part, and of how the parts fit together.
        """
        reader = Reader(project=PROJECT, root=cls, root_path=STATION)
        settings = reader.section(cls, given, STATION)
        reader.take_over(_in_file(settings))
        refuse([*reader.problems, *_token(token, is_secret=token_is_secret)])
        return settings

    def with_needs(self, needs: Needs) -> "Settings":
        """The same with other needs, of which the host may have told one. Raises `InvalidInput` like `load`."""
        known = dataclasses.replace(self, needs=needs)
        refuse(dataclasses.replace(problem, component=COMPONENT) for problem in _in_file(known))
        return known

    def station(self) -> StationSpec:
        """The part that makes a station, whatever the forge and the host."""
        return StationSpec(
            **{part.name: getattr(self, part.name) for part in dataclasses.fields(StationSpec)}
        )


def _in_file(settings: Settings) -> list[Problem]:
    """What the components' own rules say, under the keys' paths in the configuration."""
    name = settings.name
    url = [
        dataclasses.replace(problem, field="gitlab.url")
        for problem in url_problems(name, settings.gitlab.url)
    ]
    found = [*url, *station_problems(name, settings.station())]
    return [dataclasses.replace(problem, field=f"{STATION}.{problem.field}") for problem in found]


def _token(token: str | None, *, is_secret: bool) -> list[Problem]:
    key = f"{PROJECT}:{TOKEN}"
    command = f"`pulumi config set --secret {key}`, which asks for it"
    if not token:
        expected = "a runner's authentication token (glrt-...)"
        fix = f"create a runner in GitLab (Settings > CI/CD > Runners), then {command}"
        return [Problem(component=COMPONENT, field=key, value=None, expected=expected, fix=fix)]
    wrong = [
        dataclasses.replace(problem, component=COMPONENT, field=key) for problem in token_problems("", token)
    ]
    if not is_secret:
        expected = "a secret: as it is, the token can be read in the file and in the state"
        fix = f"revoke it if the file has left this machine, then {command}"
        wrong.append(
            Problem(component=COMPONENT, field=key, value=token, expected=expected, fix=fix, secret=True)
        )
    return wrong
