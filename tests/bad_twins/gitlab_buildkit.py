"""The bad twin of examples/gitlab-buildkit: buildkitd as root, without profiles, of whatever release is the latest."""

import pulumi_docker as docker

docker.Container(
    "buildkitd",
    name="ci-buildkit",
    image="moby/buildkit",
    command=["--addr=tcp://0.0.0.0:1234"],
    capabilities=docker.ContainerCapabilitiesArgs(adds=["CAP_SYS_ADMIN"]),
    security_opts=["seccomp=unconfined", "apparmor=unconfined"],
    memory=4096,
    cpu_shares=512,
)
