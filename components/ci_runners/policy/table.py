"""The policies, in one table: what each asks, where it comes from, how grave it is, how to mend it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from ci_runners.policy import containers, exposure, images, secrets, stack
from ci_runners.policy.resource import Resource
from ci_runners.problems import Problem
from ci_runners.recommend.needs import Trust


class Level(str, Enum):
    """What a violation does, in Pulumi's words. The pack's configuration can set another one for each policy."""

    ADVISORY = "advisory"
    """It is shown."""
    MANDATORY = "mandatory"
    """Nothing is created or changed."""


class Severity(str, Enum):
    """How grave a violation is, in Pulumi's words."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What all policies have. `cis` are ids of the CIS Docker Benchmark 1.6."""

    name: str
    description: str
    severity: Severity
    remediation: str
    cis: tuple[str, ...] = ()
    level: Level = Level.MANDATORY

    @property
    def title(self) -> str:
        """The description, with the ids that a report asks for."""
        return f"{self.description} (CIS {', '.join(self.cis)})" if self.cis else self.description


@dataclass(frozen=True, kw_only=True)
class ResourcePolicy(Policy):
    """Looks at one resource at a time."""

    check: Callable[[Resource], Iterable[Problem]]


@dataclass(frozen=True, kw_only=True)
class ZonePolicy(Policy):
    """Looks at one resource at a time, in the trust zone that the pack's configuration names."""

    check: Callable[[Resource, Trust], Iterable[Problem]]


@dataclass(frozen=True, kw_only=True)
class StackPolicy(Policy):
    """Looks at all resources together; each problem comes with the resource that it is about."""

    check: Callable[[Sequence[Resource]], Iterator[tuple[Resource, Problem]]]


POLICIES: tuple[Policy, ...] = (
    ResourcePolicy(
        name="privileged",
        description="No container is privileged, and no runner starts jobs that are.",
        cis=("5.5",),
        severity=Severity.CRITICAL,
        remediation="Build with BuildkitDaemon or Kaniko, which need no privilege. Where a Docker Engine is needed, use"
        " DindDaemon, whose accept_privileged is the declared exception, and only for jobs trusted with the host.",
        check=containers.privileged,
    ),
    ResourcePolicy(
        name="docker-socket",
        description="No container, and no job, gets the socket of the host's engine.",
        cis=("5.32",),
        severity=Severity.CRITICAL,
        remediation="Remove the mount; a read-only one changes nothing. Build with BuildkitDaemon, Kaniko or DindDaemon."
        " Where jobs must use the host's engine, use HostDaemon, whose accept_host_root is the declared exception.",
        check=containers.docker_socket,
    ),
    ResourcePolicy(
        name="security-profiles",
        description="No container runs without seccomp's or AppArmor's profile.",
        cis=("5.2", "5.22"),
        severity=Severity.HIGH,
        remediation="Remove seccomp=, apparmor= and label= from security_opts. Rootless BuildKit needs them off:"
        " BuildkitDaemon and a rootless DindDaemon are the declared exceptions.",
        check=containers.security_profiles,
    ),
    ResourcePolicy(
        name="added-capabilities",
        description="No container has a capability beyond those that Docker gives by itself.",
        cis=("5.4",),
        severity=Severity.HIGH,
        remediation="Drop ALL capabilities, and add back the few that the program needs, of Docker's own set.",
        check=containers.added_capabilities,
    ),
    ResourcePolicy(
        name="host-namespaces",
        description="No container shares a namespace with the host.",
        cis=("5.10", "5.16", "5.17", "5.31"),
        severity=Severity.HIGH,
        remediation="Leave network_mode, pid_mode, ipc_mode and userns_mode at the engine's own; join a network by"
        " networks_advanced.",
        check=containers.host_namespaces,
    ),
    ResourcePolicy(
        name="memory-limit",
        description="A container that keeps running has a limit of memory.",
        cis=("5.11",),
        severity=Severity.MEDIUM,
        remediation="Set memory, in MiB; for a component it is the argument of that name.",
        check=containers.memory_limit,
    ),
    ResourcePolicy(
        name="cpu-limit",
        description="A container that keeps running has a limit or a share of CPU.",
        cis=("5.12",),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        remediation="Set cpus; for a component it is the argument of that name.",
        check=containers.cpu_limit,
    ),
    ResourcePolicy(
        name="daemon-tls",
        description="No Docker daemon is reached, or listens, without TLS.",
        cis=("2.7",),
        severity=Severity.CRITICAL,
        remediation="Use port 2376 with certificates on both sides, as DindDaemon does; for a remote host, ssh://. Give"
        " a docker.Provider with tcp:// ca_material, cert_material and key_material: without the authority's"
        " certificate it trusts anybody.",
        check=exposure.daemon_tls,
    ),
    ResourcePolicy(
        name="published-ports",
        description="No port is published on all of the host's addresses.",
        cis=("5.14",),
        severity=Severity.HIGH,
        remediation="Leave ports out and use a network; or set the port's ip to 127.0.0.1 or one address. A published"
        " port passes the host's own firewall by.",
        check=exposure.published_ports,
    ),
    ResourcePolicy(
        name="plain-secret",
        description="No token, key or password stands in plain text.",
        severity=Severity.CRITICAL,
        remediation="Upload it as a file of mode 0600 from a Pulumi secret, with additional_secret_outputs=['uploads'],"
        " to a container that writes it to a volume; at a forge, use a masked variable or a secret. Environment,"
        " command and labels are shown to all who may inspect a container.",
        check=secrets.plain_secret,
    ),
    ResourcePolicy(
        name="fixed-image",
        description="Every image has a fixed tag or a digest.",
        severity=Severity.MEDIUM,
        remediation="Name one release, like docker:29.7.2-dind, or a digest: latest changes between two updates.",
        check=images.fixed_image,
    ),
    ZonePolicy(
        name="trust-zone",
        description="Nothing makes a job root on its host in a zone whose jobs are not trusted with it.",
        cis=("5.5", "5.32"),
        severity=Severity.CRITICAL,
        remediation="Build with BuildkitDaemon or Kaniko, whose jobs are root nowhere. No accepting argument counts here;"
        " the zone is this policy's own configuration.",
        check=containers.trust_zone,
    ),
    StackPolicy(
        name="protected-refs",
        description="A runner whose jobs can become root on the host takes jobs of protected branches and tags only.",
        severity=Severity.HIGH,
        remediation="Set access_level to ref_protected on the UserRunner (registration.access_level of a GitLabProject),"
        " and protect the branches; at GitHub, let no public repository use the runner group.",
        check=stack.protected_refs,
    ),
    StackPolicy(
        name="declared-exceptions",
        description="What this stack accepts by its components' own words.",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        remediation="Nothing to mend: this says aloud what accept_privileged, accept_host_root and the like allow.",
        check=stack.declared_exceptions,
    ),
)
