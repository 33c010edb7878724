"""A station on GitLab whose jobs build with a rootless buildkitd. GitLab itself was set up by hand."""

import pulumi

from ci_runners import Builder, BuildStation

socket = pulumi.Config().get("socket") or "/var/run/docker.sock"
BuildStation(
    "up-buildkit",
    {
        "builder": Builder.BUILDKIT,
        "buildkit": {"memory": 1024, "cache_size": "20GB", "socket": socket},
        "gitlab": {
            "url": "https://gitlab.example.com",
            "token": pulumi.Output.secret("glrt-of-no-one-000000"),
        },
        "pipeline": {"image_name": "registry.example.com/team/app"},
        "cleanup": {},
        "metrics": {},
        "keep_caches": False,
    },
)
