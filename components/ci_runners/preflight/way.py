"""A way to build, as far as it matters to the host; and which versions of the Engine API a client speaks."""

import re
from dataclasses import dataclass

from ci_runners.connection import DaemonKind
from ci_runners.images import DOCKER_CLI, DOCKER_DIND
from ci_runners.preflight.facts import numbers

PRIVILEGED = "privileged"
ROOTLESS = "rootless"
SYSBOX = "sysbox"

SUBORDINATE_IDS = 165_536
"""Ids up to 100000 + 65536: what /etc/subuid of moby/buildkit:rootless and docker:dind-rootless hands out."""

_OFFICIAL = re.compile(r"(?:[^@]*/)?docker:(\d[\d.]*)")
"""The Docker Official Image, from Docker Hub or a mirror, with a version in its tag."""
_API_BY_VERSION = (
    ((29, 6), "1.40", "1.55"),
    ((29, 3), "1.40", "1.54"),
    ((29, 2), "1.44", "1.53"),
    ((29,), "1.44", "1.52"),
    ((28, 3), "1.24", "1.51"),
    ((28, 2), "1.24", "1.50"),
    ((28, 1), "1.24", "1.49"),
    ((28,), "1.24", "1.48"),
    ((27, 2), "1.24", "1.47"),
    ((27,), "1.24", "1.46"),
    ((26,), "1.24", "1.45"),
    ((25,), "1.24", "1.44"),
    ((24,), "1.24", "1.43"),
    ((23,), "1.24", "1.42"),
    ((20, 10), "1.24", "1.41"),
    ((19, 3), "1.24", "1.40"),
)
"""A client's version, and the oldest and the newest API that it speaks: MinAPIVersion and MaxAPIVersion of moby/client
at each tag of docker/cli, and the API version matrix of Docker's docs. Engine 29.0 raised both minimums to 1.44, 29.3
lowered them to 1.40 again (moby/moby f96921e5)."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to build. What is not known of it is left at its default."""

    kind: DaemonKind
    variant: str = PRIVILEGED
    """Of DinD: `privileged`, `rootless` or `sysbox`."""

    daemon_image: str = DOCKER_DIND
    """Of DinD: the daemon's image, of which the version in its tag is read."""

    job_image: str = DOCKER_CLI
    """Of DooD: the image whose Docker client speaks with the host's engine. The version in its tag is read."""

    mtu: int | None = None
    """Of DinD: `daemon_json.mtu`."""

    @property
    def name(self) -> str:
        """`dood`, `buildkit`, `kaniko`, or `dind` with its variant."""
        return f"dind {self.variant}" if self.kind is DaemonKind.DIND else self.kind.value

    @property
    def rootlesskit(self) -> str:
        """Where rootlesskit lies in the daemon's image (Dockerfiles of moby/buildkit and docker-library/docker).

        AppArmor knows programs by their paths, in unconfined containers too (moby/moby#38420).
        """
        return "/usr/bin/rootlesskit" if self.kind is DaemonKind.BUILDKIT else "/usr/local/bin/rootlesskit"

    @property
    def daemon_major(self) -> int | None:
        """Major version of DinD's engine, if the image says it."""
        return next(iter(_version(self.daemon_image)), None)

    @property
    def client_api(self) -> tuple[str, str] | None:
        """The oldest and the newest Engine API that the jobs' client speaks, if its image says its version."""
        version = _version(self.job_image)
        return next(((low, high) for since, low, high in _API_BY_VERSION if version >= since), None)


def api_below(one: str | None, other: str) -> bool:
    """Whether a version of the Engine API is older than another."""
    return one is not None and numbers(one) < numbers(other)


def _version(image: str) -> tuple[int, ...]:
    found = _OFFICIAL.match(image)
    if found is None:
        return ()
    named = numbers(found[1])
    # A tag like `docker:29` moves with its major version: whatever it named once, it names the newest now.
    return named if len(named) > 1 else (*named, 99)
