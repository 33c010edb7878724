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

ACTIONS_RUNNER = "ghcr.io/actions/actions-runner:2.337.0"
"""GitHub's runner, started by `GitHubRunner`; GitHub gives no jobs to releases that are long outdated."""

DOCKER_DIND_ROOTLESS = "docker:29.7.2-dind-rootless"
"""`DOCKER_DIND` with its daemon as an ordinary user (Docker Official Image)."""

BUILDKIT = "moby/buildkit:v0.34.2-rootless"
"""BuildKit as an ordinary user: `buildkitd`, and the job image that has `buildctl`."""

SBOM_SCANNER = "docker/buildkit-syft-scanner:1.12.0"
"""Docker's scanner for BuildKit: a daemon starts it in a build, and it lists an image's packages."""

KANIKO = "ghcr.io/osscontainertools/kaniko:v1.28.5-debug"
"""Kaniko with a shell, which GitLab's jobs need: the maintained fork, since Google archived its own on 2025-06-03."""

CADDY = "caddy:2.11.4-alpine"
"""Caddy (Docker Official Image), as the proxy before the engine's socket."""

REGISTRY = "registry:2.8.3"
"""The CNCF registry (Docker Official Image): where jobs push, and the daemons' mirror."""
