"""A workflow for GitHub's own runners: log in, build, push to the repository's package, with layers in its cache."""

import pulumi

from ci_runners import GitHubRepository
from ci_runners.render.github_workflow import render_hosted_workflow
from ci_runners.render.workflow_rules import OWN_PACKAGE, GitHubWorkflowSpec

config = pulumi.Config()
image = config.get("image_name") or OWN_PACKAGE

GitHubRepository(
    "app",
    {
        "repository": config.require("repository"),
        "workflow_file": {
            "content": render_hosted_workflow(
                GitHubWorkflowSpec(image_name=image, layer_cache=f"{image}/cache")
            )
        },
    },
)
