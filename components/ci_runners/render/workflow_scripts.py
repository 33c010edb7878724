"""The shell commands with which a self-hosted GitHub job builds and pushes one image, for each way to build.

They run in bash with `-eo pipefail`. IMAGE, CACHE, REGISTRY and its credentials are the step's own variables,
DOCKER_CONFIG and BUILDX_CONFIG folders that the runner empties before and after each job; DOCKER_HOST, BUILDKIT_HOST
and BUILDKIT_TLS_DIR are the connection's. No expression of GitHub's stands in a script: the shell would run what
someone puts into a branch's name (GitHub docs, Secure use reference, Script injections).
"""

from collections.abc import Callable, Mapping

from ci_runners.connection import DaemonKind
from ci_runners.render.build_scripts import Build, Forge, auth_file, docker_script

GITHUB = Forge(
    registry="$REGISTRY",
    user="$REGISTRY_USER",
    password="$REGISTRY_PASSWORD",  # noqa: S106  a variable's name
    working_copy="$GITHUB_WORKSPACE",
    project_url="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY",
    revision="$GITHUB_SHA",
)
"""A job's variables on GitHub (GitHub docs, Variables reference), and the step's own."""

LOWER_CASE = 'IMAGE="${IMAGE,,}"'
"""GitHub fills in an owner's name as people write it, a registry wants it in lower case."""
BRANCH = """branch="$(printf '%s' "$GITHUB_REF_NAME" | sed -E 's/[^a-zA-Z0-9._-]+/-/g' | cut -b -128)\""""
"""The branch or git tag as an image's tag, as docker/metadata-action writes it: the same wherever an image is built."""
_REMOTE = "cacert=$BUILDKIT_TLS_DIR/ca.pem,cert=$BUILDKIT_TLS_DIR/cert.pem,key=$BUILDKIT_TLS_DIR/key.pem"


def buildx_script(build: Build) -> list[str]:
    """Docker's buildx on the connection's BuildKit (Docker docs, Remote driver): no Docker daemon takes part.

    Which registries speak plain HTTP, the daemon's buildkitd.toml knows. By itself buildx would add provenance.
    """
    tags = " ".join(f'--tag "{image}"' for image in build.images)
    cached = (
        f' --cache-from "type=registry,ref={build.cache}" --cache-to "type=registry,ref={build.cache},mode=max"'
        if build.cache
        else ""
    )
    sbom = f" --sbom=generator={build.sbom_scanner}" if build.sbom_scanner else ""
    attested = f"{sbom} --provenance={'mode=min' if build.provenance else 'false'}"
    source = f"{tags} --file {build.dockerfile} {build.context}"
    return [
        f'docker buildx create --name station --driver remote --driver-opt "{_REMOTE}" "$BUILDKIT_HOST"',
        "docker buildx inspect --bootstrap station",
        *([auth_file(build.forge)] if build.login else []),
        f"docker buildx build --builder station --pull --push{cached}{attested} {source}",
    ]


SCRIPTS: Mapping[DaemonKind, Callable[[Build], list[str]]] = {
    DaemonKind.DIND: docker_script,
    DaemonKind.DOOD: docker_script,
    DaemonKind.BUILDKIT: buildx_script,
}
"""The ways in which a runner's own container can build: Kaniko would put an image's files in the place of its own."""
