"""The bad twin of examples/gitlab-dood-pipeline: jobs told of the engine by an open port, and the password beside it."""

import pulumi_gitlab as gitlab

gitlab.ProjectVariable("host", project="1", key="DOCKER_HOST", value="tcp://172.17.0.1:2375")
gitlab.ProjectVariable("registry", project="1", key="REGISTRY_PASSWORD", value="made-up-and-secret")
