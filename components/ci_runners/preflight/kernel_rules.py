"""Rules on a host's kernel, its user namespaces, its disk and its engine's socket."""

from ci_runners.preflight.facts import SOCKET_FOUND, TUN_OPEN, HostFacts
from ci_runners.preflight.rules import (
    ALL,
    BUILDKIT,
    ROOTLESS_DIND,
    RUNNER_HAS_SOCKET,
    SYSBOX_DIND,
    Rule,
)
from ci_runners.preflight.way import SUBORDINATE_IDS, Way

LEAST_FREE = 2_000_000_000
"""Bytes of disk below which a station's own images (1.4 GB) and one base image do not fit."""
LOW_FREE = 10_000_000_000
"""Bytes of disk below which builds run out of it: half of the 20 GB that `daemon_json.build_cache_size` lets grow."""
OVERLAY_KERNEL = (5, 11)
"""The first kernel whose overlayfs can be mounted in a user namespace (moby/buildkit, docs/rootless.md)."""
FUSE_KERNEL = (4, 18)
"""The first kernel whose FUSE can (moby/buildkit, docs/rootless.md)."""
SYSBOX_KERNEL = (5, 12)
"""The first kernel on which Sysbox needs no shiftfs (nestybox/sysbox, docs/distro-compat.md)."""
CONTAINERD_STORE = 29
"""Docker Engine's first major version whose new data lies in containerd's image store."""
FEW_NAMESPACES = 1024
"""User namespaces below which rootlesskit itself warns (rootless-containers/rootlesskit, pkg/parent/warn.go)."""

OWN_NAMESPACE = ROOTLESS_DIND | BUILDKIT
"""Their daemon makes a user namespace itself, as an ordinary user, with rootlesskit."""
NAMESPACES = OWN_NAMESPACE | SYSBOX_DIND


def _lacks_overlay(facts: HostFacts) -> bool:
    """Ubuntu's own kernels could do it long before 5.11 (moby/buildkit, docs/rootless.md)."""
    return facts.kernel < OVERLAY_KERNEL and "Ubuntu" not in (facts.operating_system or "")


def _has_shiftfs(facts: HostFacts) -> bool:
    """Whether the distribution has the kernel module (nestybox/sysbox, docs/distro-compat.md)."""
    return any(name in (facts.operating_system or "") for name in ("Ubuntu", "Debian", "Flatcar"))


def _is_restricted(facts: HostFacts, way: Way, *, has_profile: bool) -> bool:
    """Whether an unconfined process gets no capabilities in its user namespace, and rootlesskit has a way round."""
    profiles = facts.rootlesskit_profiles or ()
    return facts.apparmor_restrict_unprivileged_userns == 1 and (way.rootlesskit in profiles) is has_profile


KERNEL_RULES = (
    Rule(
        field="architecture",
        ways=ROOTLESS_DIND | SYSBOX_DIND,
        broken=lambda facts, _: facts.architecture not in ("x86_64", "aarch64"),
        expected="x86_64 or aarch64: docker:dind-rootless and Sysbox are made for no others",
        fix="build with dind privileged, dood or buildkit",
    ),
    Rule(
        field="kernel_version",
        ways=ROOTLESS_DIND,
        broken=lambda facts, way: (
            facts.kernel < OVERLAY_KERNEL and (way.daemon_major or 0) >= CONTAINERD_STORE
        ),
        expected="5.11 or later: Engine 29 as an ordinary user starts no container on an older one (moby/moby#53029)",
        fix="upgrade the host's kernel, or choose docker:28.5.2-dind-rootless as the daemon's image",
    ),
    Rule(
        field="kernel_version",
        ways=ROOTLESS_DIND,
        broken=lambda facts, way: (
            facts.kernel < OVERLAY_KERNEL and 0 < (way.daemon_major or 0) < CONTAINERD_STORE
        ),
        expected="5.11 or later: without overlayfs layers go through FUSE, which is much slower (Docker docs, Rootless mode,"
        " Known limitations)",
        fix="upgrade the host's kernel",
        is_error=False,
    ),
    Rule(
        field="kernel_version",
        ways=BUILDKIT,
        broken=lambda facts, _: _lacks_overlay(facts) and facts.kernel >= FUSE_KERNEL,
        expected="5.11 or later: without overlayfs layers go through FUSE, which is much slower and needs /dev/fuse",
        fix="upgrade the host's kernel",
        needs=("operating_system",),
        is_error=False,
    ),
    Rule(
        field="kernel_version",
        ways=BUILDKIT,
        broken=lambda facts, _: _lacks_overlay(facts) and facts.kernel < FUSE_KERNEL,
        expected="5.11 or later: before 4.18 BuildKit copies every layer whole, for several times the disk and the time",
        fix="upgrade the host's kernel, or build with kaniko",
        needs=("operating_system",),
        is_error=False,
    ),
    Rule(
        field="kernel_version",
        ways=SYSBOX_DIND,
        broken=lambda facts, _: facts.kernel < SYSBOX_KERNEL and not _has_shiftfs(facts),
        expected="5.12 or later: on an older one Sysbox needs shiftfs, which this distribution has not",
        fix="upgrade the host's kernel",
        needs=("operating_system",),
    ),
    Rule(
        field="kernel_version",
        ways=SYSBOX_DIND,
        broken=lambda facts, _: facts.kernel < SYSBOX_KERNEL and _has_shiftfs(facts),
        expected="5.12 or later: on an older one Sysbox needs shiftfs",
        fix="upgrade the host's kernel, or make sure that the module shiftfs is installed",
        needs=("operating_system",),
        is_error=False,
    ),
    Rule(
        field="tun",
        ways=ROOTLESS_DIND,
        broken=lambda facts, _: facts.tun != TUN_OPEN,
        expected="/dev/net/tun on the host, open to every user: slirp4netns makes the daemon's network with it",
        fix="on the host, `modprobe tun`, and tun in /etc/modules-load.d/tun.conf; if it is there, `chmod 666"
        " /dev/net/tun`, the mode that udev gives it",
    ),
    Rule(
        field="cgroup_version",
        ways=ROOTLESS_DIND,
        broken=lambda facts, _: facts.cgroup_version == "1" and not facts.is_rootless,
        expected="2: with version 1 a rootless engine ignores its containers' limits (Docker docs, Rootless mode)",
        fix="start the host with systemd.unified_cgroup_hierarchy=1, or upgrade it",
        needs=("security_options",),
        is_error=False,
    ),
    Rule(
        field="cgroup_version",
        ways=ALL,
        broken=lambda facts, _: facts.is_rootless and facts.cgroup_version == "1",
        expected="2: this engine is rootless, and ignores every limit of memory and CPUs with version 1 (Docker docs,"
        " Rootless mode)",
        fix="start the host with systemd.unified_cgroup_hierarchy=1, or upgrade it",
        needs=("security_options",),
        is_error=False,
    ),
)
"""On the kernel, its devices and its control groups."""

NAMESPACE_RULES = (
    Rule(
        field="max_user_namespaces",
        ways=NAMESPACES,
        broken=lambda facts, _: facts.max_user_namespaces == 0,
        expected="more than 0: the daemon runs in a user namespace of its own",
        fix="on the host, `sysctl -w user.max_user_namespaces=28633`, and the same in /etc/sysctl.d (Docker docs, "
        "Rootless mode, Troubleshooting)",
    ),
    Rule(
        field="max_user_namespaces",
        ways=OWN_NAMESPACE,
        broken=lambda facts, _: 0 < (facts.max_user_namespaces or 0) < FEW_NAMESPACES,
        expected=f"{FEW_NAMESPACES} or more: they count for all users of the host together",
        fix="on the host, `sysctl -w user.max_user_namespaces=28633`, and the same in /etc/sysctl.d",
        is_error=False,
    ),
    Rule(
        field="unprivileged_userns_clone",
        ways=NAMESPACES,
        broken=lambda facts, _: facts.unprivileged_userns_clone == 0,
        expected="1: 0 forbids the user namespace that the daemon runs in",
        fix="on the host, `sysctl -w kernel.unprivileged_userns_clone=1`, and the same in /etc/sysctl.d (Docker docs, "
        "Rootless mode, Troubleshooting)",
    ),
    Rule(
        field="apparmor_restrict_unprivileged_userns",
        ways=OWN_NAMESPACE,
        broken=lambda facts, way: _is_restricted(facts, way, has_profile=False),
        expected="0, or an AppArmor profile on the host that gives {way.rootlesskit} user namespaces: without one an"
        " unconfined process gets none, or none with capabilities",
        fix="on the host, load the profile of docs/preflight.md; or, for every program at once, `sysctl -w"
        " kernel.apparmor_restrict_unprivileged_userns=0` and the same in /etc/sysctl.d (moby/buildkit,"
        " docs/rootless.md)",
        needs=("rootlesskit_profiles",),
    ),
    Rule(
        field="apparmor_restrict_unprivileged_userns",
        ways=OWN_NAMESPACE,
        broken=lambda facts, way: _is_restricted(facts, way, has_profile=True),
        expected="0, or a profile that gives {way.rootlesskit} user namespaces: the host has one for that path, but"
        " whether it is loaded, and gives them, a container cannot see",
        fix="if the daemon ends with `fork/exec /proc/self/exe: permission denied`, see docs/preflight.md",
        needs=("rootlesskit_profiles",),
        is_error=False,
    ),
    Rule(
        field="ids",
        ways=OWN_NAMESPACE,
        broken=lambda facts, _: (facts.ids or 0) < SUBORDINATE_IDS,
        expected=f"{SUBORDINATE_IDS} or more: the daemon's image hands ids from 100000 on to its own containers, and"
        " this engine's containers have no such ids (moby/buildkit#3297)",
        fix=f"on the host, give the engine's user {SUBORDINATE_IDS} ids in /etc/subuid and /etc/subgid, or use the"
        " rootful engine",
    ),
)
"""On user namespaces."""

PLACE_RULES = (
    Rule(
        field="free_bytes",
        ways=ALL,
        broken=lambda facts, _: (facts.free_bytes or 0) < LEAST_FREE,
        expected="2 GB or more: the runner's, the daemon's and a base image do not fit",
        fix="free disk on the host (`docker system df` shows what takes it), or give the engine another data-root",
    ),
    Rule(
        field="free_bytes",
        ways=ALL,
        broken=lambda facts, _: LEAST_FREE <= (facts.free_bytes or 0) < LOW_FREE,
        expected="10 GB or more: caches grow to 20 GB and beyond",
        fix="free disk on the host, or lower the caches' limits (daemon_json.build_cache_size)",
        is_error=False,
    ),
    Rule(
        field="socket_status",
        ways=RUNNER_HAS_SOCKET,
        broken=lambda facts, _: facts.socket_status != SOCKET_FOUND,
        expected="the engine's socket at {facts.socket}: the runner starts jobs through it, and is put in its group",
        fix="give the path that `docker context inspect` shows on that host; that of a rootless engine is"
        " /run/user/<uid>/docker.sock",
    ),
)
"""On the disk and the socket."""
