"""GitHub's jobs build on the host's own engine, through its socket."""

import pulumi

from ci_runners import GitHubRunner, HostDaemon

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

GitHubRunner(
    "ci-runner",
    {
        "url": config.require("github_url"),
        "token": config.require_secret("github_token"),
        "connection": daemon.connection,
        "memory": 2048,
        "cpus": 1.0,
        **(config.get_object("runner") or {}),
    },
)
