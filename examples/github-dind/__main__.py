"""GitHub's jobs build on a Docker Engine of their own, reached over TLS."""

import pulumi

from ci_runners import DindDaemon, GitHubRunner

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
