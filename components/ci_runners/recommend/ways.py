"""The four ways to build, side by side, whatever the answers are."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ci_runners.connection import DaemonKind

LEAST_PRIVILEGED_FIRST = (DaemonKind.KANIKO, DaemonKind.BUILDKIT, DaemonKind.DIND, DaemonKind.DOOD)
"""By what a job gets on its host. With DinD it has to break out of a container to be root there; with DooD it is."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What one way needs and promises. Texts are cells of a table."""

    title: str
    privileged: bool
    """Whether a container of it runs with `--privileged`."""

    privileged_note: str = ""
    """What its containers get beyond the usual, or do without."""

    root_on_host: bool
    """Whether a job can become root on the host without a flaw in the kernel or the runtime."""

    root_note: str = ""
    """By what."""

    isolation: str
    """What keeps pipelines from seeing one another."""

    host: str
    """What the host has to have or allow."""

    cache: str
    """Where layers are kept between jobs."""

    docker_api: bool
    """Whether jobs have a Docker Engine to talk to."""


WAYS: Mapping[DaemonKind, Way] = MappingProxyType(
    {
        DaemonKind.KANIKO: Way(
            title="no daemon, the job's own image builds",
            privileged=False,
            root_on_host=False,
            isolation="a container for each job",
            host="nothing",
            cache="a registry",
            docker_api=False,
        ),
        DaemonKind.BUILDKIT: Way(
            title="a rootless buildkitd",
            privileged=False,
            privileged_note="but its container has no seccomp and AppArmor profiles",
            root_on_host=False,
            isolation="a buildkitd each; none within one",
            host="unprivileged user namespaces",
            cache="buildkitd's volume",
            docker_api=False,
        ),
        DaemonKind.DIND: Way(
            title="a Docker Engine in a container of its own",
            privileged=True,
            root_on_host=True,
            root_note="out of the privileged container",
            isolation="a daemon each; none within one",
            host="a privileged container",
            cache="the daemon's volume",
            docker_api=True,
        ),
        DaemonKind.DOOD: Way(
            title="the host's own engine, through its socket",
            privileged=False,
            privileged_note="but its socket comes to the same",
            root_on_host=True,
            root_note="at once, through the socket",
            isolation="none",
            host="a Docker Engine, and its socket given away",
            cache="the host's engine",
            docker_api=True,
        ),
    }
)
