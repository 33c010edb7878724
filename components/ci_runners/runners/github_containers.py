"""The containers of a `GitHubRunner`: the credential's writer, the registrar, and the runners."""

from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from ci_runners.connection import Connection
from ci_runners.render.github_runner import (
    CREDENTIAL,
    CREDENTIAL_FILE,
    HOME,
    REGISTRATION,
    REGISTRATIONS,
    RUNNER_CAPABILITIES,
    SCRATCH,
    STATE,
    GitHubRunnerSpec,
    Mount,
    placement,
    registrar_command,
    registrar_environment,
    registrar_ready_test,
    runner_command,
    runner_environment,
)
from ci_runners.resources import container_hosts, container_networks, named_volume, standing
from ci_runners.runners.config_volume import STAGING, secret_writer

ROOT = "0:0"
"""The image's own user is `runner`. Where a container is root it has no capability, or only those that are said."""
REGISTRAR_GRACE = 60
"""Seconds in which the registrar deletes what is left at the forge."""
REGISTRAR_MEMORY = 64
"""MiB: a shell and the few programs that it starts."""
STAGED = f"{STAGING}/{CREDENTIAL_FILE}"
WRITE = f"""set -e
umask 077
cd {CREDENTIAL}
cp {STAGED} .new
mv .new {CREDENTIAL_FILE}
rm {STAGED}
"""


@dataclass(frozen=True, kw_only=True)
class Runners:
    """What all containers of one component share."""

    parent: pulumi.Resource
    name: str
    spec: GitHubRunnerSpec
    labels: list[tuple[str, str]]
    connection: pulumi.Output[Connection]


def credential_writer(
    runners: Runners, credential: pulumi.Output[str]
) -> tuple[docker.Container, docker.Volume]:
    """Writes the credential to a volume that only the registrar reads. A new credential replaces only this container."""
    volume = named_volume(runners.parent, f"{runners.name}-credential", runners.labels)
    writer = secret_writer(
        runners.parent,
        f"{runners.name}-credential-writer",
        runners.labels,
        image=runners.spec.image,
        volume=volume,
        folder=CREDENTIAL,
        script=WRITE,
        staged=STAGED,
        content=credential,
        user=ROOT,
    )
    return writer, volume


def registrar_container(
    runners: Runners,
    *,
    url: pulumi.Output[tuple[str, str]],
    credential: docker.Volume,
    writer: docker.Container,
) -> tuple[docker.Container, dict[int, docker.Volume]]:
    """The registrar, and the folders that it shares with the runners, by the runners' numbers."""
    name, spec = runners.name, runners.spec
    state = named_volume(runners.parent, f"{name}-state", runners.labels)
    folders = {
        number: named_volume(runners.parent, f"{name}-{number}-registration", runners.labels)
        for number in range(1, spec.concurrent + 1)
    }
    volumes = [
        docker.ContainerVolumeArgs(volume_name=credential.name, container_path=CREDENTIAL, read_only=True),
        docker.ContainerVolumeArgs(volume_name=state.name, container_path=STATE),
        *(
            docker.ContainerVolumeArgs(volume_name=folder.name, container_path=f"{REGISTRATIONS}/{number}")
            for number, folder in folders.items()
        ),
    ]
    registrar = docker.Container(
        f"{name}-registrar",
        name=f"{name}-registrar",
        hostname=f"{name}-registrar",
        image=spec.image,
        user=ROOT,
        working_dir="/",
        entrypoints=["/bin/bash"],
        command=registrar_command(),
        envs=pulumi.Output.all(url, runners.connection).apply(
            lambda known: registrar_environment(
                name, spec, url=known[0][0], runner_group=known[0][1], connection=known[1]
            )
        ),
        network_mode="bridge",
        networks_advanced=container_networks(spec.networks),
        hosts=container_hosts(spec.extra_hosts),
        read_only=True,
        tmpfs={SCRATCH: "size=4m,mode=0700"},
        volumes=volumes,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=registrar_ready_test(), interval="10s", timeout="10s", start_period="5s", retries=1
        ),
        stop_timeout=REGISTRAR_GRACE,
        **standing(
            runners.parent,
            runners.labels,
            stop_seconds=REGISTRAR_GRACE,
            memory=REGISTRAR_MEMORY,
            depends_on=[writer],
        ),
    )
    return registrar, folders


def runner_container(
    runners: Runners, number: int, folder: docker.Volume, registrar: docker.Container
) -> docker.Container:
    """One runner: a container that starts anew after each job, with nothing left of it.

    What a job can write is in memory (/tmp) or on a volume that the first process empties; the rest is read-only. It
    goes before the registrar does, which answers when it asks to be released.
    """
    name, spec = f"{runners.name}-{number}", runners.spec
    place = runners.connection.apply(lambda connection: placement(connection, name))
    work = named_volume(runners.parent, f"{name}-work", runners.labels)
    own = [
        docker.ContainerVolumeArgs(volume_name=folder.name, container_path=REGISTRATION),
        docker.ContainerVolumeArgs(volume_name=work.name, container_path=HOME),
    ]
    return docker.Container(
        name,
        name=name,
        hostname=name,
        image=spec.image,
        user=ROOT,
        working_dir="/",
        entrypoints=["/bin/bash"],
        command=place.apply(runner_command),
        envs=place.apply(lambda place: runner_environment(spec, place)),
        network_mode="bridge",
        networks_advanced=place.apply(
            lambda place: container_networks(dict.fromkeys((*place.networks, *spec.networks)))
        ),
        hosts=place.apply(lambda place: container_hosts((*place.extra_hosts, *spec.extra_hosts))),
        read_only=True,
        tmpfs={"/tmp": "exec,mode=1777", "/var/tmp": "exec,mode=1777"},  # noqa: S108  mounts of its own
        volumes=place.apply(lambda place: [*own, *(_volume(mount) for mount in place.mounts)]),
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=list(RUNNER_CAPABILITIES)),
        security_opts=["no-new-privileges:true"],
        stop_timeout=spec.drain_seconds,
        **standing(
            runners.parent,
            runners.labels,
            stop_seconds=spec.drain_seconds,
            memory=spec.memory,
            memory_swap=spec.memory_swap,
            cpus=spec.cpus,
            depends_on=[registrar],
        ),
    )


def _volume(mount: Mount) -> docker.ContainerVolumeArgs:
    """A path of the engine's host, or a volume; read-only is said only where it is so, as a refresh reads it back."""
    where = {"host_path" if mount.source.startswith("/") else "volume_name": mount.source}
    return docker.ContainerVolumeArgs(**where, container_path=mount.path, read_only=mount.read_only or None)
