"""A station on GitLab whose jobs build on the host's engine, behind a proxy."""

import pulumi

from ci_runners import Builder, BuildStation
from ci_runners.recommend import Trust

socket = pulumi.Config().get("socket") or "/var/run/docker.sock"
BuildStation(
    "up-dood",
    {
        "builder": Builder.DOOD,
        "dood": {
            "accept_host_root": True,
            "trust_zone": Trust.ONE_TEAM,
            "socket_proxy": True,
            "socket": socket,
        },
        "gitlab": {"url": "https://gitlab.example.com"},
        "project": {"project": "root/upgrade-app", "registration": {}},
        "pipeline": {"image_name": "registry.example.com/team/app"},
    },
)
