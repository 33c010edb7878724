"""The bad twin of examples/gitlab-dind: a privileged daemon without TLS, on every address, for anybody's jobs."""

import pulumi_docker as docker
import pulumi_gitlab as gitlab

docker.Container(
    "dind",
    name="ci-dind",
    image="docker:29.7.2-dind",
    privileged=True,
    envs=["DOCKER_TLS_CERTDIR="],
    command=["--host=tcp://0.0.0.0:2375"],
    ports=[docker.ContainerPortArgs(internal=2375, external=2375)],
)
gitlab.UserRunner("runner", runner_type="instance_type", untagged=True)
