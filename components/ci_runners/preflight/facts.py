"""What is known of a Docker host: plain values, read by `probe.read_facts` or from a recorded JSON file."""

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import cast

from ci_runners.connection import SOCKET
from ci_runners.problems import InvalidInput, Problem
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

SOCKET_FOUND = "socket"
"""`socket_status` of a host whose engine can be used through its socket."""

ALL_IDS = 4294967295
"""`ids` of a host on which containers have every user id."""

TUN_OPEN = "open"
"""`tun` of a host on which an ordinary user can make a network."""

_COMPONENT = "HostFacts"
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True)
class HostFacts:
    """What a Docker host is. None is not known; `notes` says why."""

    docker_host: str | None = None
    """The engine's address, as in DOCKER_HOST."""

    engine_version: str | None = None
    """Docker Engine's version, as in 29.7.2."""

    api_version: str | None = None
    """The newest version of the Engine API that the engine speaks, as in 1.55."""

    min_api_version: str | None = None
    """The oldest one that it still answers to."""

    os_type: str | None = None
    """`linux` or `windows`: what kind of containers the engine runs."""

    operating_system: str | None = None
    """The host's name for itself, as in Debian GNU/Linux 12 (bookworm)."""

    kernel_version: str | None = None
    """As `uname -r` shows it."""

    architecture: str | None = None
    """As `uname -m` shows it."""

    cgroup_version: str | None = None
    """1 or 2."""

    storage_driver: str | None = None
    """What keeps the images' layers, as in overlay2; `overlayfs` is that of the containerd image store."""

    security_options: tuple[str, ...] | None = None
    """As the engine lists them: `name=apparmor`, `name=seccomp,profile=builtin`, `name=rootless`..."""

    runtimes: tuple[str, ...] | None = None
    """Names for `docker run --runtime`, sorted."""

    default_runtime: str | None = None
    """The one that is used where none is named."""

    cpus: int | None = None
    """CPUs of the host."""

    memory: int | None = None
    """Bytes of memory of the host."""

    bridge_mtu: int | None = None
    """Bytes of the largest packet on the engine's default bridge."""

    storage_roots: tuple[str, ...] | None = None
    """Folders of the host that hold volumes and images: the engine's, and containerd's where images lie there."""

    free_bytes: int | None = None
    """Bytes that are free for them; the lesser figure where they are on two file systems."""

    socket: str = SOCKET
    """Path of the engine's socket on its host."""

    socket_status: str | None = None
    """`socket`, `missing`, `no socket`, or `unreadable` by a container's root without capabilities."""

    socket_group: int | None = None
    """Group id of the socket, as a container sees it: on a rootless engine its user's own group is 0."""

    ids: int | None = None
    """How many user ids a container has: `ALL_IDS`, or a part of them on a rootless engine."""

    max_user_namespaces: int | None = None
    """Sysctl user.max_user_namespaces. 0 also where the kernel knows no user namespaces."""

    unprivileged_userns_clone: int | None = None
    """Sysctl kernel.unprivileged_userns_clone of Debian's and Arch's kernels. 1 where there is no such switch."""

    apparmor_restrict_unprivileged_userns: int | None = None
    """Sysctl of Ubuntu's kernels since 23.10. 0 where there is no such switch."""

    rootlesskit_profiles: tuple[str, ...] | None = None
    """Paths of rootlesskit that a profile in the host's /etc/apparmor.d is for, sorted."""

    tun: str | None = None
    """/dev/net/tun of the host: `open` to every user, as udev makes it, `closed`, or `missing`."""

    notes: tuple[str, ...] = ()
    """What could not be read, and why."""

    @property
    def is_rootless(self) -> bool:
        """Whether the engine itself runs as an ordinary user."""
        return self.has_security("rootless")

    @property
    def kernel(self) -> tuple[int, ...]:
        """The kernel's version as numbers that can be compared."""
        return numbers(self.kernel_version or "")

    def has_security(self, name: str) -> bool:
        """Whether the engine lists a security option of this name."""
        return any(option.split(",")[0] == f"name={name}" for option in self.security_options or ())

    def dump(self) -> str:
        """The facts as JSON, to be kept in a file. What is not known is left out."""
        known = {name: value for name, value in dataclasses.asdict(self).items() if value is not None}
        return json.dumps(known, indent=2, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, text: str) -> "HostFacts":
        """Read dumped facts. Raises `InvalidInput` for unknown names and for values of another type."""
        try:
            plain = json.loads(text)
        except ValueError:
            plain = None
        if not isinstance(plain, dict):
            fix = "pass what `HostFacts.dump` wrote"
            wrong = Problem(component=_COMPONENT, field="text", value=text, expected="a JSON object", fix=fix)
            raise InvalidInput([wrong])
        return spec_from_args(cls, cast(dict[str, object], plain), Rules(component=_COMPONENT), lambda _: [])


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: (6, 1, 0) of 6.1.0-28-amd64."""
    return tuple(int(part) for part in _NUMBERS.findall(re.split(r"[^\d.]", version, maxsplit=1)[0]))
