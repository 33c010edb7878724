"""A pull-through mirror of Docker Hub, and a daemon that pulls through it."""

import pulumi

from ci_runners import BuildkitDaemon, RegistryMirror

config = pulumi.Config()
mirror = RegistryMirror("ci-mirror", config.get_object("mirror") or {})
daemon = BuildkitDaemon(
    "ci-buildkit",
    {
        "memory": 4096,
        "cpus": 2.0,
        # The mirror's network, and the mirror by its name there.
        "networks": ["ci-mirror"],
        "registry_mirrors": ["http://ci-mirror:5000"],
        **(config.get_object("daemon") or {}),
    },
    pulumi.ResourceOptions(depends_on=[mirror]),
)
pulumi.export("connection", daemon.connection)
