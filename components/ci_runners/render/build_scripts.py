"""The shell commands with which a job builds and pushes one image, for each way to build, on any forge.

They run in the POSIX shell of the job's image, busybox's among them. BUILDKIT_TLS_DIR and KANIKO_FLAGS are the
connection's; what the forge calls its variables is in `Forge`; everything else is spelled out.

The first command says which builder of which version it reached, so that a job that cannot reach it fails before it
does any work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname

from ci_runners.connection import DaemonKind

_BUILDCTL = 'buildctl --tlsdir "$BUILDKIT_TLS_DIR"'
_IN_CONTAINERDS_STORE = (
    "Docker's engine keeps attestations only in containerd's image store, which no connection promises"
)
WITHOUT_ATTESTATIONS: Mapping[DaemonKind, str] = {
    DaemonKind.DIND: _IN_CONTAINERDS_STORE,
    DaemonKind.DOOD: _IN_CONTAINERDS_STORE,
    DaemonKind.KANIKO: "Kaniko makes none",
}
"""Ways whose builder pushes no attestations beside an image, and why (Docker docs, Build attestations)."""
ATTESTING = frozenset(DaemonKind) - WITHOUT_ATTESTATIONS.keys()
"""Ways whose builder can."""


@dataclass(frozen=True, kw_only=True)
class Forge:
    """What a job calls the things that its forge gives it. Each is shell text that stands inside double quotes."""

    registry: str
    """The registry at which the job logs in."""

    user: str
    """The user's name there."""

    password: str
    """The password: a variable, since a command that holds the password itself would be shown."""

    working_copy: str
    """Absolute path of the working copy."""

    project_url: str
    """Where the project is on the web."""

    revision: str
    """The commit."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a script builds. Paths are relative to the working copy, and need no quotes."""

    context: str
    dockerfile: str
    forge: Forge

    images: tuple[str, ...] = ("$IMAGE",)
    """The image's references, with their tags: shell text that stands inside double quotes."""

    cache: str = ""
    """A repository for layers, without a tag, written like `images`. Empty: none."""

    login: bool = False
    """Whether the script logs in at the forge's registry."""

    sbom_scanner: str = ""
    """Image that lists an image's packages. Empty: no SBOM. Only where the way is one of `ATTESTING`."""

    provenance: bool = False
    """Whether the image gets a record of its build. Only where the way is one of `ATTESTING`."""


def docker_script(build: Build) -> list[str]:
    """Docker's client, on a daemon of its own or the host's (Docker docs, docker buildx build; BuildKit is the default).

    The layer cache is inline: the image's own manifest says of what its layers are made, and a second tag lets the next
    job find it. `--cache-to type=registry` would keep the layers of earlier stages too, but the builder inside dockerd
    has it only with the containerd image store; a builder of buildx's own would keep its layers beside the daemon's,
    where neither its limits nor its clean-up reach (Docker docs, Cache storage backends).
    """
    forge = build.forge
    login = f'echo "{forge.password}" | docker login --username "{forge.user}" --password-stdin "{forge.registry}"'
    cached = (
        f' --build-arg BUILDKIT_INLINE_CACHE=1 --cache-from "{build.cache}" --tag "{build.cache}"'
        if build.cache
        else ""
    )
    tags = " ".join(f'--tag "{image}"' for image in build.images)
    pushed = (*build.images, build.cache) if build.cache else build.images
    return [
        "docker version --format 'daemon {{.Server.Version}}, client {{.Client.Version}}'",
        *([login] if build.login else []),
        f"docker build --pull{cached} {tags} --file {build.dockerfile} {build.context}",
        *(f'docker push "{image}"' for image in pushed),
    ]


def buildkit_script(build: Build) -> list[str]:
    """BuildKit's client (moby/buildkit, README). Which registries speak plain HTTP, the daemon's buildkitd.toml knows."""
    folder = dirname(build.dockerfile) or "."
    source = f"--local context={build.context} --local dockerfile={folder} --opt filename={basename(build.dockerfile)}"
    cached = (
        f' --import-cache "type=registry,ref={build.cache}" --export-cache "type=registry,ref={build.cache},mode=max"'
        if build.cache
        else ""
    )
    # The output is a line of CSV: a field that has commas of its own stands in quotes.
    name = f"name={','.join(build.images)}"
    named = name if len(build.images) == 1 else f'\\"{name}\\"'
    output = f' --output "type=image,{named},push=true"'
    return [
        f"{_BUILDCTL} debug info",
        *(
            ['DOCKER_CONFIG="$(mktemp -d)"', "export DOCKER_CONFIG", auth_file(build.forge)]
            if build.login
            else []
        ),
        f"{_BUILDCTL} build --frontend dockerfile.v0 {source}{_attestations(build)}{output}{cached}",
    ]


def _attestations(build: Build) -> str:
    """BuildKit's attestations (moby/buildkit, docs/attestations).

    Provenance in `mode=min` names the commit and the base images; `max` would publish build arguments with the image.
    """
    sbom = f' --opt "attest:sbom=generator={build.sbom_scanner}"' if build.sbom_scanner else ""
    source = f' --opt "vcs:source={build.forge.project_url}" --opt "vcs:revision={build.forge.revision}"'
    return sbom + (f" --opt attest:provenance=mode=min{source}" if build.provenance else "")


def kaniko_script(build: Build) -> list[str]:
    """Kaniko in the job's own container (osscontainertools/kaniko, README, Additional Flags).

    It comes last: afterwards the container's file system is the image's. What lies in /kaniko stays out of the image.
    """
    root = build.forge.working_copy
    context = root if build.context == "." else f"{root}/{build.context}"
    source = f'--context "{context}" --dockerfile "{root}/{build.dockerfile}"'
    destinations = " ".join(f'--destination "{image}"' for image in build.images)
    cached = f' --cache=true --cache-repo "{build.cache}"' if build.cache else ""
    # The connection's flags, word by word; the pipeline's own come after them, and win.
    flags = 'set --; for flag in $KANIKO_FLAGS; do set -- "$@" "$flag"; done'
    return [
        "/kaniko/executor version",
        *(["export DOCKER_CONFIG=/kaniko/.docker", auth_file(build.forge)] if build.login else []),
        f'{flags}; /kaniko/executor "$@" {source} {destinations}{cached}',
    ]


def auth_file(forge: Forge) -> str:
    """Write what `docker login` writes, for builders that have no such command.

    printf is the shell's own, so that the password is in no process's arguments; base64 breaks its lines, which JSON
    does not allow. The umask ends with its parentheses: Kaniko's own files must not get it.
    """
    return (
        r"""(umask 077 && mkdir -p "$DOCKER_CONFIG" && printf '{"auths":{"%s":{"auth":"%s"}}}' """
        rf""""{forge.registry}" "$(printf '%s:%s' "{forge.user}" "{forge.password}" | base64 | tr -d '\n')" """
        r"""> "$DOCKER_CONFIG/config.json")"""
    )


SCRIPTS: Mapping[DaemonKind, Callable[[Build], list[str]]] = {
    DaemonKind.DIND: docker_script,
    DaemonKind.DOOD: docker_script,
    DaemonKind.BUILDKIT: buildkit_script,
    DaemonKind.KANIKO: kaniko_script,
}
