"""The container of a `BuildkitDaemon`."""

from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

from ci_runners.connection import CLIENT_CERTIFICATES
from ci_runners.render.buildkit import (
    CAPABILITIES,
    CONFIG,
    SECURITY_OPTS,
    STATE,
    BuildkitSpec,
    daemon_flags,
    ready_test,
)
from ci_runners.render.buildkitd_toml import render_buildkitd_toml
from ci_runners.render.certificates import SERVER_CERTIFICATES
from ci_runners.render.metrics import DAEMON_FOLDER
from ci_runners.resources import container_hosts, container_networks, standing

PATHS = {
    "server": SERVER_CERTIFICATES,
    "client": CLIENT_CERTIFICATES,
    "cache": STATE,
    "metrics": DAEMON_FOLDER,
}
"""Where buildkitd has its volumes. The authority's is not among them."""
WRITTEN = frozenset({"cache", "metrics"})
"""Those that it writes to."""


def buildkit_container(
    parent: pulumi.Resource,
    name: str,
    spec: BuildkitSpec,
    labels: list[tuple[str, str]],
    *,
    network: docker.Network,
    volumes: Mapping[str, pulumi.Input[str]],
    certificate_expiry: pulumi.Output[str],
) -> docker.Container:
    """The daemon's container, with the volumes of `PATHS` that there are. Made once it answers over TLS."""
    return docker.Container(
        f"{name}-container",
        name=name,
        hostname=name,
        image=spec.image,
        command=daemon_flags(),
        # The daemon reads its certificates once: other ones are another container.
        envs=[certificate_expiry.apply(lambda end: f"CERTIFICATE_EXPIRY={end}")],
        network_mode="bridge",
        networks_advanced=container_networks([network.name, *spec.networks]),
        volumes=[
            docker.ContainerVolumeArgs(
                volume_name=volumes[part], container_path=path, read_only=part not in WRITTEN
            )
            for part, path in PATHS.items()
            if part in volumes
        ],
        uploads=[docker.ContainerUploadArgs(file=CONFIG, content=render_buildkitd_toml(spec))],
        hosts=container_hosts(spec.extra_hosts),
        security_opts=list(SECURITY_OPTS),
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=list(CAPABILITIES)),
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=ready_test(), interval="5s", timeout="10s", start_period="5s", retries=12
        ),
        wait=True,
        wait_timeout=spec.ready_seconds,
        stop_timeout=spec.stop_grace_seconds,
        **standing(
            parent,
            labels,
            stop_seconds=spec.stop_grace_seconds,
            memory=spec.memory,
            memory_swap=spec.memory_swap,
            cpus=spec.cpus,
            ignore_changes=["securityOpts"],
        ),
    )
