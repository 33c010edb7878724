"""A runner on each of several Docker hosts, through explicit providers; jobs choose a host by its tag."""

import pulumi
import pulumi_docker as docker

from ci_runners import GitLabProject, GitLabRunner, Kaniko
from ci_runners.connection import SOCKET

config = pulumi.Config()

for name, host in config.require_object("hosts").items():
    # All of a component's containers are on its provider's host.
    there = pulumi.ResourceOptions(providers=[docker.Provider(name, host=host["address"])])
    way = Kaniko(
        f"{name}-kaniko",
        {
            "socket": host.get("socket", SOCKET),
            "tags": ["kaniko", name],
            **(config.get_object("daemon") or {}),
        },
        there,
    )
    project = GitLabProject(
        f"{name}-app",
        {
            "project": config.require("project"),
            "connection": way.connection,
            "connection_variables": False,
            "registration": {"description": f"Kaniko on {name}"},
        },
    )
    GitLabRunner(
        f"{name}-runner",
        {
            "url": config.require("gitlab_url"),
            "token": project.runner_token,
            "connection": way.connection,
            "cpus": 0.5,
            **(config.get_object("runner") or {}),
        },
        there,
    )
