"""A GitLab runner whose jobs build in a Docker Engine of their own."""

import pulumi

from ci_runners import DindDaemon, GitLabRunner, Trust

config = pulumi.Config()
daemon = DindDaemon("py-dind", {"accept_privileged": True, "trust_zone": Trust.ONE_TEAM, "memory": 4096})
runner = GitLabRunner(
    "py-runner",
    {
        "url": config.require("url"),
        "token": config.require_secret("token"),
        "connection": daemon.connection,
        "concurrent": 2,
    },
)
pulumi.export("container", runner.container_name)
