"""The bad twin of examples/gitlab-dind-service: TLS switched off in the pipeline, as many a tutorial has it."""

import pulumi_gitlab as gitlab

PIPELINE = """
build:
  image: docker:latest
  services: ["docker:dind"]
  variables:
    DOCKER_HOST: tcp://docker:2375
    DOCKER_TLS_CERTDIR: ""
  script: ["docker build ."]
"""
gitlab.RepositoryFile(
    "pipeline",
    project="1",
    file_path=".gitlab-ci.yml",
    branch="main",
    content=PIPELINE,
    encoding="text",
    commit_message="The pipeline",
)
