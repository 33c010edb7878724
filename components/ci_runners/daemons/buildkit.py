"""`BuildkitDaemon`: rootless buildkitd in an unprivileged container, reached over TLS from a network of its own.

Trust boundary: the container is not privileged, its processes are an ordinary user's, and of root's capabilities it can
only get the two that map user ids. To make user namespaces it runs without seccomp's and AppArmor's profiles and with
an unmasked /proc (declared exceptions, CIS Docker Benchmark 5.2 and 5.22): between a build and the host stand the user
namespace and the kernel, and a hole in the kernel is a hole here. The host must allow user namespaces.

Jobs have no socket of any engine. But whoever holds the client certificate shares the cache with all the others, can
read and poison their layers, and can use every network that the daemon is in, since a build's steps run in it.
"""

from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ci_runners.connections import buildkit_connection
from ci_runners.daemons.buildkit_parts import buildkit_container
from ci_runners.daemons.certificates import CertificatesArgs, daemon_certificates
from ci_runners.daemons.engine_socket import socket_group
from ci_runners.daemons.jobs_volume import jobs_volume
from ci_runners.render.buildkit import (
    USER_ID,
    BuildkitSpec,
    buildkit_problems,
    server_names,
)
from ci_runners.render.certificates import authority_key_problems, without_key
from ci_runners.render.config_toml import LogLevel
from ci_runners.resources import (
    after,
    bridge_network,
    label_pairs,
    memory_folder,
    named_volume,
)
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

DATA = ("ca", "cache")
"""The volumes whose contents cannot be made again."""


class BuildkitDaemonArgs(TypedDict):
    """Arguments of `BuildkitDaemon`. All but `authority_key` are plain values: they are checked before anything is created."""

    image: NotRequired[str]
    """Rootless image of the daemon, with a fixed tag or digest. Defaults to `images.BUILDKIT`."""
    socket: NotRequired[str]
    """Path of the Docker Engine's socket on its host, for the runner that starts the jobs. Defaults to
    /var/run/docker.sock."""
    memory: NotRequired[int]
    """MiB of memory for the daemon and all builds together, 128 or more. Defaults to no limit."""
    memory_swap: NotRequired[int]
    """MiB of memory and swap together. Defaults to `memory`: no swap."""
    cpus: NotRequired[float]
    """CPUs for the daemon and all builds together. Defaults to no limit."""
    tls_names: NotRequired[list[str]]
    """Further host names that the server's certificate covers. Defaults to none; the component's name, buildkitd and
    localhost always are."""
    networks: NotRequired[list[str]]
    """Existing Docker networks that the daemon joins, for registries there; every build can reach what is in them.
    Defaults to none."""
    extra_hosts: NotRequired[list[str]]
    """`name:address` lines for the daemon's /etc/hosts, for registries; a build's steps do not see them. Defaults to
    none."""
    tags: NotRequired[list[str]]
    """Runner tags that lead a job to this daemon. Defaults to `buildkit`."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. A change leaves the volumes alone. Defaults to none."""
    cache_size: NotRequired[str]
    """Size above which the build cache is collected, oldest first. BuildKit counts in powers of 1024. Defaults to
    20GB."""
    max_parallelism: NotRequired[int]
    """Steps of all builds that run at once, 1 or more. Defaults to no limit."""
    registry_mirrors: NotRequired[list[str]]
    """URLs of pull-through mirrors of Docker Hub; http:// means without TLS. Docker Hub itself is asked where they
    fail. Defaults to none."""
    insecure_registries: NotRequired[list[str]]
    """`host[:port]` of registries without TLS, or with a certificate that nobody vouches for. Defaults to none."""
    dns: NotRequired[list[str]]
    """Addresses of name servers for a build's steps. Defaults to Docker's own resolver, 127.0.0.11, which the steps
    share with the daemon; BuildKit by itself would leave it out and ask 8.8.8.8 (moby/buildkit, resolvconf.go)."""
    log_level: NotRequired[LogLevel]
    """Defaults to info."""
    stop_grace_seconds: NotRequired[int]
    """Seconds that running builds get to end when the daemon is stopped, 5 or more. Defaults to 60."""
    ready_seconds: NotRequired[int]
    """Seconds until the daemon must answer over TLS after its start. Defaults to 120."""
    protect_data: NotRequired[bool]
    """Whether Pulumi refuses to delete the CA's and the cache volume. Defaults to false."""
    retain_data: NotRequired[bool]
    """Whether `pulumi destroy` leaves the CA's and the cache volume. Defaults to false."""
    data_only: NotRequired[bool]
    """Whether only the volumes with data (CA and cache) exist: what a station keeps of a way to build that it does not
    use at the moment. Defaults to false."""
    metrics: NotRequired[bool]
    """Whether buildkitd serves its metrics, on a socket in `metrics_volume`, for `StationMetrics`. Its debug pages are on
    the same socket, and let whoever reaches it read and change the cache's records: jobs and builds do not. Defaults to
    false."""
    certificates: NotRequired[CertificatesArgs]
    """Renewal and authority of the daemon's certificates. A plain value."""
    authority_key: NotRequired[pulumi.Input[str]]
    """Private key of `certificates.authority_certificate`, in PEM without a passphrase. A secret, whether marked as one
    or not; only the certificate maker gets it, and removes it when it ends."""


class BuildkitDaemon(pulumi.ComponentResource):
    """Rootless buildkitd: unprivileged, TLS on 1234 only, nothing published, cache on a named volume.

    Several runners may share one: they are given the same connection. With `data_only` the outputs that speak of the
    running daemon are empty texts, as `DindDaemon`'s are.
    """

    connection: pulumi.Output[str]
    """How runners and jobs reach the daemon. Whatever uses it waits until the daemon answers over TLS. Empty with
    `data_only`."""
    certificate_expiry: pulumi.Output[str]
    """End of the certificates' lives, ISO 8601 in UTC. Empty with `data_only`."""
    container_name: pulumi.Output[str]
    """Name of the daemon's container, and its host name. Empty with `data_only`."""
    network_name: pulumi.Output[str]
    """Name of the daemon's network, which jobs join. Empty with `data_only`."""
    cache_volume: pulumi.Output[str]
    """Name of the volume with the build cache."""
    ca_volume: pulumi.Output[str]
    """Name of the volume with the certificate authority's key."""
    metrics_volume: pulumi.Output[str]
    """Name of the volume with the metrics' socket. Empty without `metrics`."""

    def __init__(
        self, name: str, args: BuildkitDaemonArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        rules = Rules(component=f"BuildkitDaemon {name!r}")
        key = args.get("authority_key")
        spec = spec_from_args(
            BuildkitSpec,
            without_key(cast(dict[str, object], args)),
            rules,
            lambda it: [*buildkit_problems(name, it), *authority_key_problems(rules, it.certificates, key)],
        )
        super().__init__("ci-runners:index:BuildkitDaemon", name, {}, opts)
        labels = label_pairs("buildkit", name, spec.labels)
        data = {part: self._volume(name, part, spec, labels) for part in DATA}
        self.cache_volume = data["cache"].name
        self.ca_volume = data["ca"].name
        self.connection = self.certificate_expiry = pulumi.Output.from_input("")
        self.container_name = self.network_name = self.metrics_volume = pulumi.Output.from_input("")
        if not spec.data_only:
            self._run(name, spec, labels, data=data, rules=rules, key=key)
        self.register_outputs(
            {
                "connection": self.connection,
                "certificate_expiry": self.certificate_expiry,
                "container_name": self.container_name,
                "network_name": self.network_name,
                "cache_volume": self.cache_volume,
                "ca_volume": self.ca_volume,
                "metrics_volume": self.metrics_volume,
            }
        )

    def _run(
        self,
        name: str,
        spec: BuildkitSpec,
        labels: list[tuple[str, str]],
        *,
        data: dict[str, docker.Volume],
        rules: Rules,
        key: pulumi.Input[str] | None,
    ) -> None:
        """Everything but the data, and the outputs that speak of it."""
        volumes = data | {part: self._volume(name, part, spec, labels) for part in ("server", "client")}
        network = bridge_network(self, name, labels)
        certificates = daemon_certificates(
            self,
            name,
            labels,
            rules=rules,
            volumes=volumes,
            server_names=server_names(name, spec),
            server_group=USER_ID,
            asked=spec.certificates,
            authority_key=key,
        )
        self.certificate_expiry = certificates.expiry
        mounted = {**certificates.volumes, "cache": self.cache_volume}
        if spec.metrics:
            metrics = memory_folder(self, f"{name}-metrics", labels, user=USER_ID, mode="0750")
            self.metrics_volume = mounted["metrics"] = metrics.name
        container = buildkit_container(
            self,
            name,
            spec,
            labels,
            network=network,
            volumes=mounted,
            certificate_expiry=self.certificate_expiry,
        )
        group = socket_group(self, name, labels, socket=spec.socket)
        jobs = jobs_volume(self, name, labels)
        connection = pulumi.Output.all(network.name, mounted["client"], group, jobs.mountpoint).apply(
            lambda known: buildkit_connection(
                host=name,
                network=known[0],
                client_volume=known[1],
                socket=spec.socket,
                group=known[2],
                cache_dir=known[3],
                tags=spec.tags,
            ).dump()
        )
        self.connection = after(connection, container)
        self.container_name = container.name
        self.network_name = network.name

    def _volume(
        self, name: str, part: str, spec: BuildkitSpec, labels: list[tuple[str, str]]
    ) -> docker.Volume:
        is_data = part in DATA
        return named_volume(
            self,
            f"{name}-{part}",
            labels,
            protect=is_data and spec.protect_data,
            retain=is_data and spec.retain_data,
        )
