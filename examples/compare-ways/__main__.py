"""The same build in all four ways, one after another in one pipeline: GitLab's page shows what each takes."""

from typing import Any

import pulumi
import yaml

from ci_runners import (
    BuildkitDaemon,
    Connection,
    DindDaemon,
    GitLabProject,
    GitLabRunner,
    HostDaemon,
    Kaniko,
)
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci

config = pulumi.Config()
project = config.require("project")
image = config.get("image_name") or "$CI_REGISTRY_IMAGE"
more: dict[str, Any] = {"dind": {}, "dood": {}, "buildkit": {}, "kaniko": {}}
more |= config.get_object("daemons") or {}
limits = {"memory": 4096, "cpus": 2.0}
# With the first two, whoever may run a job can become root on this host.
host_root = {"trust_zone": "one-team"}

connections = {
    "dood": HostDaemon("ci-dood", {"accept_host_root": True, **host_root, **more["dood"]}).connection,
    "dind": DindDaemon(
        "ci-dind", {"accept_privileged": True, **host_root, **limits, **more["dind"]}
    ).connection,
    "buildkit": BuildkitDaemon("ci-buildkit", {**limits, **more["buildkit"]}).connection,
    "kaniko": Kaniko("ci-kaniko", more["kaniko"]).connection,
}


def pipeline(known: dict[str, str]) -> str:
    """One job for each way, each in a stage of its own, so that no two of them share the processors."""
    jobs = {}
    for way, connection in known.items():
        spec = GitLabPipelineSpec(image_name=f"{image}/{way}", sbom=False, provenance=False)
        rendered = yaml.safe_load(render_gitlab_ci(spec, Connection.parse(connection)))
        jobs[way] = {**rendered["build"], "stage": way}
    return yaml.safe_dump({"stages": list(known), **jobs}, sort_keys=False, width=1000)


runners = []
for way, connection in connections.items():
    registered = GitLabProject(
        f"app-{way}",
        {
            "project": project,
            "connection": connection,
            # Each runner gives its jobs their environment; as variables all jobs would get all of it.
            "connection_variables": False,
            "registration": {"access_level": "ref_protected"},
        },
    )
    runners.append(
        GitLabRunner(
            f"ci-{way}-runner",
            {
                "url": config.require("gitlab_url"),
                "token": registered.runner_token,
                "connection": connection,
                "cpus": 0.5,
                **(config.get_object("runner") or {}),
            },
        )
    )

# Its commit starts the first comparison.
GitLabProject(
    "app",
    {"project": project, "pipeline_file": {"content": pulumi.Output.all(**connections).apply(pipeline)}},
    pulumi.ResourceOptions(depends_on=runners),
)
