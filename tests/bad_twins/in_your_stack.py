"""The bad twin of examples/in-your-stack: to reach the registry, everything joins the host, and the world the registry."""

import pulumi_docker as docker

docker.Container(
    "registry",
    name="shop-registry",
    image="registry:2.8.3",
    ports=[docker.ContainerPortArgs(internal=5000, external=5000)],
    memory=256,
    cpu_shares=256,
)
docker.Container(
    "buildkitd",
    name="shop-buildkit",
    image="moby/buildkit:v0.34.2-rootless",
    network_mode="host",
    command=["--addr=tcp://0.0.0.0:1234"],
    memory=4096,
    cpu_shares=512,
)
