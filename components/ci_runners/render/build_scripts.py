"""The shell commands with which a GitLab job builds and pushes one image, for each way to build.

They run in the POSIX shell of the job's image, busybox's among them. `$IMAGE` and `$CACHE` are the pipeline's own
variables, BUILDKIT_TLS_DIR and KANIKO_FLAGS the connection's, CI_* GitLab's; everything else is spelled out.

The first command says which builder of which version it reached, so that a job that cannot reach it fails before it
does any work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname

from ci_runners.connection import DaemonKind

_DOCKER_LOGIN = 'echo "$CI_REGISTRY_PASSWORD" | docker login --username "$CI_REGISTRY_USER" --password-stdin "$CI_REGISTRY"'
# What `docker login` writes, for builders that have no such command. printf is the shell's own, so that the password is
# in no process's arguments; base64 breaks its lines, which JSON does not allow. The umask ends with its parentheses:
# Kaniko's own files must not get it.
_AUTH_FILE = (
    r"""(umask 077 && mkdir -p "$DOCKER_CONFIG" && printf '{"auths":{"%s":{"auth":"%s"}}}' "$CI_REGISTRY" """
    r""""$(printf '%s:%s' "$CI_REGISTRY_USER" "$CI_REGISTRY_PASSWORD" | base64 | tr -d '\n')" """
    r"""> "$DOCKER_CONFIG/config.json")"""
)
_BUILDCTL = 'buildctl --tlsdir "$BUILDKIT_TLS_DIR"'


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a script builds. Paths are relative to the repository's root, and need no quotes."""

    context: str
    dockerfile: str

    login: bool
    """Whether the script logs in at the project's own registry."""

    layer_cache: bool
    """Whether the pipeline names a repository for layers, as `$CACHE`."""


def docker_script(build: Build) -> list[str]:
    """Docker's client, on a daemon of its own or the host's (Docker docs, docker buildx build; BuildKit is the default).

    The layer cache is inline: the image's own manifest says of what its layers are made, and a second tag lets the next
    job find it. `--cache-to type=registry` would keep the layers of earlier stages too, but the builder inside dockerd
    has it only with the containerd image store; a builder of buildx's own would keep its layers beside the daemon's,
    where neither its limits nor its clean-up reach (Docker docs, Cache storage backends).
    """
    cached = (
        ' --build-arg BUILDKIT_INLINE_CACHE=1 --cache-from "$CACHE" --tag "$CACHE"'
        if build.layer_cache
        else ""
    )
    return [
        "docker version --format 'daemon {{.Server.Version}}, client {{.Client.Version}}'",
        *([_DOCKER_LOGIN] if build.login else []),
        f'docker build --pull{cached} --tag "$IMAGE" --file {build.dockerfile} {build.context}',
        'docker push "$IMAGE"',
        *(['docker push "$CACHE"'] if build.layer_cache else []),
    ]


def buildkit_script(build: Build) -> list[str]:
    """BuildKit's client (moby/buildkit, README). Which registries speak plain HTTP, the daemon's buildkitd.toml knows."""
    folder = dirname(build.dockerfile) or "."
    source = f"--local context={build.context} --local dockerfile={folder} --opt filename={basename(build.dockerfile)}"
    cached = (
        ' --import-cache "type=registry,ref=$CACHE" --export-cache "type=registry,ref=$CACHE,mode=max"'
        if build.layer_cache
        else ""
    )
    return [
        f"{_BUILDCTL} debug info",
        *(['export DOCKER_CONFIG="$(mktemp -d)"', _AUTH_FILE] if build.login else []),
        f'{_BUILDCTL} build --frontend dockerfile.v0 {source} --output "type=image,name=$IMAGE,push=true"{cached}',
    ]


def kaniko_script(build: Build) -> list[str]:
    """Kaniko in the job's own container (osscontainertools/kaniko, README, Additional Flags).

    It comes last: afterwards the container's file system is the image's. What lies in /kaniko stays out of the image.
    """
    context = "$CI_PROJECT_DIR" if build.context == "." else f"$CI_PROJECT_DIR/{build.context}"
    source = f'--context "{context}" --dockerfile "$CI_PROJECT_DIR/{build.dockerfile}"'
    cached = ' --cache=true --cache-repo "$CACHE"' if build.layer_cache else ""
    return [
        "/kaniko/executor version",
        *(["export DOCKER_CONFIG=/kaniko/.docker", _AUTH_FILE] if build.login else []),
        # The connection's flags are several words, so they have no quotes; the pipeline's own come after them, and win.
        f'/kaniko/executor $KANIKO_FLAGS {source} --destination "$IMAGE"{cached}',
    ]


SCRIPTS: Mapping[DaemonKind, Callable[[Build], list[str]]] = {
    DaemonKind.DIND: docker_script,
    DaemonKind.DOOD: docker_script,
    DaemonKind.BUILDKIT: buildkit_script,
    DaemonKind.KANIKO: kaniko_script,
}
