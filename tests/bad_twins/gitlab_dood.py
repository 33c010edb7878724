"""The bad twin of examples/gitlab-dood: the socket for every job, in a runner whose token lies in plain text."""

import pulumi_docker as docker

CONFIG = """
[[runners]]
  url = "https://gitlab.example.com"
  token = "glrt-made-up-0123456789"
  executor = "docker"
  [runners.docker]
    image = "docker:latest"
    privileged = true
    volumes = ["/var/run/docker.sock:/var/run/docker.sock", "/cache"]
"""
docker.Container(
    "runner",
    name="ci-runner",
    image="gitlab/gitlab-runner:v19.4.0",
    uploads=[docker.ContainerUploadArgs(file="/etc/gitlab-runner/config.toml", content=CONFIG)],
    memory=256,
    cpu_shares=256,
)
