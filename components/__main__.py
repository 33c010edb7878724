"""The components as a Pulumi plugin, for programs in any of Pulumi's languages."""

from pulumi.provider.experimental import component_provider_host

from ci_runners import DindDaemon, GitLabRunner, __version__

if __name__ == "__main__":
    component_provider_host(name="ci-runners", components=[DindDaemon, GitLabRunner], version=__version__)
