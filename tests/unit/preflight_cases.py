"""The recorded hosts, the ways to build, and what is found of each host for each way."""

from pathlib import Path

from ci_runners.connection import DaemonKind
from ci_runners.preflight import HostFacts, Way
from ci_runners.preflight.way import PRIVILEGED, ROOTLESS, SYSBOX

HOSTS = {
    path.stem: HostFacts.parse(path.read_text())
    for path in sorted(Path(__file__).parent.glob("hosts/*.json"))
}
WAYS = {
    way.name: way
    for way in (
        *(Way(kind=DaemonKind.DIND, variant=variant) for variant in (PRIVILEGED, ROOTLESS, SYSBOX)),
        *(Way(kind=kind) for kind in DaemonKind if kind is not DaemonKind.DIND),
    )
}
FINDINGS: dict[tuple[str, str], tuple[str, str]] = {
    ("alpine-3.22", "dind rootless"): ("tun", ""),
    ("alpine-3.22", "dind sysbox"): ("runtimes", ""),
    ("amazon-linux-2", "dind rootless"): ("kernel_version", "cgroup_version"),
    ("amazon-linux-2", "dind sysbox"): ("runtimes kernel_version", ""),
    ("amazon-linux-2", "buildkit"): ("", "kernel_version"),
    ("centos-7", "dind rootless"): ("kernel_version max_user_namespaces", "cgroup_version"),
    ("centos-7", "dind sysbox"): ("runtimes kernel_version max_user_namespaces", ""),
    ("centos-7", "buildkit"): ("max_user_namespaces", "kernel_version"),
    ("debian-12", "dind sysbox"): ("runtimes", ""),
    ("debian-13-docker-29.1", "dind sysbox"): ("runtimes", ""),
    ("no-user-namespaces", "dind rootless"): ("max_user_namespaces unprivileged_userns_clone", ""),
    ("no-user-namespaces", "dind sysbox"): ("runtimes max_user_namespaces unprivileged_userns_clone", ""),
    ("no-user-namespaces", "buildkit"): ("max_user_namespaces unprivileged_userns_clone", ""),
    ("raspberry-pi", "dind privileged"): ("free_bytes", ""),
    ("raspberry-pi", "dind rootless"): ("architecture free_bytes", ""),
    ("raspberry-pi", "dind sysbox"): ("runtimes architecture free_bytes", ""),
    ("raspberry-pi", "dood"): ("free_bytes", "security_options storage_driver"),
    ("raspberry-pi", "buildkit"): ("free_bytes", ""),
    ("raspberry-pi", "kaniko"): ("free_bytes", "security_options storage_driver"),
    ("rhel-9", "dind sysbox"): ("runtimes", ""),
    ("rhel-9", "dood"): ("", "security_options"),
    ("rhel-9", "buildkit"): ("", "security_options"),
    ("rhel-9", "kaniko"): ("", "security_options"),
    ("rootless-engine", "dind privileged"): ("security_options", ""),
    ("rootless-engine", "dind rootless"): ("ids", ""),
    ("rootless-engine", "dind sysbox"): ("runtimes", ""),
    ("rootless-engine", "buildkit"): ("ids", ""),
    ("rootless-engine-cgroup-v1", "dind privileged"): ("security_options", "engine_version cgroup_version"),
    ("rootless-engine-cgroup-v1", "dind rootless"): ("kernel_version ids", "engine_version cgroup_version"),
    ("rootless-engine-cgroup-v1", "dind sysbox"): (
        "runtimes kernel_version",
        "engine_version cgroup_version",
    ),
    ("rootless-engine-cgroup-v1", "dood"): ("socket_status", "engine_version cgroup_version"),
    ("rootless-engine-cgroup-v1", "buildkit"): (
        "ids socket_status",
        "engine_version kernel_version cgroup_version",
    ),
    ("rootless-engine-cgroup-v1", "kaniko"): ("socket_status", "engine_version cgroup_version"),
    ("sysbox-old-kernel", "dind privileged"): ("", "engine_version"),
    ("sysbox-old-kernel", "dind rootless"): ("kernel_version", "engine_version"),
    ("sysbox-old-kernel", "dind sysbox"): ("", "engine_version kernel_version"),
    ("sysbox-old-kernel", "dood"): ("", "engine_version"),
    ("sysbox-old-kernel", "buildkit"): ("", "engine_version kernel_version"),
    ("sysbox-old-kernel", "kaniko"): ("", "engine_version"),
    ("ubuntu-20.04-docker-20.10", "dind privileged"): ("", "engine_version"),
    ("ubuntu-20.04-docker-20.10", "dind rootless"): ("kernel_version", "engine_version cgroup_version"),
    ("ubuntu-20.04-docker-20.10", "dind sysbox"): ("runtimes", "engine_version kernel_version"),
    ("ubuntu-20.04-docker-20.10", "dood"): ("", "engine_version"),
    ("ubuntu-20.04-docker-20.10", "buildkit"): ("", "engine_version"),
    ("ubuntu-20.04-docker-20.10", "kaniko"): ("", "engine_version"),
    ("ubuntu-22.04", "dind sysbox"): ("runtimes", ""),
    ("ubuntu-24.04", "dind rootless"): ("apparmor_restrict_unprivileged_userns", ""),
    ("ubuntu-24.04", "dind sysbox"): ("runtimes", ""),
    ("ubuntu-24.04", "buildkit"): ("", "apparmor_restrict_unprivileged_userns"),
    ("ubuntu-24.04-without-profiles", "dind privileged"): ("", "bridge_mtu free_bytes"),
    ("ubuntu-24.04-without-profiles", "dind rootless"): (
        "apparmor_restrict_unprivileged_userns",
        "bridge_mtu free_bytes",
    ),
    ("ubuntu-24.04-without-profiles", "dind sysbox"): ("runtimes", "bridge_mtu free_bytes"),
    ("ubuntu-24.04-without-profiles", "dood"): ("", "free_bytes"),
    ("ubuntu-24.04-without-profiles", "buildkit"): ("apparmor_restrict_unprivileged_userns", "free_bytes"),
    ("ubuntu-24.04-without-profiles", "kaniko"): ("", "free_bytes"),
    ("userns-remap", "dind privileged"): ("security_options", ""),
    ("userns-remap", "dind rootless"): ("", "security_options"),
    ("userns-remap", "dind sysbox"): ("runtimes", ""),
    ("userns-remap", "dood"): ("security_options", ""),
    ("userns-remap", "buildkit"): ("security_options", ""),
    ("userns-remap", "kaniko"): ("security_options", ""),
    ("windows-containers", "dind privileged"): ("os_type", ""),
    ("windows-containers", "dind rootless"): ("os_type", ""),
    ("windows-containers", "dind sysbox"): ("os_type runtimes", ""),
    ("windows-containers", "dood"): ("os_type", "security_options"),
    ("windows-containers", "buildkit"): ("os_type", ""),
    ("windows-containers", "kaniko"): ("os_type", "security_options"),
}
"""Fields of errors and of warnings. What is not listed has neither."""
