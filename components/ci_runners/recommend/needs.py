"""What a team answers before it chooses a way to build. Every default is the cautious answer."""

from dataclasses import dataclass
from enum import Enum


class Trust(str, Enum):
    """Who can run code in jobs. A job runs what its commit says, so this is who can push or open a merge request."""

    ONE_TEAM = "one-team"
    """One team, each member of which may be root on the host."""
    SEVERAL_TEAMS = "several-teams"
    """Several teams that must not see one another's code, images and secrets."""
    UNTRUSTED = "untrusted"
    """Anybody: merge requests from forks, students, customers."""


class Isolation(str, Enum):
    """What pipelines may see of one another."""

    NONE = "none"
    """Everything: they may share containers, images and cache."""
    PIPELINES = "pipelines"
    """Nothing: neither running containers nor images, volumes and cache."""


class Platform(str, Enum):
    """What the jobs run on."""

    DOCKER_HOST = "docker-host"
    """One machine or VM with a Docker Engine, for everybody."""
    SEVERAL_HOSTS = "several-hosts"
    """Several such machines, so that each team can have one of its own."""
    KUBERNETES = "kubernetes"
    """Pods of a Kubernetes cluster."""


class TeamSize(str, Enum):
    """How many people's jobs run side by side."""

    SMALL = "small"
    """Up to about ten, who can tell one another when a job is in the way. Where the line lies is our own judgment."""
    LARGE = "large"
    """More."""


class UserNamespaces(str, Enum):
    """Whether the host lets an ordinary user make user namespaces, as the preflight finds it.

    The values are no yes and no, which YAML 1.1 reads as booleans.
    """

    AVAILABLE = "available"
    """It does."""
    MISSING = "missing"
    """It does not."""
    UNKNOWN = "unknown"
    """Nobody has looked."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """A team's answers. Without any, they are those of a shared host that runs anybody's code."""

    trust: Trust = Trust.UNTRUSTED
    """Who can run code in jobs. Defaults to anybody."""

    isolation: Isolation = Isolation.PIPELINES
    """What pipelines may see of one another. Defaults to nothing."""

    platform: Platform = Platform.DOCKER_HOST
    """What the jobs run on. Defaults to one Docker host that everybody shares."""

    team_size: TeamSize = TeamSize.LARGE
    """How many people's jobs run side by side. Defaults to many."""

    privileged_allowed: bool = False
    """Whether a job may get what makes it root on its host: a privileged container (DinD), or the socket of the host's
    engine (DooD), which is not privileged itself and comes to the same. Defaults to false."""

    docker_api: bool = False
    """Whether jobs need a Docker Engine to talk to: `docker run`, Compose, Testcontainers. False, the default, is for
    jobs that only build images and push them."""

    buildkit_features: bool = False
    """Whether Dockerfiles use what only BuildKit does in full, such as `RUN --mount=type=cache` and `type=secret`.
    Defaults to false."""

    user_namespaces: UserNamespaces = UserNamespaces.UNKNOWN
    """Whether the host has unprivileged user namespaces. Defaults to unknown."""
