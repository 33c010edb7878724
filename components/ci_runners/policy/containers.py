"""What a container, and a job that a runner's configuration describes, may not have: privilege, the socket, no limits."""

from collections.abc import Iterator
from posixpath import normpath

from ci_runners.connection import DaemonKind
from ci_runners.policy.declared import is_declared
from ci_runners.policy.resource import CONTAINER, Resource
from ci_runners.policy.runner_config import runner_sections
from ci_runners.problems import Problem
from ci_runners.recommend.needs import Trust
from ci_runners.render.trust import trust_problems
from ci_runners.validate import Rules

DOCKERS_OWN = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""What Docker gives a container by itself (Docker docs, docker run, Runtime privilege and Linux capabilities)."""
ABOVE_SOCKET = frozenset({"/", "/run", "/var", "/var/run", "/var/lib/docker"})
"""Folders of a host that hold its engine's socket, or all that the engine keeps."""
SOCKETS = ("docker.sock", "containerd.sock", "podman.sock")
SOCKET_HOLDERS = frozenset({"BuildkitDaemon", "CacheCleanup", "GitLabRunner", "Kaniko"})
"""Components that hold the socket themselves and give it to no job. A GitLabRunner does with DooD, and then there is a
HostDaemon beside it."""
CPU_LIMITS = ("cpus", "cpuQuota", "cpuShares", "cpuSet")
_NAMESPACES = {
    "networkMode": "network",
    "pidMode": "process",
    "ipcMode": "IPC",
    "usernsMode": "user",
}
_UNCONFINED = {"seccomp", "apparmor", "label", "systempaths"}


def privileged(resource: Resource) -> Iterator[Problem]:
    """A privileged container, and a runner whose configuration makes jobs or all of their services privileged."""
    return _unless_declared("privileged", resource)


def docker_socket(resource: Resource) -> Iterator[Problem]:
    """A mount of an engine's socket, or of a folder that holds it, in a container or in a runner's jobs."""
    return _unless_declared("docker-socket", resource)


def security_profiles(resource: Resource) -> Iterator[Problem]:
    """A container without seccomp's, AppArmor's or SELinux's profile, or with an unmasked /proc."""
    return _unless_declared("security-profiles", resource)


def findings(policy: str, resource: Resource) -> Iterator[Problem]:
    """What one of these three policies finds, declared or not."""
    checks = {"privileged": _privileged, "docker-socket": _sockets, "security-profiles": _profiles}
    return checks[policy](resource)


def _unless_declared(policy: str, resource: Resource) -> Iterator[Problem]:
    if not is_declared(policy, resource):
        yield from findings(policy, resource)


def trust_zone(resource: Resource, zone: Trust) -> Iterator[Problem]:
    """What makes a job root on the host, in a zone that does not trust its jobs with it, whatever is accepted."""
    rules = Rules(component=resource.component)
    if any(_privileged(resource)):
        yield from trust_problems(rules, DaemonKind.DIND, zone, field="privileged")
    if resource.owner not in SOCKET_HOLDERS and any(_sockets(resource)):
        yield from trust_problems(rules, DaemonKind.DOOD, zone, field="docker.sock")


def added_capabilities(resource: Resource) -> Iterator[Problem]:
    """Capabilities that Docker itself would not give."""
    if resource.type != CONTAINER:
        return
    for field, name in resource.object("capabilities").texts("adds"):
        if name.upper().removeprefix("CAP_") not in DOCKERS_OWN:
            expected = "a capability of Docker's own set, or none"
            yield _problem(resource, f"capabilities.{field}", name, expected, "remove it")


def host_namespaces(resource: Resource) -> Iterator[Problem]:
    """Namespaces shared with the host."""
    if resource.type != CONTAINER:
        return
    for field, kind in _NAMESPACES.items():
        if resource.text(field) == "host":
            yield _problem(resource, field, "host", f"a {kind} namespace of its own", "leave it out")


def _keeps_running(resource: Resource) -> bool:
    """Whether a container stays: the provider takes one for it unless `must_run` is false, or it is attached to."""
    return (
        resource.type == CONTAINER
        and resource.properties.get("mustRun") is not False
        and not resource.flag("attach")
    )


def memory_limit(resource: Resource) -> Iterator[Problem]:
    """A container that keeps running, without a limit of memory."""
    if _keeps_running(resource) and not resource.properties.get("memory"):
        expected = "a number of MiB: without one a job takes the host's memory"
        yield _problem(resource, "memory", None, expected, "set it")


def cpu_limit(resource: Resource) -> Iterator[Problem]:
    """A container that keeps running, without a limit or share of CPU."""
    if _keeps_running(resource) and not any(resource.properties.get(name) for name in CPU_LIMITS):
        yield _problem(resource, "cpus", None, "a number of CPUs", "set it")


def _privileged(resource: Resource) -> Iterator[Problem]:
    if resource.type == CONTAINER and resource.flag("privileged"):
        expected = "False: whoever gets into it can become root on the host"
        yield _problem(resource, "privileged", True, expected, "remove it")  # noqa: FBT003  the value
    for at, section in runner_sections(resource):
        if section.flag("privileged"):
            expected = "false: every job of this runner can become root on its engine's host"
            yield _problem(resource, f"{at}.privileged", True, expected, "remove it")  # noqa: FBT003
        allowed = [pattern for _, pattern in section.texts("allowed_privileged_services") if pattern.strip()]
        if section.flag("services_privileged") and not allowed:
            expected = "patterns of images beside it: none means that every service is privileged"
            field = f"{at}.allowed_privileged_services"
            yield _problem(
                resource, field, allowed, expected, "name the images, or remove services_privileged"
            )


def _sockets(resource: Resource) -> Iterator[Problem]:
    expected = "no mount of an engine's socket: who has it, read-only or not, is root on that engine's host"
    for field, source in _mounts(resource):
        whole = normpath(source)
        if whole in ABOVE_SOCKET or whole.endswith(SOCKETS):
            yield _problem(resource, field, source, expected, "remove it")


def _profiles(resource: Resource) -> Iterator[Problem]:
    if resource.type != CONTAINER:
        return
    for field, option in resource.texts("securityOpts"):
        name, _, value = option.replace(":", "=", 1).partition("=")
        if name in _UNCONFINED and value in {"unconfined", "disable"}:
            yield _problem(resource, field, option, "a profile: without it the kernel is open", "remove it")


def _mounts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Paths of the host in a container, and in a runner's jobs, each with the field that says so."""
    if resource.type == CONTAINER:
        for at, volume in resource.objects("volumes"):
            yield f"{at}.hostPath", volume.text("hostPath")
        for at, mount in resource.objects("mounts"):
            yield f"{at}.source", mount.text("source") if mount.text("type") == "bind" else ""
    for at, section in runner_sections(resource):
        for field, volume_text in section.texts("volumes"):
            source, colon, _ = volume_text.partition(":")
            yield f"{at}.{field}", source if colon else ""


def _problem(resource: Resource, field: str, value: object, expected: str, fix: str) -> Problem:
    return Rules(component=resource.component).problem(field, value, expected, fix)
