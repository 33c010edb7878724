"""A station on GitLab whose jobs build with Kaniko."""

import pulumi

from ci_runners import Builder, BuildStation

socket = pulumi.Config().get("socket") or "/var/run/docker.sock"
BuildStation(
    "up-kaniko",
    {
        "builder": Builder.KANIKO,
        "kaniko": {
            "cache_repository": "registry.example.com/team/app/cache",
            "socket": socket,
        },
        "gitlab": {"url": "https://gitlab.example.com"},
        "project": {"project": "root/upgrade-app", "registration": {"untagged": True}},
        "pipeline": {"image_name": "registry.example.com/team/app"},
        "keep_caches": False,
    },
)
