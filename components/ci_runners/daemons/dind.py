"""`DindDaemon`: Docker Engine in a container, reached over TLS from a network of its own.

Trust boundary: whoever holds the client certificate is root in the daemon. A job holds it: by the daemon it can mount
every folder of the daemon's container. The certificate authority's key is not among them: it is on a volume that only
the certificate maker mounts. TLS and the network decide who holds the certificate; they do not make jobs safe. What
stands between the daemon and the host is the variant's:

- privileged: nothing. Root in the daemon can become root on the host.
- rootless: dockerd is user 1000 of the host, and the container has no capability but those that map user ids. To make
  user namespaces it runs without seccomp's and AppArmor's profiles and with an unmasked /proc (CIS Docker Benchmark
  5.2 and 5.22): a hole in the kernel is a hole here, and leads to user 1000. A privileged container does not start
  inside, containers inside have no limits of memory or CPU of their own, and the host must allow user namespaces and
  let everybody open /dev/net/tun, as udev does.
- sysbox: a user namespace that Sysbox (nestybox/sysbox), installed on the host, makes and guards.
"""

from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ci_runners.connections import dind_connection
from ci_runners.daemons.certificates import CertificatesArgs, daemon_certificates
from ci_runners.daemons.dind_parts import dind_container
from ci_runners.recommend.needs import Trust
from ci_runners.render.certificates import authority_key_problems, without_key
from ci_runners.render.dind import DindSpec, dind_problems, server_names
from ci_runners.render.dind_variants import DindVariant
from ci_runners.resources import (
    after,
    bridge_network,
    label_pairs,
    named_volume,
)
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

DATA = ("ca", "storage")
"""The volumes whose contents cannot be made again."""


class DaemonJsonArgs(TypedDict):
    """daemon.json of the daemon. A change replaces the daemon's container; its data stays."""

    registry_mirrors: NotRequired[list[str]]
    """URLs of pull-through mirrors of Docker Hub. Defaults to none."""
    insecure_registries: NotRequired[list[str]]
    """`host[:port]` of registries without TLS. Defaults to none."""
    dns: NotRequired[list[str]]
    """Addresses of name servers for the daemon's containers. Defaults to those of the daemon's own container."""
    address_pool: NotRequired[str]
    """Private IPv4 network, /20 or larger, for the networks inside the daemon. Must not overlap what jobs have to
    reach, the host's own Docker networks included. Defaults to 10.223.0.0/16."""
    mtu: NotRequired[int]
    """Bytes of the largest packet, 576 to 65535, for the daemon's network and the ones inside it. Defaults to
    dockerd's 1500; above the outer network's MTU transfers hang without a message."""
    storage_driver: NotRequired[str]
    """btrfs, fuse-overlayfs, overlay2 or zfs. Defaults to dockerd's choice."""
    max_concurrent_downloads: NotRequired[int]
    """Layers pulled at once. Defaults to dockerd's 3."""
    max_concurrent_uploads: NotRequired[int]
    """Layers pushed at once. Defaults to dockerd's 5."""
    log_max_size: NotRequired[str]
    """Size at which a job container's log is rotated. Defaults to 10m."""
    log_max_files: NotRequired[int]
    """Log files kept for a container. Defaults to 3."""
    build_cache_size: NotRequired[str]
    """Size above which BuildKit's cache is collected, oldest first. Defaults to 20GB."""
    userns_remap: NotRequired[bool]
    """Whether root in the daemon's containers is an ordinary user of the daemon's (dockerd's `userns-remap`), with the
    privileged variant only. Who breaks out of a container by a hole in it lands as that user; who holds the client
    certificate still asks for `--userns=host`. A privileged container needs that too (`userns_mode` of a runner's
    services). Images of before are not seen, and the containerd image store is not used. Defaults to false."""


class DindDaemonArgs(TypedDict):
    """Arguments of `DindDaemon`. All but `authority_key` are plain values: they are checked before anything is created."""

    accept_privileged: NotRequired[bool]
    """Must be true where the container is privileged: a job that can reach it can become root on this host. Defaults
    to false, which is refused with the privileged variant unless there is only data."""
    trust_zone: NotRequired[Trust]
    """Whose code the jobs run. A privileged daemon is refused in the zone untrusted, whatever is accepted; for
    several-teams it needs a host of each team's own, which is your word. Defaults to one-team, which is what
    `accept_privileged` says."""
    variant: NotRequired[DindVariant]
    """What stands between the daemon and its host. Each variant has volumes of its own: another one starts empty, with
    an authority of its own. Defaults to privileged."""
    image: NotRequired[str]
    """Image of the daemon, with a fixed tag or digest. Defaults to `images.DOCKER_DIND`, and with the rootless variant
    to `images.DOCKER_DIND_ROOTLESS`."""
    memory: NotRequired[int]
    """MiB of memory for the daemon and all its jobs together, 256 or more. Defaults to no limit."""
    memory_swap: NotRequired[int]
    """MiB of memory and swap together. Defaults to `memory`: no swap."""
    cpus: NotRequired[float]
    """CPUs for the daemon and all its jobs together. Defaults to no limit."""
    tls_names: NotRequired[list[str]]
    """Further host names that the server's certificate covers. Defaults to none; the component's name, docker and
    localhost always are."""
    networks: NotRequired[list[str]]
    """Existing Docker networks that the daemon joins, for registries and mirrors there. Defaults to none."""
    extra_hosts: NotRequired[list[str]]
    """`name:address` lines for the daemon's /etc/hosts. Defaults to none."""
    tags: NotRequired[list[str]]
    """Runner tags that lead a job to this daemon. Defaults to `dind`."""
    flags: NotRequired[list[str]]
    """Further flags of dockerd. Defaults to none."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. A change leaves the volumes alone. Defaults to none."""
    stop_grace_seconds: NotRequired[int]
    """Seconds that running containers get to end when the daemon is stopped. Defaults to 60."""
    ready_seconds: NotRequired[int]
    """Seconds until the daemon must answer over TLS after its first start. Defaults to 180."""
    protect_data: NotRequired[bool]
    """Whether Pulumi refuses to delete the CA's and the storage volume. Defaults to false."""
    retain_data: NotRequired[bool]
    """Whether `pulumi destroy` leaves the CA's and the storage volume. Defaults to false."""
    data_only: NotRequired[bool]
    """Whether only the volumes with data (CA and storage) exist: what a station keeps of a way to build that it does
    not use at the moment. Defaults to false."""
    metrics: NotRequired[bool]
    """Whether dockerd serves its metrics on port 9323, for `StationMetrics`. What is in the daemon's network, and whoever
    can run a job, can read them. Defaults to false."""
    certificates: NotRequired[CertificatesArgs]
    """Renewal and authority of the daemon's certificates. A plain value."""
    authority_key: NotRequired[pulumi.Input[str]]
    """Private key of `certificates.authority_certificate`, in PEM without a passphrase. A secret, whether marked as one
    or not; only the certificate maker gets it, and removes it when it ends."""
    daemon_json: NotRequired[DaemonJsonArgs]
    """The daemon's configuration file."""


class DindDaemon(pulumi.ComponentResource):
    """Docker Engine in a container (docker:dind): TLS on 2376 only, nothing published, data on named volumes.

    With `data_only` the outputs that speak of the running daemon are there, as empty texts: a component has the same
    outputs whatever its arguments, in its plugin form too.
    """

    connection: pulumi.Output[str]
    """How runners and jobs reach the daemon. Whatever uses it waits until the daemon answers over TLS. Empty with
    `data_only`."""
    certificate_expiry: pulumi.Output[str]
    """End of the certificates' lives, ISO 8601 in UTC. Empty with `data_only`."""
    container_name: pulumi.Output[str]
    """Name of the daemon's container, and its host name. Empty with `data_only`."""
    network_name: pulumi.Output[str]
    """Name of the daemon's network. Empty with `data_only`."""
    storage_volume: pulumi.Output[str]
    """Name of the volume with the daemon's images and build cache."""
    ca_volume: pulumi.Output[str]
    """Name of the volume with the certificate authority's key."""

    def __init__(self, name: str, args: DindDaemonArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        rules = Rules(component=f"DindDaemon {name!r}")
        key = args.get("authority_key")
        spec = spec_from_args(
            DindSpec,
            without_key(cast(dict[str, object], args)),
            rules,
            lambda it: [*dind_problems(name, it), *authority_key_problems(rules, it.certificates, key)],
        )
        super().__init__("ci-runners:index:DindDaemon", name, {}, opts)
        labels = label_pairs("dind", name, spec.labels)
        data = {part: self._volume(name, part, spec, labels) for part in DATA}
        self.storage_volume = data["storage"].name
        self.ca_volume = data["ca"].name
        self.connection = self.certificate_expiry = pulumi.Output.from_input("")
        self.container_name = self.network_name = pulumi.Output.from_input("")
        if not spec.data_only:
            self._run(name, spec, labels, data=data, rules=rules, key=key)
        self.register_outputs(
            {
                "connection": self.connection,
                "certificate_expiry": self.certificate_expiry,
                "container_name": self.container_name,
                "network_name": self.network_name,
                "storage_volume": self.storage_volume,
                "ca_volume": self.ca_volume,
            }
        )

    def _run(
        self,
        name: str,
        spec: DindSpec,
        labels: list[tuple[str, str]],
        *,
        data: dict[str, docker.Volume],
        rules: Rules,
        key: pulumi.Input[str] | None,
    ) -> None:
        """Everything but the data, and the outputs that speak of it."""
        volumes = data | {part: self._volume(name, part, spec, labels) for part in ("server", "client")}
        network = bridge_network(self, name, labels, mtu=spec.daemon_json.mtu)
        certificates = daemon_certificates(
            self,
            name,
            labels,
            rules=rules,
            volumes=volumes,
            server_names=server_names(name, spec),
            server_group=spec.needs.group,
            asked=spec.certificates,
            authority_key=key,
        )
        container = dind_container(
            self,
            name,
            spec,
            labels,
            network=network,
            volumes={**certificates.volumes, "storage": self.storage_volume},
            certificate_expiry=certificates.expiry,
        )
        connection = pulumi.Output.all(network.name, certificates.volumes["client"]).apply(
            lambda names: dind_connection(
                host=name, network=names[0], client_volume=names[1], tags=spec.tags
            ).dump()
        )
        self.connection = after(connection, container)
        self.certificate_expiry = certificates.expiry
        self.container_name = container.name
        self.network_name = network.name

    def _volume(self, name: str, part: str, spec: DindSpec, labels: list[tuple[str, str]]) -> docker.Volume:
        is_data = part in DATA
        return named_volume(
            self,
            f"{name}-{spec.needs.volumes}{part}",
            labels,
            protect=is_data and spec.protect_data,
            retain=is_data and spec.retain_data,
        )
