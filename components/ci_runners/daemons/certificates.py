"""The certificate maker: a container that makes a daemon's certificates, says when they end, and ends itself."""

from collections.abc import Mapping

import pulumi
import pulumi_docker as docker

from ci_runners.connection import CLIENT_CERTIFICATES
from ci_runners.images import DOCKER_DIND
from ci_runners.render.certificates import AUTHORITY, SCRIPT, SERVER_CERTIFICATES, subject_names
from ci_runners.resources import LOG_OPTS, container_labels

PATHS = {"ca": AUTHORITY, "server": SERVER_CERTIFICATES, "client": CLIENT_CERTIFICATES}
"""Where the maker has each of its volumes."""


def certificate_maker(
    parent: pulumi.Resource,
    name: str,
    labels: list[tuple[str, str]],
    *,
    volumes: Mapping[str, docker.Volume],
    server_names: tuple[str, ...],
    server_group: int,
) -> docker.Container:
    """Makes authority, server's and client's certificate on the volumes `ca`, `server` and `client`.

    It is root without any capability, and in the daemon's group, so that it can give it the server's key. Made anew
    (`pulumi up --replace`, or when the names change) it keeps what is there and signs what has to be; `container_logs`
    tell the end of the certificates' life.
    """
    return docker.Container(
        f"{name}-certificates",
        name=f"{name}-certificates",
        image=DOCKER_DIND,  # has openssl, and is not started as a daemon
        entrypoints=["/bin/sh"],
        command=["-c", SCRIPT],
        envs=[f"SERVER_GROUP={server_group}", f"SERVER_NAMES={subject_names(server_names)}"],
        network_mode="none",
        volumes=[
            docker.ContainerVolumeArgs(volume_name=volumes[part].name, container_path=path)
            for part, path in PATHS.items()
        ],
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        group_adds=[str(server_group)],
        security_opts=["no-new-privileges:true"],
        attach=True,
        logs=True,
        must_run=False,
        log_driver="json-file",
        log_opts=LOG_OPTS,
        labels=container_labels(labels),
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
