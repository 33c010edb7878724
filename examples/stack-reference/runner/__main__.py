"""A runner on the daemon of another stack."""

import pulumi

from ci_runners import GitLabProject, GitLabRunner

config = pulumi.Config()
daemon = pulumi.StackReference("daemon", stack_name=config.require("daemon_stack"))
connection = daemon.require_output("connection")

project = GitLabProject(
    "app",
    {
        "project": config.require("project"),
        "connection": connection,
        "registration": {
            # A job can become root on the host, so only protected branches and tags get one.
            "access_level": "ref_protected",
        },
    },
)
GitLabRunner(
    "ci-runner",
    {
        "url": config.require("gitlab_url"),
        "token": project.runner_token,
        "connection": connection,
        "concurrent": 2,
        "cpus": 0.5,
        **(config.get_object("runner") or {}),
    },
)
