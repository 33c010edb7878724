"""The components as a Pulumi plugin, for programs in any of Pulumi's languages."""

from pulumi.provider.experimental import component_provider_host

from ci_runners import (
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
    __version__,
)

COMPONENTS = [
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

if __name__ == "__main__":
    component_provider_host(name="ci-runners", components=list(COMPONENTS), version=__version__)
