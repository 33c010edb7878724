"""Components one by one, as in a program that has other things too."""

import pulumi

from ci_runners import (
    BuildkitDaemon,
    CacheCleanup,
    DindDaemon,
    DindVariant,
    GitHubRunner,
    GitLabRunner,
    HostDaemon,
    Kaniko,
    RegistryMirror,
    StationMetrics,
)

config = pulumi.Config()
socket = config.get("socket") or "/var/run/docker.sock"
upstream = config.get("upstream") or "https://registry-1.docker.io"
runner_token = pulumi.Output.secret("glrt-of-no-one-000000")

mirror = RegistryMirror("up-mirror", {"memory": 256, "remote_url": upstream})
dind = DindDaemon(
    "up-one-dind",
    {
        "accept_privileged": True,
        "networks": ["up-mirror"],
        "daemon_json": {"registry_mirrors": ["http://up-mirror:5000"]},
        "metrics": True,
    },
    pulumi.ResourceOptions(depends_on=[mirror]),
)
rootless = DindDaemon("up-one-rootless", {"accept_privileged": True, "variant": DindVariant.ROOTLESS})
buildkit = BuildkitDaemon("up-one-buildkit", {"socket": socket, "retain_data": True})
dood = HostDaemon("up-one-dood", {"accept_host_root": True, "socket": socket})
kaniko = Kaniko("up-one-kaniko", {"socket": socket})

GitLabRunner(
    "up-one-runner",
    {
        "url": "https://gitlab.example.com",
        "token": runner_token,
        "connection": dind.connection,
        "concurrent": 2,
        "environment": {"GREETING": "hello"},
    },
)
GitLabRunner(
    "up-one-kaniko-runner",
    {"url": "https://gitlab.example.com", "token": runner_token, "connection": kaniko.connection},
)
GitHubRunner(
    "up-one-github",
    {
        "url": "https://github.com/upgrade-org/app",
        "token": pulumi.Output.secret("github_pat_of_no_one"),
        "connection": buildkit.connection,
    },
)
CacheCleanup("up-one-cleanup", {"connection": dood.connection, "schedule": "0 4 * * *"})
StationMetrics("up-one-metrics", {"certificate_expiry": dind.certificate_expiry, "station": "up-one"})
pulumi.export("connections", [dind.connection, rootless.connection, buildkit.connection, dood.connection])
