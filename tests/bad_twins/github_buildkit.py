"""The bad twin of examples/github-buildkit: a runner that may take the whole host's memory and processors."""

import pulumi

from ci_runners import BuildkitDaemon, GitHubRunner

daemon = BuildkitDaemon("ci-buildkit", {})
GitHubRunner(
    "ci-runner",
    {
        "url": "https://github.com/owner/repository",
        "token": pulumi.Output.secret("github_pat_0123456789abcdefghij"),
        "connection": daemon.connection,
    },
)
