"""The bad twin of examples/registry-mirror: a mirror that the whole internet may use, with an account's password."""

import pulumi_docker as docker

docker.Container(
    "mirror",
    name="ci-mirror",
    image="registry:2.8.3",
    envs=[
        "REGISTRY_PROXY_REMOTEURL=https://registry-1.docker.io",
        "REGISTRY_PROXY_PASSWORD=made-up-and-secret",
    ],
    ports=[docker.ContainerPortArgs(internal=5000, external=5000)],
    memory=256,
    cpu_shares=256,
)
