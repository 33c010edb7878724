"""`StationMetrics`: one place where Prometheus finds a station's metrics, of runner, daemon, cleanup and certificates.

Trust boundary: the server has no TLS and asks nobody who they are; its networks decide who reads the metrics, and
nothing is published but where a port is named. Runners and buildkitd serve more beside their metrics, such as the list
of running jobs, profiles and the cache's records; only the metrics' own path leads to them. The container holds no
secret. It joins a DinD daemon's network, so that whoever can run a job there can read the metrics too.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from ci_runners.connection import Connection
from ci_runners.problems import Problem
from ci_runners.render.buildkit import USER_ID
from ci_runners.render.cleanup import STATE as CLEANUP_FOLDER
from ci_runners.render.metrics import (
    DAEMON_FOLDER,
    SERVED_PORT,
    Sources,
    StationMetricsSpec,
    metrics_problems,
    wiring_problems,
)
from ci_runners.render.metrics_texts import (
    METRICS_USER,
    metrics_ready_test,
    metrics_script,
    render_metrics_caddyfile,
    render_scrape_config,
)
from ci_runners.resources import (
    after,
    bridge_network,
    container_hosts,
    container_networks,
    label_pairs,
    standing,
)
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

WIRING = ("connection", "daemon_metrics_volume", "cleanup_state_volume", "certificate_expiry")
"""Arguments that may be another component's outputs."""
READY_SECONDS = 60
"""Seconds until the server must answer after its start."""
STOP_SECONDS = 10
"""Seconds that the last requests get when it is stopped."""


class MetricsSectionArgs(TypedDict):
    """What of a `StationMetrics` does not come from a daemon or a runner."""

    image: NotRequired[str]
    """Image of the server: Caddy with a shell and curl, with a fixed tag or digest. Defaults to `images.CADDY`."""
    memory: NotRequired[int]
    """MiB of memory, 32 or more; no swap beyond it. Defaults to 64."""
    networks: NotRequired[list[str]]
    """Further existing Docker networks to join, for a Prometheus there. Defaults to none."""
    extra_hosts: NotRequired[list[str]]
    """`name:address` lines for /etc/hosts, for a daemon that is not in a network of these. Defaults to none."""
    publish_port: NotRequired[int]
    """Port of the host on which the metrics are published, without TLS. Defaults to none: only containers in the
    component's networks reach them."""
    publish_address: NotRequired[str]
    """Address of the host for that port. Defaults to 127.0.0.1: only the host itself."""
    accept_plain_http: NotRequired[bool]
    """Must be true where `publish_address` is no loopback address: whoever reaches it reads the metrics. Defaults to
    false."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. Defaults to none."""


class StationMetricsArgs(MetricsSectionArgs):
    """Arguments of `StationMetrics`.

    `connection`, `daemon_metrics_volume`, `cleanup_state_volume` and `certificate_expiry` may be outputs; the rest are
    plain values, checked before anything is created.
    """

    connection: NotRequired[pulumi.Input[str]]
    """The `connection` output of a daemon: its network is joined, where it has one, to reach the daemon there.
    Defaults to none."""
    daemon_metrics_volume: NotRequired[pulumi.Input[str]]
    """Name of a volume with the socket daemon.sock, on which a daemon serves its metrics. Defaults to none."""
    cleanup_state_volume: NotRequired[pulumi.Input[str]]
    """The `state_volume` output of a `CacheCleanup`, whose cleanup.prom is served. Defaults to none."""
    certificate_expiry: NotRequired[pulumi.Input[str]]
    """The `certificate_expiry` output of a daemon. Defaults to none."""
    station: NotRequired[str]
    """Value of the label `station` in `scrape_config`, by which the dashboard tells stations apart. Defaults to the
    component's name."""
    runner_address: NotRequired[str]
    """`host:port` of a GitLab runner's metrics: its container's name and the port of its `metrics_address`. The runner
    must be in a network of this component's, best by `networks: [<name>]`. Defaults to none."""
    daemon_address: NotRequired[str]
    """`host:port` of the daemon's metrics, such as dockerd's `metrics-addr`. Defaults to none."""


class StationMetrics(pulumi.ComponentResource):
    """A station's metrics in Prometheus' format, in an unprivileged container on a network of its own.

    Its name is its network's and its host's: `networks: [<name>]` of a `GitLabRunner` brings the runner there. That is a
    plain value, so say with `depends_on` that the runner comes after it.
    """

    container_name: pulumi.Output[str]
    """Name of the container, and its host name."""
    network_name: pulumi.Output[str]
    """Name of the component's network, for the runner, and for a Prometheus in a container."""
    scrape_config: pulumi.Output[str]
    """The part of prometheus.yml that reads these metrics, as text."""

    def __init__(
        self, name: str, args: StationMetricsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        rules = Rules(component=f"StationMetrics {name!r}")
        plain = {key: value for key, value in args.items() if key not in WIRING}
        sources = Sources(
            daemon_socket=args.get("daemon_metrics_volume") is not None,
            cleanup=args.get("cleanup_state_volume") is not None,
            certificates=args.get("certificate_expiry") is not None,
        )

        def check(spec: StationMetricsSpec) -> list[Problem]:
            given = {key: args.get(key) for key in WIRING}
            return [*metrics_problems(name, spec, sources), *wiring_problems(name, given)]

        spec = spec_from_args(StationMetricsSpec, plain, rules, check)
        super().__init__("ci-runners:index:StationMetrics", name, {}, opts)
        labels = label_pairs("metrics", name, spec.labels)
        network = bridge_network(self, name, labels)
        container = self._container(name, spec, labels, args=args, sources=sources, network=network)

        self.container_name = container.name
        self.network_name = network.name
        self.network = network
        text = pulumi.Output.from_input(render_scrape_config(name, spec, sources))
        self.scrape_config = after(text, container)
        self.register_outputs(
            {
                "container_name": self.container_name,
                "network_name": self.network_name,
                "scrape_config": self.scrape_config,
            }
        )

    def _container(
        self,
        name: str,
        spec: StationMetricsSpec,
        labels: list[tuple[str, str]],
        *,
        args: StationMetricsArgs,
        sources: Sources,
        network: docker.Network,
    ) -> docker.Container:
        """The server: nobody, with nothing to write to.

        It is allowed one capability, which it does not get: the image's program has it in its file, and the kernel
        starts no such program where it is forbidden.
        """
        expiry = pulumi.Output.from_input(args.get("certificate_expiry", ""))
        script = expiry.apply(
            lambda end: metrics_script(render_metrics_caddyfile(spec, sources, certificate_expiry=end))
        )
        return docker.Container(
            f"{name}-container",
            name=name,
            hostname=name,
            image=spec.image,
            entrypoints=["/bin/sh"],
            command=["-c", script],
            user=f"{METRICS_USER}:{METRICS_USER}",
            group_adds=[str(USER_ID)] if sources.daemon_socket else None,
            network_mode="bridge",
            networks_advanced=_networks(args, spec, network),
            ports=_ports(spec),
            volumes=_volumes(args),
            hosts=container_hosts(spec.extra_hosts),
            read_only=True,
            # Where the image has Caddy keep certificates, of which there are none.
            tmpfs={"/data/caddy": "size=1m,mode=1777"},
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=["CAP_NET_BIND_SERVICE"]),
            security_opts=["no-new-privileges:true"],
            healthcheck=docker.ContainerHealthcheckArgs(
                tests=metrics_ready_test(), interval="5s", timeout="5s", start_period="5s", retries=12
            ),
            wait=True,
            wait_timeout=READY_SECONDS,
            **standing(self, labels, stop_seconds=STOP_SECONDS, memory=spec.memory),
        )


def _networks(
    args: StationMetricsArgs, spec: StationMetricsSpec, network: docker.Network
) -> pulumi.Output[list[docker.ContainerNetworksAdvancedArgs]]:
    """The component's own network, the daemon's where it has one, and the further ones, each once."""

    def named(known: list[str]) -> list[docker.ContainerNetworksAdvancedArgs]:
        own, text = known
        daemons = Connection.parse(text).network if text else ""
        names = dict.fromkeys([own, daemons, *spec.networks])
        return container_networks(name for name in names if name)

    return pulumi.Output.all(network.name, args.get("connection", "")).apply(named)


def _ports(spec: StationMetricsSpec) -> list[docker.ContainerPortArgs] | None:
    if spec.publish_port is None:
        return None
    return [
        docker.ContainerPortArgs(internal=SERVED_PORT, external=spec.publish_port, ip=spec.publish_address)
    ]


def _volumes(args: StationMetricsArgs) -> list[docker.ContainerVolumeArgs] | None:
    paths = {
        DAEMON_FOLDER: args.get("daemon_metrics_volume"),
        CLEANUP_FOLDER: args.get("cleanup_state_volume"),
    }
    return [
        docker.ContainerVolumeArgs(volume_name=volume, container_path=path, read_only=True)
        for path, volume in paths.items()
        if volume is not None
    ] or None
