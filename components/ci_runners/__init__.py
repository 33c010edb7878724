"""Self-hosted CI runners that build container images, as Pulumi components."""

from ci_runners._version import __version__
from ci_runners.connection import Connection, DaemonKind
from ci_runners.daemons.buildkit import BuildkitDaemon, BuildkitDaemonArgs
from ci_runners.daemons.dind import DaemonJsonArgs, DindDaemon, DindDaemonArgs
from ci_runners.daemons.host import HostDaemon, HostDaemonArgs
from ci_runners.daemons.kaniko import Kaniko, KanikoArgs
from ci_runners.problems import InvalidInput, Problem
from ci_runners.recommend import Needs, recommend
from ci_runners.registries.mirror import RegistryMirror, RegistryMirrorArgs
from ci_runners.render.config_toml import LogFormat, LogLevel, PullPolicy
from ci_runners.render.dind_variants import DindVariant
from ci_runners.render.kaniko import SnapshotMode
from ci_runners.render.registry_config import RegistryLogLevel
from ci_runners.render.station import Builder
from ci_runners.runners.gitlab import GitLabRunner, GitLabRunnerArgs, S3CacheArgs
from ci_runners.settings import Settings
from ci_runners.station import BuildStation, BuildStationArgs, GitLabArgs, GitLabPipelineArgs, RegistriesArgs

__all__ = [
    "BuildStation",
    "BuildStationArgs",
    "Builder",
    "BuildkitDaemon",
    "BuildkitDaemonArgs",
    "Connection",
    "DaemonJsonArgs",
    "DaemonKind",
    "DindDaemon",
    "DindDaemonArgs",
    "DindVariant",
    "GitLabArgs",
    "GitLabPipelineArgs",
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
    "S3CacheArgs",
    "Settings",
    "SnapshotMode",
    "__version__",
    "recommend",
]
