"""Every image that this package starts, with its tag, in one place.

Tags name one exact release, so that two `pulumi up`s a month apart start the same software. Add a digest
(`name:tag@sha256:...`) in the arguments where the registry is not trusted to keep a tag.
"""

DOCKER_DIND = "docker:29.7.2-dind"
"""Docker Engine in a container (Docker Official Image). Started by `DindDaemon`."""

DOCKER_CLI = "docker:29.7.2-cli"
"""The Docker client: the image in which jobs run `docker build` and `docker push`."""

GITLAB_RUNNER = "gitlab/gitlab-runner:v19.4.0"
"""GitLab Runner, started by `GitLabRunner`."""

GITLAB_RUNNER_HELPER = "gitlab/gitlab-runner-helper:x86_64-v19.4.0"
"""GitLab Runner's helper: clones, uploads and downloads for a job. Its version must be the runner's."""
