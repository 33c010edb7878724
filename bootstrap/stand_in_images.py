"""The images that we can stand in for: under which official name, and what each stand-in is made from."""

from dataclasses import dataclass

from bootstrap import debian, programs
from ci_runners import images

DEMO_BASE = "debian:13.1-slim"
"""What the demo project's Dockerfile starts from."""
GITLAB_CI_LOCAL_UTIL = "firecow/gitlab-ci-local-util:latest"
WAIT_FOR_IT = "sumina46/wait-for-it:latest"
"""What gitlab-ci-local starts beside a job, by the names that it has for them."""
PROMETHEUS = "prom/prometheus:v2.53.3"
"""What reads a station's metrics in a test."""
OWN = "ci-runners/"
"""How names begin that are nobody's but ours."""
SSH_HOST = f"{OWN}ssh-host:local"
"""A Docker host behind ssh, for a test."""

DIND_PACKAGES = ("docker.io", "e2fsprogs", "iptables")
ROOTLESS_PACKAGES = (*DIND_PACKAGES, "iproute2", "libcap2-bin", "rootlesskit", "slirp4netns", "uidmap")
CLI_PACKAGES = ("busybox-static",)
BUILDKIT_PACKAGES = ("busybox-static", "libcap2-bin", "runc", "uidmap")
REGISTRY_PACKAGES = ("docker-registry",)
RUNNER_FILES = (".machine/venv/bin/act", "bootstrap/actions")


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """An image that we build: from a folder of `bootstrap/images`, a Debian layer and Go programs."""

    name: str
    folder: str
    made_from: str
    packages: tuple[str, ...] = ()
    program: programs.GoProgram | None = None
    files: tuple[str, ...] = ()
    """Files and folders of the checkout beside its own folder."""
    mirrored: bool = False
    """Whether jobs inside DinD pull it, through the registry."""
    dev_station: bool = True
    """Whether the dev station needs it."""


STAND_INS = (
    StandIn(
        name=images.DOCKER_DIND,
        folder="docker-dind",
        made_from=f"Debian {debian.SUITE}'s docker.io; an entrypoint of our own",
        packages=DIND_PACKAGES,
    ),
    StandIn(
        name=images.DOCKER_CLI,
        folder="docker-cli",
        made_from=f"Debian {debian.SUITE}'s docker-cli, busybox-static's crond; an entrypoint of our own",
        packages=CLI_PACKAGES,
        mirrored=True,
    ),
    StandIn(
        name=images.GITLAB_RUNNER,
        folder="gitlab-runner",
        made_from=f"GitLab Runner {programs.GITLAB_RUNNER_VERSION}, docker and shell executors, five modules stubbed;"
        f" Debian {debian.SUITE}'s curl",
        packages=("curl",),
        program=programs.GITLAB_RUNNER,
    ),
    StandIn(
        name=images.GITLAB_RUNNER_HELPER,
        folder="gitlab-runner-helper",
        made_from=f"GitLab Runner {programs.GITLAB_RUNNER_VERSION}'s helper, five modules stubbed",
        program=programs.GITLAB_RUNNER,
        mirrored=True,
    ),
    StandIn(
        name=DEMO_BASE,
        folder="debian",
        made_from=f"Debian {debian.SUITE} packages, some more than the official image's",
        mirrored=True,
    ),
    StandIn(
        name=images.REGISTRY,
        folder="registry",
        made_from=f"Debian {debian.SUITE}'s docker-registry",
        packages=REGISTRY_PACKAGES,
    ),
    StandIn(
        name=images.BUILDKIT,
        folder="buildkit",
        made_from=f"BuildKit {programs.BUILDKIT_VERSION} and its rootlesskit; Debian {debian.SUITE}'s runc, uidmap and"
        " busybox-static's crond",
        packages=BUILDKIT_PACKAGES,
        program=programs.BUILDKIT,
        mirrored=True,
        dev_station=False,
    ),
    StandIn(
        name=images.KANIKO,
        folder="kaniko",
        made_from=f"Google's Kaniko {programs.KANIKO_VERSION}, not the fork's; Debian {debian.SUITE}'s busybox-static",
        packages=("busybox-static",),
        program=programs.KANIKO,
        mirrored=True,
        dev_station=False,
    ),
    StandIn(
        name=images.CADDY,
        folder="caddy",
        made_from=f"Caddy {programs.CADDY_VERSION} from Go modules, on Debian {debian.SUITE} packages",
        packages=("curl", "libcap2-bin"),
        program=programs.CADDY,
        dev_station=False,
    ),
    StandIn(
        name=images.ACTIONS_RUNNER,
        folder="actions-runner",
        made_from=f"our own listener for the sandbox, act, Debian {debian.SUITE} packages; not GitHub's runner",
        packages=("curl", "jq"),
        files=RUNNER_FILES,
        dev_station=False,
    ),
    StandIn(
        name=images.DOCKER_DIND_ROOTLESS,
        folder="docker-dind-rootless",
        made_from=f"Debian {debian.SUITE}'s docker.io, rootlesskit and slirp4netns; docker:dind's entrypoint",
        packages=ROOTLESS_PACKAGES,
        dev_station=False,
    ),
    StandIn(
        name=images.SBOM_SCANNER,
        folder="syft-scanner",
        made_from="a shell script that lists Debian packages, not syft",
        mirrored=True,
        dev_station=False,
    ),
    StandIn(
        name=GITLAB_CI_LOCAL_UTIL,
        folder="gitlab-ci-local-util",
        made_from=f"Debian {debian.SUITE}'s rsync",
        packages=("rsync",),
        mirrored=True,
        dev_station=False,
    ),
    StandIn(
        name=SSH_HOST,
        folder="ssh-host",
        made_from=f"Debian {debian.SUITE}'s openssh-server and docker-cli",
        packages=("openssh-server",),
        dev_station=False,
    ),
    StandIn(
        name=WAIT_FOR_IT,
        folder="wait-for-it",
        made_from="a shell script of our own",
        dev_station=False,
    ),
    StandIn(
        name=PROMETHEUS,
        folder="prometheus",
        made_from=f"Debian {debian.SUITE}'s prometheus",
        packages=("prometheus",),
        dev_station=False,
    ),
)
