"""The bad twin of examples/two-environments: production is a copy that drifted: another release, and no limits."""

import pulumi_docker as docker

docker.Container(
    "dev", name="ci-dev-runner", image="gitlab/gitlab-runner:v19.4.0", memory=256, cpu_shares=256
)
docker.Container("prod", name="ci-prod-runner", image="gitlab/gitlab-runner:latest")
