"""The daemon, for a runner that another stack makes."""

import pulumi

from ci_runners import DindDaemon

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
pulumi.export("connection", daemon.connection)
