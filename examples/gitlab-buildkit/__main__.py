"""GitLab's jobs build with a rootless buildkitd; nothing is privileged."""

import pulumi

from ci_runners import BuildkitDaemon, GitLabProject, GitLabRunner

config = pulumi.Config()
daemon = BuildkitDaemon("ci-buildkit", {"memory": 4096, "cpus": 2.0, **(config.get_object("daemon") or {})})

project = GitLabProject(
    "app",
    {
        "project": config.require("project"),
        "connection": daemon.connection,
        "registration": {},
    },
)
GitLabRunner(
    "ci-runner",
    {
        "url": config.require("gitlab_url"),
        "token": project.runner_token,
        "connection": daemon.connection,
        "concurrent": 2,
        "cpus": 0.5,
        **(config.get_object("runner") or {}),
    },
)
