"""GitLab's jobs build with Kaniko, in their own unprivileged containers; there is no daemon."""

import pulumi

from ci_runners import GitLabProject, GitLabRunner, Kaniko

config = pulumi.Config()
way = Kaniko("ci-kaniko", config.get_object("daemon") or {})

project = GitLabProject(
    "app",
    {
        "project": config.require("project"),
        "connection": way.connection,
        "registration": {},
    },
)
GitLabRunner(
    "ci-runner",
    {
        "url": config.require("gitlab_url"),
        "token": project.runner_token,
        "connection": way.connection,
        "concurrent": 2,
        "cpus": 0.5,
        **(config.get_object("runner") or {}),
    },
)
