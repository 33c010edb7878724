"""Rules on what the Engine API says of a host."""

from ci_runners.preflight.facts import HostFacts, numbers
from ci_runners.preflight.rules import (
    ALL,
    DIND,
    DOOD,
    KANIKO,
    PRIVILEGED_DIND,
    ROOTLESS_DIND,
    RUNNER_HAS_SOCKET,
    SYSBOX_DIND,
    Rule,
)
from ci_runners.preflight.way import SUBORDINATE_IDS, api_below

OLDEST_ENGINE = (25,)
"""The oldest Docker Engine that was still maintained when 29.0 came out (moby/moby#51186)."""
ETHERNET_MTU = 1500
"""dockerd's MTU where nothing else is set."""


def _lacks_seccomp(facts: HostFacts) -> bool:
    options = facts.security_options or ()
    return not facts.has_security("seccomp") or "name=seccomp,profile=unconfined" in options


ENGINE_RULES = (
    Rule(
        field="os_type",
        ways=ALL,
        broken=lambda facts, _: facts.os_type != "linux",
        expected="linux: every image here is one of Linux",
        fix="switch the engine to Linux containers, or choose another host",
    ),
    Rule(
        field="engine_version",
        ways=ALL,
        broken=lambda facts, _: numbers(facts.engine_version or "") < OLDEST_ENGINE,
        expected="25.0 or later: Docker mends nothing in older engines",
        fix="upgrade the host's engine, or make sure that its distribution still mends this one",
        is_error=False,
    ),
    Rule(
        field="api_version",
        ways=DOOD,
        broken=lambda facts, way: (
            way.client_api is not None and api_below(facts.api_version, way.client_api[0])
        ),
        expected="{way.client_api[0]} or later, the oldest Engine API that the client in {way.job_image} speaks",
        fix="upgrade the host's engine, or take another client as job image, such as docker:28.5.2-cli",
    ),
    Rule(
        field="min_api_version",
        ways=DOOD,
        broken=lambda facts, way: (
            way.client_api is not None and api_below(way.client_api[1], facts.min_api_version or "")
        ),
        expected="{way.client_api[1]} or earlier, the newest Engine API that the client in {way.job_image} speaks",
        fix="take a newer job image, or set min-api-version in the host's daemon.json",
    ),
    Rule(
        field="security_options",
        ways=PRIVILEGED_DIND,
        broken=lambda facts, _: facts.is_rootless,
        expected="an engine that runs as root: in a privileged container of a rootless one dockerd starts, but cannot"
        " start containers (moby/moby#44335, docker-library/docker#451)",
        fix="use the host's rootful engine, or build with dood or kaniko",
    ),
    Rule(
        field="security_options",
        ways=PRIVILEGED_DIND,
        broken=lambda facts, _: facts.has_security("userns"),
        expected="an engine without userns-remap: it refuses privileged containers (Docker docs, Isolate containers"
        " with a user namespace)",
        fix="take userns-remap out of the host's daemon.json, or choose the variant sysbox",
    ),
    Rule(
        field="security_options",
        ways=RUNNER_HAS_SOCKET,
        broken=lambda facts, _: facts.has_security("userns"),
        expected="an engine without userns-remap: no container of it is in the socket's group",
        fix="take userns-remap out of the host's daemon.json",
    ),
    Rule(
        field="security_options",
        ways=RUNNER_HAS_SOCKET,
        broken=lambda facts, _: facts.has_security("selinux"),
        expected="containers that SELinux lets connect to the socket, which it denies to their usual type container_t",
        fix="run the runner, and with dood its jobs, with the security option label=disable",
        is_error=False,
    ),
    Rule(
        field="security_options",
        ways=DOOD | KANIKO,
        broken=lambda facts, _: _lacks_seccomp(facts),
        expected="a seccomp profile: without one every system call is open to a job",
        fix="take seccomp-profile out of the host's daemon.json, or install an engine that has seccomp",
        is_error=False,
    ),
    Rule(
        field="security_options",
        ways=ROOTLESS_DIND,
        broken=lambda facts, _: facts.has_security("userns"),
        expected="an engine without userns-remap: its containers usually have 65536 user ids, and rootlesskit needs"
        f" ids up to {SUBORDINATE_IDS}",
        fix=f"take userns-remap out of the host's daemon.json, or give its user a range of {SUBORDINATE_IDS} ids",
        is_error=False,
    ),
    Rule(
        field="runtimes",
        ways=SYSBOX_DIND,
        broken=lambda facts, _: "sysbox-runc" not in (facts.runtimes or ()),
        expected="sysbox-runc among them",
        fix="install Sysbox on the host (nestybox/sysbox, docs/user-guide/install-package.md)",
    ),
    Rule(
        field="storage_driver",
        ways=DOOD | KANIKO,
        broken=lambda facts, _: facts.storage_driver == "vfs",
        expected="overlay2 or overlayfs: vfs copies every layer whole, for several times the disk and the time",
        fix="set storage-driver in the host's daemon.json, on a file system that overlayfs can use",
        is_error=False,
    ),
    Rule(
        field="bridge_mtu",
        ways=DIND,
        broken=lambda facts, way: (facts.bridge_mtu or 0) < (way.mtu or ETHERNET_MTU),
        expected="no less than the MTU inside the daemon: larger packets are lost, and transfers hang",
        fix="set daemon_json.mtu to {facts.bridge_mtu}",
        is_error=False,
    ),
)
"""What the Engine API says."""
