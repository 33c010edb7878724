"""`Settings`: what one stack's configuration says of a station, typed, and checked as a whole.

Keys are in snake_case because they are the components' own arguments: an error names the same field wherever it is
found, and what is written of an argument holds for the key.
"""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ci_runners.connection import DaemonKind
from ci_runners.problems import Problem, refuse
from ci_runners.recommend import Needs
from ci_runners.render import github_runner_rules
from ci_runners.render.buildkit import BuildkitSpec
from ci_runners.render.certificates import Certificates
from ci_runners.render.cleanup import CleanupSpec
from ci_runners.render.config_toml import GitLabRunnerSpec
from ci_runners.render.dind import DindSpec
from ci_runners.render.drain import RunnerDrainSpec
from ci_runners.render.github_runner import GitHubRunnerSpec
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.gitlab_project import GitLabProjectSpec
from ci_runners.render.host import HostSpec
from ci_runners.render.kaniko import KanikoSpec
from ci_runners.render.metrics import StationMetricsSpec
from ci_runners.render.station import station_problems
from ci_runners.render.station_spec import Builder, ForgeKind, Registries, StationSpec, way_of
from ci_runners.render.wiring_rules import url_problems
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from ci_runners.settings_github import RepositorySettings
from ci_runners.settings_reader import COMPONENT, Reader
from ci_runners.settings_secrets import PROJECT, Secrets, authority_problems, github_problems, gitlab_problems
from ci_runners.validate import Rules

STATION = "station"
"""The configuration key of everything that is no secret."""
_DOCKER_HOST = re.compile(
    r"ssh://([^\s:@/]+@)?([^\s:@/[\]]+|\[[0-9a-fA-F:]+\])(:[1-9][0-9]{0,4})?/?|unix:///\S+"
)
_PASSWORD = re.compile("://[^/@]*:.*@")


@dataclass(frozen=True, kw_only=True)
class GitLabForge:
    """The forge, where it is GitLab."""

    url: str
    """GitLab's URL, as in https://gitlab.example.com."""


@dataclass(frozen=True, kw_only=True)
class GitHubApp:
    """A GitHub App; its private key is a secret of its own."""

    client_id: str
    """The App's client ID, or its App ID."""
    installation_id: str
    """The number of its installation, as text."""


@dataclass(frozen=True, kw_only=True)
class GitHubForge:
    """The forge, where it is GitHub."""

    url: str | None = None
    """Where the runners are registered, as in https://github.com/owner/repository. Default: where `repository` says."""

    app: GitHubApp | None = None
    """The App that registers the runners. Default: none, the token does."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One station.

    What a field of a section means is said on the component's own arguments: `DindDaemonArgs`, `GitLabRunnerArgs` and so
    on. Only the section of the chosen way to build is used; the others may stay, so that a switch is one word.
    """

    builder: Builder
    """The way to build: dind, dood, buildkit, kaniko; or auto, which follows `needs`."""

    gitlab: GitLabForge | None = None
    project: GitLabProjectSpec | None = None
    """What is set at GitLab. Default: nothing, it is set up by hand."""

    runner: GitLabRunnerSpec = field(default_factory=GitLabRunnerSpec)
    pipeline: GitLabPipelineSpec | None = None
    github: GitHubForge | None = None
    """The other forge: exactly one of `gitlab` and `github` there must be."""

    repository: RepositorySettings | None = None
    """What is set at GitHub. Default: nothing, it is set up by hand."""

    github_runner: GitHubRunnerSpec = field(default_factory=GitHubRunnerSpec)
    workflow: GitHubWorkflowSpec | None = None
    name: str = "station"
    """The daemon and the runner are called after it: two stations of one stack, or on one Docker host, need two names."""

    docker_host: str | None = None
    """The station's Docker host: `ssh://[user@]host[:port]`, or `unix:///path`. Default: where the stack's Docker provider
    is configured to go, or else DOCKER_HOST."""

    needs: Needs = field(default_factory=Needs)
    """What `builder: auto` goes by."""

    registries: Registries = field(default_factory=Registries)
    """Mirrors and registries without TLS, for every way to build."""

    dind: DindSpec = field(default_factory=DindSpec)
    dood: HostSpec = field(default_factory=HostSpec)
    buildkit: BuildkitSpec = field(default_factory=BuildkitSpec)
    kaniko: KanikoSpec = field(default_factory=KanikoSpec)
    cleanup: CleanupSpec | None = None
    """What keeps the daemon's disk from filling. Default: nothing. `cleanup: {}` is every week."""

    drain: RunnerDrainSpec | None = None
    """What pauses the GitLab runner before it goes. Default: nothing, the runner ends its jobs unpaused."""

    metrics: StationMetricsSpec | None = None
    """Where Prometheus finds the station's metrics. Default: nowhere."""

    keep_caches: bool = True
    """Whether the caches of the ways that are not in use stay, for the day that somebody switches back."""

    preflight: bool = True
    """Whether the Docker host is looked at before anything is created: one short-lived container on it."""

    @classmethod
    def load(cls, given: object, secrets: Secrets) -> "Settings":
        """Read what `pulumi.Config().get_object("station")` gave.

        The secrets are looked at here so that everything that is wrong is said at once; they are not kept.
        Raises `InvalidInput` with every problem: of form, of each part, and of how the parts fit together.
        """
        settings, problems = cls.read(given, STATION)
        refuse([*problems, *secret_problems(settings, secrets)])
        return settings

    @classmethod
    def read(cls, given: object, path: str) -> tuple["Settings", list[Problem]]:
        """The settings under one path of the configuration, and all that is wrong with them but for secrets.

        While there are problems the settings are good for nothing but to look for more of them.
        """
        reader = Reader(project=PROJECT, root=cls, root_path=path)
        settings = reader.section(cls, given, path)
        reader.take_over(_in_file(settings, path))
        return settings, reader.problems

    def with_needs(self, needs: Needs, path: str = STATION) -> "Settings":
        """The same with other needs, of which the host may have told one. Raises `InvalidInput` like `load`."""
        known = dataclasses.replace(self, needs=needs)
        refuse(dataclasses.replace(problem, component=COMPONENT) for problem in _in_file(known, path))
        return known

    def station(self) -> StationSpec:
        """The part that makes a station, whatever the host."""
        shared = {part.name for part in dataclasses.fields(StationSpec)} - {"forge", "repository"}
        return StationSpec(
            **{name: getattr(self, name) for name in shared},
            forge=ForgeKind.GITLAB if self.github is None else ForgeKind.GITHUB,
            repository=None if self.repository is None else self.repository.spec(),
        )

    def authority(self) -> Certificates:
        """What the daemon asks that names the user's own authority.

        The chosen way's comes first; the other one's key stays for the day of a switch.
        """
        asked = [self.dind.certificates, self.buildkit.certificates]
        if way_of(self.station()) is DaemonKind.BUILDKIT:
            asked.reverse()
        return next((each for each in asked if each.authority_certificate is not None), Certificates())

    def registers(self) -> bool:
        """Whether the station registers its GitLab runner itself."""
        return self.project is not None and self.project.registration is not None


def secret_problems(settings: Settings, secrets: Secrets) -> Iterator[Problem]:
    """What is wrong with a stack's secrets, for one station."""
    yield from authority_problems(secrets, settings.authority())
    if settings.github is not None:
        names = [] if settings.repository is None else settings.repository.secret_names()
        yield from github_problems(secrets, has_app=settings.github.app is not None, names=names)
    else:
        variables = () if settings.project is None else settings.project.secret_variables
        names = [variable.key for variable in variables]
        drains = settings.drain is not None
        yield from gitlab_problems(secrets, registers=settings.registers(), drains=drains, names=names)


def _in_file(settings: Settings, path: str) -> list[Problem]:
    """What the components' own rules say, under the keys' paths in the configuration."""
    found = [*_docker_host(settings), *_forge(settings), *station_problems(settings.name, settings.station())]
    return [dataclasses.replace(problem, field=f"{path}.{problem.field}") for problem in found]


def _docker_host(settings: Settings) -> Iterator[Problem]:
    """Without TLS whoever reaches an engine's port is root on its host, and its certificates would be further secrets."""
    given = settings.docker_host
    if given is None or _DOCKER_HOST.fullmatch(given):
        return
    expected = "ssh://[user@]host[:port], for which no port of the engine is open, or unix:///path"
    fix = "write it like ssh://ci@builder-1.example.com, and log in by a key"
    problem = Rules(component=COMPONENT).problem("docker_host", given, expected, fix)
    yield dataclasses.replace(problem, secret=_PASSWORD.search(given) is not None)


def _forge(settings: Settings) -> Iterator[Problem]:
    rules = Rules(component=COMPONENT)
    if (settings.gitlab is None) == (settings.github is None):
        given = None if settings.gitlab is None else "both"
        yield rules.problem(
            "gitlab", given, "exactly one of gitlab and github", "give gitlab its url, or github"
        )
    if settings.gitlab is not None:
        for problem in url_problems(settings.name, settings.gitlab.url):
            yield dataclasses.replace(problem, field="gitlab.url")
    if settings.github is not None:
        yield from _github(settings.github, settings, rules)


def _github(github: GitHubForge, settings: Settings, rules: Rules) -> Iterator[Problem]:
    if github.url is None and settings.repository is None:
        yield rules.problem("github.url", None, "a value", "give it, or repository, which knows it")
    found = [] if github.url is None else github_runner_rules.url_problems(settings.name, github.url)
    app = {} if github.app is None else dataclasses.asdict(github.app)
    for problem in (*found, *github_runner_rules.app_problems(rules, app)):
        yield dataclasses.replace(problem, field=f"github.{problem.field}")
