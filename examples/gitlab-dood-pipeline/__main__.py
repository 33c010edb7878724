"""The `.gitlab-ci.yml` for jobs on the host's own engine: no services, and DOCKER_HOST is the socket."""

import pulumi

from ci_runners import Connection, GitLabProject, HostDaemon
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci

config = pulumi.Config()
spec = GitLabPipelineSpec(image_name=config.get("image_name") or "$CI_REGISTRY_IMAGE")
daemon = HostDaemon(
    "ci-dood",
    {
        # Whoever may run a job can become root on this host.
        "accept_host_root": True,
        "trust_zone": "one-team",
        **(config.get_object("daemon") or {}),
    },
)

# The runner is one that is there already: the connection's environment comes as CI/CD variables.
GitLabProject(
    "app",
    {
        "project": config.require("project"),
        "connection": daemon.connection,
        "pipeline_file": {
            "content": daemon.connection.apply(lambda text: render_gitlab_ci(spec, Connection.parse(text)))
        },
    },
)
