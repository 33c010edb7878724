"""GitLab's jobs build on a Docker Engine of their own, reached over TLS."""

import pulumi

from ci_runners import DindDaemon, GitLabProject, GitLabRunner

config = pulumi.Config()
daemon = DindDaemon(
    "ci-dind",
    {
        # Whoever may run a job on it can become root on this host.
        "accept_privileged": True,
        "trust_zone": "one-team",
        "memory": 4096,
        "cpus": 2.0,
        **(config.get_object("daemon") or {}),
    },
)

project = GitLabProject(
    "app",
    {
        "project": config.require("project"),
        "connection": daemon.connection,
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
        "connection": daemon.connection,
        "concurrent": 2,
        "cpus": 0.5,
        **(config.get_object("runner") or {}),
    },
)
