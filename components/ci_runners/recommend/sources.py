"""The documents that the guide's sentences come from, and under which name they are given."""

DIND_DOCS = "GitLab docs, Use Docker-in-Docker"
SOCKET_DOCS = "Docker docs, Docker Engine security"
SOCKET_BINDING = "GitLab docs, Use Docker to build Docker images"
RUNNER_SECURITY = "GitLab docs, Security for self-managed runners"
POD_SECURITY = "Kubernetes docs, Pod Security Standards"
ROOTLESS_DOCS = "moby/buildkit, docs/rootless.md"
KANIKO_README = "osscontainertools/kaniko, README"
