"""`RegistryMirror`: a pull-through cache of one registry, for daemons on the same Docker host.

Trust boundary: the mirror has no TLS and asks nobody who they are; its network decides who may pull from it, and
nothing is published. A daemon in that network lets its jobs pull everything that the mirror can: with an account
(`username`) all that this account may read, its private images too. Give such an account no more than jobs may see.
Nobody can push to a mirror, so no job changes what another one pulls.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from ci_runners.problems import refuse
from ci_runners.render.registry_config import (
    DATA,
    DRAIN_SECONDS,
    PORT,
    RegistryLogLevel,
    RegistryMirrorSpec,
    mirror_problems,
    mirror_ready_test,
    password_problems,
    render_registry_config,
)
from ci_runners.resources import (
    after,
    bridge_network,
    container_hosts,
    container_networks,
    label_pairs,
    named_volume,
    standing,
)
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

CONFIG = "/etc/registry.yml"
"""In a folder that every image has, so that its owner's rights suffice to reach it."""
STOP_SECONDS = DRAIN_SECONDS + 10
"""Grace of the container: for the pulls that still run, and the registry's own end."""
READY_SECONDS = 60
"""Seconds until the mirror must answer after its start."""


class RegistryMirrorArgs(TypedDict):
    """Arguments of `RegistryMirror`. All but `password` are plain values, checked before anything is created."""

    remote_url: NotRequired[str]
    """URL of the registry that is mirrored. It must answer when the mirror starts; a mirror that runs serves what it
    has without it. dockerd asks mirrors for Docker Hub's images only. Defaults to https://registry-1.docker.io."""
    username: NotRequired[str]
    """Account at that registry. Everyone who reaches the mirror can pull what this account can. Defaults to none."""
    password: NotRequired[pulumi.Input[str]]
    """Password or access token of the account. A secret, whether marked as one or not. Defaults to none."""
    ttl: NotRequired[str]
    """How long fetched content is kept, in Go's form, like 720h; 0s keeps everything. Version 2 of the registry knows
    168h alone and ignores the setting, so another value needs an image of version 3. Defaults to 168h."""
    image: NotRequired[str]
    """Image of the registry, with a fixed tag or digest. Defaults to `images.REGISTRY`."""
    memory: NotRequired[int]
    """MiB of memory, 64 or more; no swap beyond it. Defaults to 256."""
    networks: NotRequired[list[str]]
    """Existing Docker networks that the mirror joins, for a registry there; what is in them can reach the mirror.
    Defaults to none."""
    extra_hosts: NotRequired[list[str]]
    """`name:address` lines for the mirror's /etc/hosts. Defaults to none."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. A change leaves the volume alone. Defaults to none."""
    log_level: NotRequired[RegistryLogLevel]
    """Defaults to info."""
    protect_data: NotRequired[bool]
    """Whether Pulumi refuses to delete the volume. Defaults to false."""
    retain_data: NotRequired[bool]
    """Whether `pulumi destroy` leaves the volume. Defaults to false."""


class RegistryMirror(pulumi.ComponentResource):
    """A pull-through cache of one registry, in an unprivileged container on a network of its own.

    Its name is its network's and its host's: `networks: [<name>]` and `registry_mirrors: ["http://<name>:5000"]` lead
    a daemon to it. Those are plain values, so say with `depends_on` that the daemon comes after the mirror.
    """

    url: pulumi.Output[str]
    """`http://<name>:5000`, for `registry_mirrors`. Whatever uses it waits until the mirror answers."""
    host: pulumi.Output[str]
    """`<name>:5000`, for `insecure_registries`. Whatever uses it waits until the mirror answers."""
    network_name: pulumi.Output[str]
    """Name of the mirror's network, which daemons join."""
    data_volume: pulumi.Output[str]
    """Name of the volume with what was fetched."""

    def __init__(
        self, name: str, args: RegistryMirrorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        rules = Rules(component=f"RegistryMirror {name!r}")
        password = args.get("password")
        plain = {key: value for key, value in args.items() if key != "password"}
        spec = spec_from_args(
            RegistryMirrorSpec,
            plain,
            rules,
            lambda spec: [
                *mirror_problems(name, spec, has_password=password is not None),
                *(password_problems(name, password) if isinstance(password, str) else ()),
            ],
        )
        super().__init__("ci-runners:index:RegistryMirror", name, {}, opts)
        labels = label_pairs("mirror", name, spec.labels)
        network = bridge_network(self, name, labels)
        volume = named_volume(
            self, f"{name}-data", labels, protect=spec.protect_data, retain=spec.retain_data
        )
        container = self._container(name, spec, labels, network, volume, password=password)

        self.url = after(pulumi.Output.from_input(f"http://{name}:{PORT}"), container)
        self.host = after(pulumi.Output.from_input(f"{name}:{PORT}"), container)
        self.network_name = network.name
        self.data_volume = volume.name
        self.register_outputs(
            {
                "url": self.url,
                "host": self.host,
                "network_name": self.network_name,
                "data_volume": self.data_volume,
            }
        )

    def _container(
        self,
        name: str,
        spec: RegistryMirrorSpec,
        labels: list[tuple[str, str]],
        network: docker.Network,
        volume: docker.Volume,
        *,
        password: pulumi.Input[str] | None,
    ) -> docker.Container:
        return docker.Container(
            f"{name}-container",
            name=name,
            hostname=name,
            image=spec.image,
            command=["serve", CONFIG],
            network_mode="bridge",
            networks_advanced=container_networks([network.name, *spec.networks]),
            volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path=DATA)],
            uploads=[
                docker.ContainerUploadArgs(
                    file=CONFIG, content=_config(name, spec, password), permissions="0600"
                )
            ],
            hosts=container_hosts(spec.extra_hosts),
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            security_opts=["no-new-privileges:true"],
            healthcheck=docker.ContainerHealthcheckArgs(
                tests=mirror_ready_test(), interval="5s", timeout="10s", start_period="5s", retries=12
            ),
            wait=True,
            wait_timeout=READY_SECONDS,
            stop_timeout=STOP_SECONDS,
            **standing(
                self,
                labels,
                stop_seconds=STOP_SECONDS,
                memory=spec.memory,
                secret_outputs=() if password is None else ["uploads"],
            ),
        )


def _config(name: str, spec: RegistryMirrorSpec, password: pulumi.Input[str] | None) -> pulumi.Input[str]:
    if password is None:
        return render_registry_config(spec, password=None)

    def rendered(known: str) -> str:
        refuse(password_problems(name, known))
        return render_registry_config(spec, password=known)

    return pulumi.Output.secret(password).apply(rendered)
