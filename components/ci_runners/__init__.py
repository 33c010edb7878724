"""Self-hosted CI runners that build container images, as Pulumi components."""

from ci_runners._version import __version__
from ci_runners.connection import Connection, DaemonKind
from ci_runners.daemons.dind import DaemonJsonArgs, DindDaemon, DindDaemonArgs
from ci_runners.problems import InvalidInput, Problem
from ci_runners.render.config_toml import LogFormat, LogLevel, PullPolicy
from ci_runners.runners.gitlab import GitLabRunner, GitLabRunnerArgs, S3CacheArgs
from ci_runners.settings import Settings
from ci_runners.station import BuildStation, BuildStationArgs, GitLabArgs, GitLabPipelineArgs

__all__ = [
    "BuildStation",
    "BuildStationArgs",
    "Connection",
    "DaemonJsonArgs",
    "DaemonKind",
    "DindDaemon",
    "DindDaemonArgs",
    "GitLabArgs",
    "GitLabPipelineArgs",
    "GitLabRunner",
    "GitLabRunnerArgs",
    "InvalidInput",
    "LogFormat",
    "LogLevel",
    "Problem",
    "PullPolicy",
    "S3CacheArgs",
    "Settings",
    "__version__",
]
