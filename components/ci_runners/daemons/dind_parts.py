"""The container of a `DindDaemon`."""

from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

from ci_runners.connection import CLIENT_CERTIFICATES
from ci_runners.render.certificates import SERVER_CERTIFICATES
from ci_runners.render.daemon_json import render_daemon_json
from ci_runners.render.dind import (
    DindSpec,
    container_environment,
    daemon_flags,
    metrics_environment,
    ready_test,
    shutdown_seconds,
)
from ci_runners.resources import container_hosts, container_networks, standing


def dind_container(
    parent: pulumi.Resource,
    name: str,
    spec: DindSpec,
    labels: list[tuple[str, str]],
    *,
    network: docker.Network,
    volumes: Mapping[str, pulumi.Input[str]],
    certificate_expiry: pulumi.Output[str],
) -> docker.Container:
    """The daemon's container, with the volumes `server`, `client` and `storage`. Made once it answers over TLS."""
    needs = spec.needs
    paths = {"server": SERVER_CERTIFICATES, "client": CLIENT_CERTIFICATES, "storage": needs.storage}
    return docker.Container(
        f"{name}-container",
        name=name,
        hostname=name,
        image=spec.daemon_image,
        privileged=needs.privileged,
        runtime=needs.runtime,
        capabilities=_capabilities(spec),
        security_opts=list(needs.security_opts) or None,
        devices=_devices(spec),
        tmpfs=needs.tmpfs or None,
        command=daemon_flags(spec),
        # The daemon reads its certificates once: other ones are another container.
        envs=certificate_expiry.apply(lambda end: [*container_environment(end), *metrics_environment(spec)]),
        network_mode="bridge",
        networks_advanced=container_networks([network.name, *spec.networks]),
        volumes=[
            docker.ContainerVolumeArgs(
                volume_name=volumes[part], container_path=path, read_only=part != "storage"
            )
            for part, path in paths.items()
        ],
        uploads=[
            docker.ContainerUploadArgs(
                file=needs.daemon_json,
                content=render_daemon_json(spec.daemon_json, shutdown_seconds=shutdown_seconds(spec)),
            )
        ],
        hosts=container_hosts(spec.extra_hosts),
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=ready_test(), interval="5s", timeout="10s", start_period="5s", retries=12
        ),
        wait=True,
        wait_timeout=spec.ready_seconds,
        stop_timeout=spec.stop_grace_seconds,
        # The engine keeps `systempaths=unconfined` as what it means, so a refresh does not find it again. A container that
        # is made anew gets all of them all the same.
        **standing(
            parent,
            labels,
            stop_seconds=spec.stop_grace_seconds,
            memory=spec.memory,
            memory_swap=spec.memory_swap,
            cpus=spec.cpus,
            ignore_changes=["securityOpts"] if needs.security_opts else (),
        ),
    )


def _capabilities(spec: DindSpec) -> docker.ContainerCapabilitiesArgs | None:
    kept = spec.needs.capabilities
    return None if kept is None else docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=list(kept))


def _devices(spec: DindSpec) -> list[docker.ContainerDeviceArgs] | None:
    # With all three said, a refresh reads back what stands here.
    return [
        docker.ContainerDeviceArgs(host_path=path, container_path=path, permissions="rwm")
        for path in spec.needs.devices
    ] or None
