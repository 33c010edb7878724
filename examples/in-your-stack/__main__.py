"""Components beside what a program has already: the daemon joins its network, jobs push to its registry."""

import pulumi
import pulumi_docker as docker

from ci_runners import BuildkitDaemon, GitLabProject, GitLabRunner
from ci_runners.images import REGISTRY

config = pulumi.Config()

# Yours, as it was.
network = docker.Network("shop", name="shop")
registry = docker.Container(
    "registry",
    name="shop-registry",
    image=REGISTRY,
    network_mode="bridge",
    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
    memory=256,
    memory_swap=256,
    cpu_shares=256,
    restart="unless-stopped",
    opts=pulumi.ResourceOptions(delete_before_replace=True),
)

# New beside it.
daemon = BuildkitDaemon(
    "shop-buildkit",
    {
        "memory": 4096,
        "cpus": 2.0,
        **(config.get_object("daemon") or {}),
        # A component's own network stays its own; in this one it finds the registry by its name.
        "networks": ["shop"],
        "insecure_registries": ["shop-registry:5000"],
    },
    pulumi.ResourceOptions(depends_on=[network, registry]),
)
project = GitLabProject(
    "app",
    {"project": config.require("project"), "connection": daemon.connection, "registration": {}},
)
GitLabRunner(
    "shop-runner",
    {
        "url": config.require("gitlab_url"),
        "token": project.runner_token,
        "connection": daemon.connection,
        "cpus": 0.5,
        **(config.get_object("runner") or {}),
    },
)
