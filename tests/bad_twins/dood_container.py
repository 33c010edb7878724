"""The bad twin of examples/dood-container: the folder of the socket, by a mount that does not name it."""

import pulumi_docker as docker

docker.Container(
    "reporter",
    name="ci-reporter",
    image="docker:29.7.2-cli",
    mounts=[docker.ContainerMountArgs(type="bind", source="/var/run/", target="/host", read_only=True)],
    memory=64,
    cpu_shares=256,
)
