"""The bad twin of examples/github-dind: a daemon in the host's own namespaces, with what a privileged one would have."""

import pulumi_docker as docker

docker.Container(
    "dind",
    name="ci-dind",
    image="docker:29.7.2-dind",
    capabilities=docker.ContainerCapabilitiesArgs(adds=["ALL"]),
    network_mode="host",
    pid_mode="host",
    memory=4096,
    cpu_shares=512,
)
