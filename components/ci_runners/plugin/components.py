"""Every component, for the plugin. It needs the forges' SDKs (the extras `gitlab` and `github`)."""

import pulumi

from ci_runners import (
    BuildkitDaemon,
    BuildStation,
    CacheCleanup,
    DindDaemon,
    GitHubRepository,
    GitHubRunner,
    GitLabProject,
    GitLabRunner,
    HostDaemon,
    Kaniko,
    RegistryMirror,
    RunnerDrain,
    StationMetrics,
)

COMPONENTS: list[type[pulumi.ComponentResource]] = [
    BuildStation,
    BuildkitDaemon,
    CacheCleanup,
    DindDaemon,
    GitHubRepository,
    GitHubRunner,
    GitLabProject,
    GitLabRunner,
    HostDaemon,
    Kaniko,
    RegistryMirror,
    RunnerDrain,
    StationMetrics,
]
