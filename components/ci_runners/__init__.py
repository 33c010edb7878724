"""Self-hosted CI runners that build container images, as Pulumi components.

`GitLabProject` and `GitHubRepository` need their forge's SDK (the extras `gitlab` and `github`), which is imported when
one of them is asked for. Where it is not installed, `ModuleNotFoundError` says which extra brings it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ci_runners._version import __version__
from ci_runners.connection import Connection, DaemonKind
from ci_runners.daemons.buildkit import BuildkitDaemon, BuildkitDaemonArgs
from ci_runners.daemons.certificates import CertificatesArgs
from ci_runners.daemons.dind import DaemonJsonArgs, DindDaemon, DindDaemonArgs
from ci_runners.daemons.host import HostDaemon, HostDaemonArgs
from ci_runners.daemons.kaniko import Kaniko, KanikoArgs
from ci_runners.extras import needed_by
from ci_runners.problems import InvalidInput, Problem
from ci_runners.recommend import Needs, Trust, recommend
from ci_runners.registries.mirror import RegistryMirror, RegistryMirrorArgs
from ci_runners.render.config_toml import LogFormat, LogLevel, PullPolicy
from ci_runners.render.dind_variants import DindVariant
from ci_runners.render.kaniko import SnapshotMode
from ci_runners.render.registry_config import RegistryLogLevel
from ci_runners.render.station_spec import Builder
from ci_runners.runners.github import GitHubAppArgs, GitHubRunner, GitHubRunnerArgs
from ci_runners.runners.gitlab import GitLabRunner, GitLabRunnerArgs, S3CacheArgs
from ci_runners.settings import Settings
from ci_runners.station import BuildStation
from ci_runners.station_args import (
    BuildStationArgs,
    GitHubArgs,
    GitHubWorkflowArgs,
    GitLabArgs,
    GitLabPipelineArgs,
    RegistriesArgs,
)
from ci_runners.upkeep.cleanup import CacheCleanup, CacheCleanupArgs
from ci_runners.upkeep.drain import RunnerDrain, RunnerDrainArgs
from ci_runners.upkeep.metrics import StationMetrics, StationMetricsArgs

if TYPE_CHECKING:
    from ci_runners.projects.github import GitHubRepository
    from ci_runners.projects.github_args import GitHubRepositoryArgs
    from ci_runners.projects.gitlab import GitLabProject
    from ci_runners.projects.gitlab_args import GitLabProjectArgs

__all__ = [
    "BuildStation",
    "BuildStationArgs",
    "Builder",
    "BuildkitDaemon",
    "BuildkitDaemonArgs",
    "CacheCleanup",
    "CacheCleanupArgs",
    "CertificatesArgs",
    "Connection",
    "DaemonJsonArgs",
    "DaemonKind",
    "DindDaemon",
    "DindDaemonArgs",
    "DindVariant",
    "GitHubAppArgs",
    "GitHubArgs",
    "GitHubRepository",
    "GitHubRepositoryArgs",
    "GitHubRunner",
    "GitHubRunnerArgs",
    "GitHubWorkflowArgs",
    "GitLabArgs",
    "GitLabPipelineArgs",
    "GitLabProject",
    "GitLabProjectArgs",
    "GitLabRunner",
    "GitLabRunnerArgs",
    "HostDaemon",
    "HostDaemonArgs",
    "InvalidInput",
    "Kaniko",
    "KanikoArgs",
    "LogFormat",
    "LogLevel",
    "Needs",
    "Problem",
    "PullPolicy",
    "RegistriesArgs",
    "RegistryLogLevel",
    "RegistryMirror",
    "RegistryMirrorArgs",
    "RunnerDrain",
    "RunnerDrainArgs",
    "S3CacheArgs",
    "Settings",
    "SnapshotMode",
    "StationMetrics",
    "StationMetricsArgs",
    "Trust",
    "__version__",
    "recommend",
]

_LATER = {
    "GitHubRepository": "ci_runners.projects.github",
    "GitHubRepositoryArgs": "ci_runners.projects.github_args",
    "GitLabProject": "ci_runners.projects.gitlab",
    "GitLabProjectArgs": "ci_runners.projects.gitlab_args",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  a class
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needed_by(name):
        return getattr(import_module(_LATER[name]), name)
