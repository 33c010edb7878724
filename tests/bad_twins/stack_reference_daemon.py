"""The bad twin of examples/stack-reference/daemon: shared as an open port, which everybody reaches and not one stack."""

import pulumi
import pulumi_docker as docker

docker.Container(
    "dind",
    name="ci-dind",
    image="docker:29.7.2-dind",
    privileged=True,
    command=["--host=tcp://0.0.0.0:2375", "--tls=false"],
    ports=[docker.ContainerPortArgs(internal=2375, external=2375)],
    memory=4096,
    cpu_shares=512,
)
pulumi.export("host", "tcp://build-1.example.com:2375")
