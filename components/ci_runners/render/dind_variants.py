"""The variants of docker:dind: what each needs of its host, and where its image keeps what."""

from dataclasses import dataclass, field
from enum import Enum

from ci_runners.images import DOCKER_DIND, DOCKER_DIND_ROOTLESS


class DindVariant(str, Enum):
    """What stands between the daemon's containers and the host."""

    PRIVILEGED = "privileged"
    """Nothing: the container is privileged, as docker:dind documents it, and root in it is root on the host."""
    ROOTLESS = "rootless"
    """dockerd is user 1000 of the host, without a capability, and its containers are in its user namespace."""
    SYSBOX = "sysbox"
    """The host's Sysbox runs the container in a user namespace: root in it is an ordinary user on the host."""


@dataclass(frozen=True, kw_only=True)
class VariantNeeds:
    """How the container of one variant differs from the others'."""

    image: str = DOCKER_DIND
    privileged: bool = False
    runtime: str | None = None
    """The engine's runtime. None: its default."""

    capabilities: tuple[str, ...] | None = None
    """The only ones that are kept. None: what the runtime gives."""

    security_opts: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """Of the host, at the same path in the container."""

    tmpfs: dict[str, str] = field(default_factory=dict)
    """Folders in memory, each with its mount options."""

    group: int = 0
    """Group of the daemon, for the key of its certificate."""

    storage: str = "/var/lib/docker"
    daemon_json: str = "/etc/docker/daemon.json"
    volumes: str = ""
    """Stands before the parts of the volumes' names. Each variant has its own: files of one belong to users who
    cannot write, or do not see, the other's."""


NEEDS = {
    DindVariant.PRIVILEGED: VariantNeeds(privileged=True),
    # Docker docs, Rootless Docker in Docker: `--privileged` is there to lift seccomp, AppArmor and the masks on /proc
    # and /sys. Each can be lifted by itself. The two capabilities are newuidmap's and newgidmap's; the device is
    # slirp4netns's, which connects the user's network namespace.
    DindVariant.ROOTLESS: VariantNeeds(
        image=DOCKER_DIND_ROOTLESS,
        capabilities=("CAP_SETGID", "CAP_SETUID"),
        security_opts=("apparmor=unconfined", "seccomp=unconfined", "systempaths=unconfined"),
        devices=("/dev/net/tun",),
        # containerd's pid outlives a killed container, and a dockerd that finds a process under it does not start.
        tmpfs={"/run/user/1000": "exec,uid=1000,gid=1000,mode=0700"},
        group=1000,
        storage="/home/rootless/.local/share/docker",
        daemon_json="/home/rootless/.config/docker/daemon.json",
        volumes="rootless-",
    ),
    DindVariant.SYSBOX: VariantNeeds(runtime="sysbox-runc", volumes="sysbox-"),
}
