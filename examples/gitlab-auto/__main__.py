"""A station whose way to build follows from answers: what the decision guide says is what runs."""

import pulumi

from ci_runners import BuildStation

config = pulumi.Config()
# One team that is small, whose jobs only build and push, on a host where nothing may be privileged.
answers = {"trust": "one-team", "isolation": "none", "team_size": "small", "privileged_allowed": False}

station = BuildStation(
    "ci",
    {
        "builder": "auto",
        "needs": {**answers, **(config.get_object("needs") or {})},
        "gitlab": {"url": config.require("gitlab_url")},
        "project": {
            "project": config.require("project"),
            "registration": {},
            "pipeline_file": {},
        },
        "pipeline": {"image_name": config.get("image_name") or "$CI_REGISTRY_IMAGE"},
        "runner": {"cpus": 0.5, **(config.get_object("runner") or {})},
        "buildkit": {"memory": 4096, "cpus": 2.0},
        "keep_caches": False,
        **(config.get_object("station") or {}),
    },
)
pulumi.export("builder", station.builder)
