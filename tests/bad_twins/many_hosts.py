"""The bad twin of examples/many-hosts: a host whose engine listens for everybody."""

import pulumi
import pulumi_docker as docker

host = docker.Provider("build-1", host="tcp://build-1.example.com:2375")
docker.Container(
    "runner",
    name="ci-runner",
    image="gitlab/gitlab-runner:v19.4.0",
    memory=256,
    cpu_shares=256,
    opts=pulumi.ResourceOptions(provider=host),
)
