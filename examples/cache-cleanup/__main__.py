"""A daemon whose images and build cache are cleaned by the week, and before they fill the disk."""

import pulumi

from ci_runners import CacheCleanup, DindDaemon

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
CacheCleanup(
    "ci-cleanup",
    {
        "connection": daemon.connection,
        # Sundays at three, UTC: what nobody used for a week.
        "schedule": "0 3 * * 0",
        "until": "168h",
        # Between two Sundays: the oldest goes first.
        "max_size_gb": 50.0,
        "pressure_percent": 85,
    },
)
pulumi.export("connection", daemon.connection)
