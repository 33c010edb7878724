"""A pipeline whose job brings its Docker daemon along as a service, reached over TLS."""

import pulumi

from ci_runners import GitLabProject
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.gitlab_services import DindService, render_gitlab_ci_with_dind

config = pulumi.Config()
spec = GitLabPipelineSpec(image_name=config.get("image_name") or "$CI_REGISTRY_IMAGE")
service = DindService(
    # Of a runner that starts this service privileged, and gives its jobs a volume at /certs/client.
    tags=("dind-service",),
    registry_mirrors=tuple(config.get_object("mirrors") or ()),
    insecure_registries=tuple(config.get_object("insecure") or ()),
)

GitLabProject(
    "app",
    {
        "project": config.require("project"),
        "pipeline_file": {"content": render_gitlab_ci_with_dind(spec, service)},
    },
)
