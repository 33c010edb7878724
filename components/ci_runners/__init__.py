"""Self-hosted CI runners that build container images, as Pulumi components."""

from ci_runners._version import __version__
from ci_runners.connection import Connection, DaemonKind
from ci_runners.daemons.dind import DaemonJsonArgs, DindDaemon, DindDaemonArgs
from ci_runners.problems import InvalidInput, Problem
from ci_runners.render.config_toml import LogFormat, LogLevel, PullPolicy
from ci_runners.runners.gitlab import GitLabRunner, GitLabRunnerArgs, S3CacheArgs

__all__ = [
    "Connection",
    "DaemonJsonArgs",
    "DaemonKind",
    "DindDaemon",
    "DindDaemonArgs",
    "GitLabRunner",
    "GitLabRunnerArgs",
    "InvalidInput",
    "LogFormat",
    "LogLevel",
    "Problem",
    "PullPolicy",
    "S3CacheArgs",
    "__version__",
]
