"""The bad twin of examples/stack-reference/runner: the daemon's address by hand, at the port without TLS."""

import pulumi_docker as docker

CONFIG = """
[[runners]]
  url = "https://gitlab.example.com"
  executor = "docker"
  [runners.docker]
    host = "tcp://build-1.example.com:2375"
    image = "docker:29.7.2-cli"
"""
docker.Container(
    "runner",
    name="ci-runner",
    image="gitlab/gitlab-runner:v19.4.0",
    uploads=[docker.ContainerUploadArgs(file="/etc/gitlab-runner/config.toml", content=CONFIG)],
    memory=256,
    cpu_shares=256,
)
