"""The bad twin of examples/github-dood: jobs in one container with the socket and the token that registers runners."""

import pulumi_docker as docker

docker.Container(
    "runner",
    name="ci-runner",
    image="myoung34/github-runner:latest",
    envs=["ACCESS_TOKEN=github_pat_0123456789abcdefghij", "REPO_URL=https://github.com/owner/repository"],
    volumes=[
        docker.ContainerVolumeArgs(
            host_path="/var/run/docker.sock", container_path="/var/run/docker.sock", read_only=True
        )
    ],
    memory=2048,
    cpu_shares=512,
)
