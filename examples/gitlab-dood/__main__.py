"""GitLab's jobs build on the host's own engine, through its socket."""

import pulumi

from ci_runners import GitLabProject, GitLabRunner, HostDaemon

config = pulumi.Config()
daemon = HostDaemon(
    "ci-dood",
    {
        # Whoever may run a job can become root on this host.
        "accept_host_root": True,
        "trust_zone": "one-team",
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
