"""The bad twin of examples/gitlab-kaniko: nothing is privileged, but everybody may read the tokens."""

import pulumi_docker as docker
import pulumi_gitlab as gitlab

docker.Container(
    "runner",
    name="ci-runner",
    image="gitlab/gitlab-runner:v19.4.0",
    envs=["CI_SERVER_TOKEN=glrt-made-up-0123456789"],
    memory=256,
    cpu_shares=256,
)
gitlab.ProjectVariable("registry", project="1", key="REGISTRY_PASSWORD", value="made-up-and-secret")
