"""GitHub's jobs build with a rootless buildkitd; nothing is privileged."""

import pulumi

from ci_runners import BuildkitDaemon, GitHubRunner

config = pulumi.Config()
daemon = BuildkitDaemon("ci-buildkit", {"memory": 4096, "cpus": 2.0, **(config.get_object("daemon") or {})})

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
