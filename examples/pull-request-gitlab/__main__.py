"""GitLab's jobs build with a rootless buildkitd. Any program will do: the pipeline beside it is what this is about."""

import pulumi

from ci_runners import BuildkitDaemon, GitLabRunner

config = pulumi.Config()
daemon = BuildkitDaemon("ci-buildkit", {"memory": 4096, "cpus": 2.0})

GitLabRunner(
    "ci-runner",
    {
        "url": config.require("gitlab_url"),
        "token": config.require_secret("runner_token"),
        "connection": daemon.connection,
        "concurrent": 2,
        "memory": 512,
        "cpus": 0.5,
    },
)
