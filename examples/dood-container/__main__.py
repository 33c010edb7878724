"""A container that is given the socket of the host's engine, as safely as that can be."""

import pulumi
import pulumi_docker as docker

from ci_runners import HostDaemon
from ci_runners.connection import SOCKET
from ci_runners.images import DOCKER_CLI

config = pulumi.Config()
socket = config.get("socket") or SOCKET
# Finds the socket's group on the engine's own host; who is root anyway needs no group.
daemon = HostDaemon("ci-dood", {"accept_host_root": True, "trust_zone": "one-team", "socket": socket})
docker.Container(
    "reporter",
    name="ci-reporter",
    image=DOCKER_CLI,
    command=["docker", "events"],
    # Nobody, but let in by the socket: whoever gets into this container is root on the host all the same.
    user="65534:65534",
    group_adds=[daemon.socket_group],
    volumes=[docker.ContainerVolumeArgs(host_path=socket, container_path=SOCKET)],
    read_only=True,
    network_mode="none",
    capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
    security_opts=["no-new-privileges:true"],
    memory=64,
    memory_swap=64,
    cpu_shares=256,
    restart="unless-stopped",
    # Pulumi itself would make the new one first, under a name that is taken.
    opts=pulumi.ResourceOptions(delete_before_replace=True),
)
