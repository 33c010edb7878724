"""GitHub's jobs build with a rootless buildkitd. Any program will do: the workflow beside it is what this is about."""

import pulumi

from ci_runners import BuildkitDaemon, GitHubRunner

config = pulumi.Config()
daemon = BuildkitDaemon("ci-buildkit", {"memory": 4096, "cpus": 2.0})

GitHubRunner(
    "ci-runner",
    {
        "url": config.require("github_url"),
        "token": config.require_secret("github_token"),
        "connection": daemon.connection,
        "memory": 2048,
        "cpus": 1.0,
    },
)
