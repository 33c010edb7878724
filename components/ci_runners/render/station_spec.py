"""What a station is made of: plain values."""

from dataclasses import dataclass, field
from enum import Enum

from ci_runners.connection import DaemonKind
from ci_runners.recommend import Needs, recommend
from ci_runners.render.buildkit import BuildkitSpec
from ci_runners.render.cleanup import CleanupSpec
from ci_runners.render.config_toml import GitLabRunnerSpec
from ci_runners.render.dind import DindSpec
from ci_runners.render.drain import RunnerDrainSpec
from ci_runners.render.github_repository import GitHubRepositorySpec
from ci_runners.render.github_runner import GitHubRunnerSpec
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.gitlab_project import GitLabProjectSpec
from ci_runners.render.host import HostSpec
from ci_runners.render.kaniko import KanikoSpec
from ci_runners.render.metrics import StationMetricsSpec
from ci_runners.render.workflow_rules import GitHubWorkflowSpec


class Builder(str, Enum):
    """How a station builds: one of the four ways, or the one that `recommend` finds for the station's needs."""

    DIND = "dind"
    """A daemon of the station's own, in a privileged container: `DindDaemon`."""
    DOOD = "dood"
    """The host's own engine through its socket: `HostDaemon`."""
    BUILDKIT = "buildkit"
    """Rootless buildkitd, unprivileged: `BuildkitDaemon`."""
    KANIKO = "kaniko"
    """No daemon, the job's own image builds: `Kaniko`."""
    AUTO = "auto"
    """The way that `recommend` finds for the station's `needs`."""


class ForgeKind(str, Enum):
    """Where a station's jobs come from."""

    GITLAB = "gitlab"
    GITHUB = "github"


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
    forge: ForgeKind
    pipeline: GitLabPipelineSpec | None = None
    project: GitLabProjectSpec | None = None
    workflow: GitHubWorkflowSpec | None = None
    repository: GitHubRepositorySpec | None = None
    github_runner: GitHubRunnerSpec = field(default_factory=GitHubRunnerSpec)
    needs: Needs = field(default_factory=Needs)
    registries: Registries = field(default_factory=Registries)
    dind: DindSpec = field(default_factory=DindSpec)
    dood: HostSpec = field(default_factory=HostSpec)
    buildkit: BuildkitSpec = field(default_factory=BuildkitSpec)
    kaniko: KanikoSpec = field(default_factory=KanikoSpec)
    runner: GitLabRunnerSpec = field(default_factory=GitLabRunnerSpec)
    cleanup: CleanupSpec | None = None
    drain: RunnerDrainSpec | None = None
    metrics: StationMetricsSpec | None = None
    keep_caches: bool = True


def daemon_name(name: str, kind: DaemonKind) -> str:
    """The name of a station's daemon: its container, and its host name in its network."""
    return f"{name}-{kind.value}"


def runner_name(name: str) -> str:
    """The name of a station's runner."""
    return f"{name}-runner"


def project_name(name: str) -> str:
    """The name of what a station sets at its forge."""
    return f"{name}-project"


def cleanup_name(name: str) -> str:
    """The name of what keeps a station's daemon from filling its disk."""
    return f"{name}-cleanup"


def drain_name(name: str) -> str:
    """The name of what pauses a station's runner before it goes."""
    return f"{name}-drain"


def metrics_name(name: str) -> str:
    """The name of what serves a station's metrics, and of its network."""
    return f"{name}-metrics"


def way_of(spec: StationSpec) -> DaemonKind | None:
    """The way to build; None where nothing fits the needs."""
    return recommend(spec.needs).way if spec.builder is Builder.AUTO else DaemonKind(spec.builder.value)
