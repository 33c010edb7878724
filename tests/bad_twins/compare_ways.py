"""The bad twin of examples/compare-ways: one privileged runner with the socket, so that every way works on it."""

import pulumi_docker as docker

CONFIG = """
[[runners]]
  url = "https://gitlab.example.com"
  executor = "docker"
  [runners.docker]
    image = "docker:29.7.2-cli"
    privileged = true
    volumes = ["/var/run/docker.sock:/var/run/docker.sock"]
"""
docker.Container(
    "runner",
    name="ci-runner",
    image="gitlab/gitlab-runner:v19.4.0",
    privileged=True,
    uploads=[docker.ContainerUploadArgs(file="/etc/gitlab-runner/config.toml", content=CONFIG)],
    memory=256,
    cpu_shares=256,
)
