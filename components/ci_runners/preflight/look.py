"""The container that looks around on a host, as plain data: what it runs, what it may see, what it said."""

import posixpath
from collections.abc import Iterable, Mapping

from ci_runners.preflight.facts import SOCKET_FOUND, TUN_OPEN

FOLDER = "/preflight"
"""Where the container finds the host's folders."""
LOOKED_AT = (
    "free_bytes",
    "ids",
    "max_user_namespaces",
    "rootlesskit_profiles",
    "socket_status",
    "tun",
)
"""Facts that stay None where the container could not tell."""

_CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
_CONTAINERD_ROOT = "/var/lib/containerd"
_ROOTLESSKIT = frozenset({"/usr/bin/rootlesskit", "/usr/local/bin/rootlesskit"})
_WITHOUT_SWITCH = {"unprivileged_userns_clone": 1, "apparmor_restrict_unprivileged_userns": 0}
"""What it comes to where the kernel has no such sysctl."""

SCRIPT = r"""
for file in user/max_user_namespaces kernel/unprivileged_userns_clone \
  kernel/apparmor_restrict_unprivileged_userns; do
  echo "${file#*/}=$(cat "/proc/sys/$file" 2>/dev/null)"
done
[ -e /proc/self/ns/user ] || echo max_user_namespaces=0
ids=0
while read -r _ _ count; do ids=$((ids + count)); done </proc/self/uid_map
echo "ids=$ids"
cd "$1" || exit
for root in root*; do
  [ ! -d "$root" ] || echo "free=$(stat -f -c '%a %S' "$root")"
done
if [ -c dev/net/tun ]; then
  echo "tun=$(stat -c %a dev/net/tun)"
elif [ -d dev ]; then
  echo tun=missing
fi
if [ -S "socket/$2" ]; then
  echo "socket=$(stat -L -c %g "socket/$2")"
elif [ ! -x socket ] || [ -L "socket/$2" ]; then
  echo socket=unreadable
elif [ -e "socket/$2" ]; then
  echo 'socket=no socket'
else
  echo socket=missing
fi
grep -rhoE '^[^#]*/usr/(local/)?bin/rootlesskit' profiles 2>/dev/null |
  while read -r line; do echo "profile=/${line#*/}"; done
"""
"""POSIX sh, for the folder and the socket's name. Prints `key=value` lines, and nothing of what it cannot tell."""


def folders(storage_roots: Iterable[str], socket: str) -> dict[str, str]:
    """Name in the container -> folder of the host that it sees there, read-only."""
    return {
        **{f"root{index}": root for index, root in enumerate(storage_roots)},
        "dev": "/dev",
        "profiles": "/etc/apparmor.d",
        "socket": posixpath.dirname(socket),
    }


def storage_roots(info: Mapping[str, object]) -> tuple[str, ...]:
    """Where volumes and images lie, after `GET /info`.

    The containerd image store of a containerd that is not dockerd's own is in that one's folder.
    """
    root = str(info["DockerRootDir"])
    containerd = info.get("Containerd")
    address = containerd.get("Address") if isinstance(containerd, Mapping) else None
    in_containerd = "io.containerd.snapshotter.v1" in str(info.get("DriverStatus"))
    return (root, _CONTAINERD_ROOT) if in_containerd and address == _CONTAINERD_SOCKET else (root,)


def seen(said: str, *, missing: Iterable[str]) -> dict[str, object]:
    """Facts, out of what the container said and of which folders the host does not have."""
    lines = [line.partition("=")[::2] for line in said.splitlines()]
    last = dict(lines)
    found: dict[str, object] = {
        name: _number(last.get(name)) for name in ("max_user_namespaces", "ids", *_WITHOUT_SWITCH)
    }
    if "ids" in last:
        found |= {name: value for name, value in _WITHOUT_SWITCH.items() if found[name] is None}
        found["rootlesskit_profiles"] = tuple(
            sorted({value for key, value in lines if key == "profile"} & _ROOTLESSKIT)
        )
    free = [_product(value) for key, value in lines if key == "free"]
    found["free_bytes"] = min((size for size in free if size is not None), default=None)
    mode = last.get("tun")
    found["tun"] = mode if _number(mode) is None else (TUN_OPEN if str(mode)[-1] in "67" else "closed")
    socket = "missing" if "socket" in missing else last.get("socket")
    found["socket_group"] = _number(socket)
    found["socket_status"] = socket if found["socket_group"] is None else SOCKET_FOUND
    return found


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _product(text: str) -> int | None:
    """Blocks times their size."""
    blocks, _, size = text.partition(" ")
    return int(blocks) * int(size) if blocks.isdigit() and size.isdigit() else None
