"""`DindDaemon`: Docker Engine in a privileged container, reached over TLS from a network of its own.

Trust boundary: whoever holds the client certificate is root in the daemon, and because the container is privileged
can become root on the host. TLS and the network decide who holds it; they do not make jobs safe. A job holds it: by
the daemon it can mount every folder of the daemon's container, that of the certificate authority's key among them.
"""

from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ci_runners.certificate import expiry
from ci_runners.connection import CERTIFICATES, CLIENT_CERTIFICATES, dind_connection
from ci_runners.render.daemon_json import render_daemon_json
from ci_runners.render.dind import (
    DindSpec,
    container_environment,
    dind_problems,
    ready_test,
    shutdown_seconds,
)
from ci_runners.resources import (
    LIFTED_LIMITS,
    LOG_OPTS,
    SILENT_CHANGES,
    after,
    container_labels,
    cpu_quota,
    label_pairs,
    network_labels,
    volume_labels,
)
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

STOP_MARGIN = 120
"""Seconds that Pulumi waits for a delete beyond the container's own grace."""


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


class DindDaemonArgs(TypedDict):
    """Arguments of `DindDaemon`. All are plain values: they are checked before anything is created."""

    accept_privileged: bool
    """Must be true: the container is privileged, and a job that can reach it can become root on this host."""
    image: NotRequired[str]
    """Image of the daemon, with a fixed tag or digest. Defaults to `images.DOCKER_DIND`."""
    memory: NotRequired[int]
    """MiB of memory for the daemon and all its jobs together, 256 or more. Defaults to no limit."""
    memory_swap: NotRequired[int]
    """MiB of memory and swap together. Defaults to `memory`: no swap."""
    cpus: NotRequired[float]
    """CPUs for the daemon and all its jobs together. Defaults to no limit."""
    tls_names: NotRequired[list[str]]
    """Further host names that the server's certificate covers. Defaults to none; the component's name always is."""
    networks: NotRequired[list[str]]
    """Existing Docker networks that the daemon joins, for registries there. Defaults to none."""
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
    daemon_json: NotRequired[DaemonJsonArgs]
    """The daemon's configuration file."""


class DindDaemon(pulumi.ComponentResource):
    """Docker Engine in a container (docker:dind): TLS on 2376 only, nothing published, data on named volumes."""

    connection: pulumi.Output[str]
    """How runners and jobs reach the daemon. Whatever uses it waits until the daemon answers over TLS."""
    certificate_expiry: pulumi.Output[str]
    """End of the client certificate's life, ISO 8601 in UTC, as read when the container was made. The daemon signs
    its certificates anew at every start, so the real end is this one or later."""
    container_name: pulumi.Output[str]
    """Name of the daemon's container, and its host name."""
    network_name: pulumi.Output[str]
    """Name of the daemon's network."""
    storage_volume: pulumi.Output[str]
    """Name of the volume with the daemon's images and build cache."""
    ca_volume: pulumi.Output[str]
    """Name of the volume with the certificate authority's key."""

    def __init__(self, name: str, args: DindDaemonArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        rules = Rules(component=f"DindDaemon {name!r}")
        plain = cast(dict[str, object], args)
        spec = spec_from_args(DindSpec, plain, rules, lambda spec: dind_problems(name, spec))
        super().__init__("ci-runners:index:DindDaemon", name, {}, opts)
        labels = label_pairs("dind", name, spec.labels)
        network = self._network(name, spec, labels)
        volumes = {part: self._volume(name, part, spec, labels) for part in ("ca", "client", "storage")}
        container = self._container(name, spec, labels, network, volumes)
        reader = self._certificate_reader(name, spec, labels, container, volumes["client"])

        connection = pulumi.Output.all(network.name, volumes["client"].name).apply(
            lambda names: dind_connection(
                host=name, network=names[0], client_volume=names[1], tags=spec.tags
            ).dump()
        )
        self.connection = after(connection, container)
        self.certificate_expiry = reader.container_logs.apply(expiry)
        self.container_name = container.name
        self.network_name = network.name
        self.storage_volume = volumes["storage"].name
        self.ca_volume = volumes["ca"].name
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

    def _network(self, name: str, spec: DindSpec, labels: list[tuple[str, str]]) -> docker.Network:
        mtu = spec.daemon_json.mtu
        return docker.Network(
            f"{name}-network",
            name=name,
            driver="bridge",
            options={"com.docker.network.driver.mtu": str(mtu)} if mtu is not None else None,
            labels=network_labels(labels),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _volume(self, name: str, part: str, spec: DindSpec, labels: list[tuple[str, str]]) -> docker.Volume:
        """A volume under a fixed name, so that data is found again; a new label must not replace it."""
        is_data = part != "client"
        return docker.Volume(
            f"{name}-{part}",
            name=f"{name}-{part}",
            labels=volume_labels(labels),
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["labels"],
                protect=(is_data and spec.protect_data) or None,
                retain_on_delete=(is_data and spec.retain_data) or None,
            ),
        )

    def _container(
        self,
        name: str,
        spec: DindSpec,
        labels: list[tuple[str, str]],
        network: docker.Network,
        volumes: dict[str, docker.Volume],
    ) -> docker.Container:
        paths = {"ca": f"{CERTIFICATES}/ca", "client": CLIENT_CERTIFICATES, "storage": "/var/lib/docker"}
        networks = [docker.ContainerNetworksAdvancedArgs(name=network.name)]
        networks += [docker.ContainerNetworksAdvancedArgs(name=extra) for extra in spec.networks]
        return docker.Container(
            f"{name}-container",
            name=name,
            hostname=name,
            image=spec.image,
            privileged=True,
            command=list(spec.flags) or None,
            envs=container_environment(name, spec),
            network_mode="bridge",
            networks_advanced=networks,
            volumes=[
                docker.ContainerVolumeArgs(volume_name=volumes[part].name, container_path=path)
                for part, path in paths.items()
            ],
            uploads=[
                docker.ContainerUploadArgs(
                    file="/etc/docker/daemon.json",
                    content=render_daemon_json(spec.daemon_json, shutdown_seconds=shutdown_seconds(spec)),
                )
            ],
            hosts=_hosts(spec),
            memory=spec.memory,
            memory_swap=spec.memory_swap or spec.memory,
            cpu_quota=cpu_quota(spec.cpus),
            restart="unless-stopped",
            healthcheck=docker.ContainerHealthcheckArgs(
                tests=ready_test(), interval="5s", timeout="10s", start_period="5s", retries=12
            ),
            wait=True,
            wait_timeout=spec.ready_seconds,
            stop_timeout=spec.stop_grace_seconds,
            destroy_grace_seconds=spec.stop_grace_seconds,
            log_driver="json-file",
            log_opts=LOG_OPTS,
            labels=container_labels(labels),
            opts=pulumi.ResourceOptions(
                parent=self,
                replace_on_changes=SILENT_CHANGES if spec.memory else [*SILENT_CHANGES, *LIFTED_LIMITS],
                # Pulumi itself would make the new one first, under a name that is taken.
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(delete=f"{spec.stop_grace_seconds + STOP_MARGIN}s"),
            ),
        )

    def _certificate_reader(
        self,
        name: str,
        spec: DindSpec,
        labels: list[tuple[str, str]],
        daemon: docker.Container,
        client: docker.Volume,
    ) -> docker.Container:
        """Reads the certificate once, each time the daemon's container is made, and ends."""
        return docker.Container(
            f"{name}-certificate",
            name=f"{name}-certificate",
            image=spec.image,
            entrypoints=["openssl"],
            command=["x509", "-enddate", "-noout", "-in", f"{CLIENT_CERTIFICATES}/cert.pem"],
            envs=[daemon.id.apply(lambda container: f"DAEMON={container}")],
            network_mode="none",
            volumes=[
                docker.ContainerVolumeArgs(
                    volume_name=client.name, container_path=CLIENT_CERTIFICATES, read_only=True
                )
            ],
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            attach=True,
            logs=True,
            must_run=False,
            log_driver="json-file",
            log_opts=LOG_OPTS,
            labels=container_labels(labels),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _hosts(spec: DindSpec) -> list[docker.ContainerHostArgs] | None:
    pairs = [extra.split(":", 1) for extra in spec.extra_hosts]
    return [docker.ContainerHostArgs(host=host, ip=ip) for host, ip in pairs] or None
