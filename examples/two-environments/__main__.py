"""Two environments from one program: what differs is in Pulumi.dev.yaml and Pulumi.prod.yaml, and nowhere else."""

import pulumi

from ci_runners import Builder, BuildStation

config = pulumi.Config()

# The stack's name is in every container's: both environments may share a Docker host.
station = BuildStation(
    f"ci-{pulumi.get_stack()}",
    {
        "builder": Builder(config.require("builder")),
        "gitlab": {"url": config.require("gitlab_url")},
        "project": {
            "project": config.require("project"),
            "registration": {
                "access_level": config.require("access_level"),
                "tags": [pulumi.get_stack()],
            },
        },
        "runner": {
            "concurrent": config.require_int("concurrent"),
            "cpus": 0.5,
            **(config.get_object("runner") or {}),
        },
        "pipeline": {"image_name": config.get("image_name") or "$CI_REGISTRY_IMAGE"},
        "buildkit": {"memory": 4096, "cpus": 2.0},
        "keep_caches": False,
        **(config.get_object("station") or {}),
    },
)
pulumi.export("pipeline", station.pipeline)
