"""What a workflow may be: its spec, and what is wrong with one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ci_runners.connection import DaemonKind
from ci_runners.problems import Problem
from ci_runners.render.build_scripts import WITHOUT_ATTESTATIONS
from ci_runners.validate import Rules

GITHUB_REGISTRY = "ghcr.io"
"""GitHub's own container registry, where the job's own token logs in."""
OWN_PACKAGE = f"{GITHUB_REGISTRY}/${{{{ github.repository }}}}"
"""The repository's own package there, in GitHub's words (GitHub docs, Contexts reference)."""
DOCKER_HUB = "docker.io"
"""The registry of an image whose name begins with none."""

_INSIDE = re.compile(r"(?![/-])(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._/-]+")
_ENVIRONMENT = re.compile(r"\w(?:[\w .-]{0,253}[\w.-])?")
_RULES = Rules(component="Workflow")


@dataclass(frozen=True, kw_only=True)
class GitHubWorkflowSpec:
    """What a workflow builds, and where it pushes it."""

    image_name: str = OWN_PACKAGE
    """Registry and path of the image, without a tag: the commit is the tag, and the branch is another. Default: the
    repository's own package on ghcr.io."""

    login: bool = True
    """Whether the job logs in at the image's registry: at ghcr.io with its own token, elsewhere with the secrets
    REGISTRY_USER and REGISTRY_PASSWORD. Default: yes."""

    environment: str | None = None
    """GitHub environment of the job, whose protection rules and secrets hold for it. Default: none."""

    context: str = "."
    """Build context: a folder of the repository."""

    dockerfile: str = "Dockerfile"
    """The Dockerfile: a path in the repository."""

    layer_cache: str | None = None
    """Registry and path for layers, without a tag, where jobs find those of earlier ones; in the image's own registry,
    if that wants a login. Default: none, since the daemon keeps them; on GitHub's own runners, GitHub's cache."""

    branch_tag: bool = True
    """Whether the image is also tagged by its branch or git tag, in the form that docker/metadata-action gives it.
    Default: yes."""

    sbom: bool | None = None
    """Whether a list of the image's packages is pushed beside it. Default: where the builder can, which is BuildKit and
    GitHub's own runners."""

    provenance: bool | None = None
    """Whether a record of what was built from what is pushed beside the image. Default: as with `sbom`."""

    timeout_minutes: int = 30
    """Minutes after which GitHub ends the job."""


def attests(kind: DaemonKind | None) -> bool:
    """Whether the builder can push attestations beside an image. None is GitHub's own runner, with a BuildKit."""
    return kind not in WITHOUT_ATTESTATIONS


def registry(image_name: str) -> str:
    """The host of an image's registry (distribution/reference)."""
    host, slash, _ = image_name.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else DOCKER_HUB


def is_own_package(image_name: str) -> bool:
    """Whether GitHub fills in a part of the name."""
    return image_name == OWN_PACKAGE or image_name.startswith(f"{OWN_PACKAGE}/")


def workflow_problems(spec: GitHubWorkflowSpec, kind: DaemonKind | None) -> Iterator[Problem]:
    """Say what is wrong with a workflow where this kind of daemon builds; None is GitHub's own runner."""
    yield from _image_problems(spec)
    yield from _cache_problems(spec)
    for field, value in (("context", spec.context), ("dockerfile", spec.dockerfile)):
        if not _INSIDE.fullmatch(value):
            yield _RULES.problem(
                field,
                value,
                "a path inside the repository, of letters, digits and . _ - /",
                "give it relative to the repository's root, without '..'",
            )
    if spec.environment is not None and not _ENVIRONMENT.fullmatch(spec.environment):
        fix = "write it like production"
        yield _RULES.problem("environment", spec.environment, "the name of an environment", fix)
    yield from _RULES.at_least("timeout_minutes", spec.timeout_minutes, 1, "minute")
    yield from way_problems(spec, kind)


def way_problems(spec: GitHubWorkflowSpec, kind: DaemonKind | None) -> Iterator[Problem]:
    """Say what a workflow asks for that cannot be had from this kind of daemon."""
    if kind is DaemonKind.KANIKO:
        yield _RULES.problem(
            "connection",
            kind.value,
            "dind, dood or buildkit: GitHub runs a job's steps in the runner's own container, and Kaniko would put the"
            " image's files in the place of the runner's",
            "choose buildkit, which needs no privileges either, or build with Kaniko from GitLab",
        )
    for field, value in (("sbom", spec.sbom), ("provenance", spec.provenance)):
        if value and kind is not None and kind in WITHOUT_ATTESTATIONS:
            yield _RULES.problem(
                field,
                value,
                f"a builder that can push one beside an image: {WITHOUT_ATTESTATIONS[kind]}",
                "build with buildkit or on GitHub's own runners, or leave it out",
            )


def _image_problems(spec: GitHubWorkflowSpec) -> Iterator[Problem]:
    filled = spec.image_name
    if is_own_package(filled):
        filled = filled.replace(OWN_PACKAGE, f"{GITHUB_REGISTRY}/owner/repository", 1)
    if any(_RULES.image("image_name", f"{filled}:tag")):
        yield _RULES.problem(
            "image_name",
            spec.image_name,
            f"registry and path in lower case, without a tag; or {OWN_PACKAGE}, with or without a path",
            "write it like registry.example.com/team/app; the workflow adds the commit as the tag",
        )
    elif not spec.login and registry(spec.image_name) == GITHUB_REGISTRY:
        expected = f"True: {GITHUB_REGISTRY} takes images from no one whom it does not know"
        yield _RULES.problem("login", spec.login, expected, "leave it out")


def _cache_problems(spec: GitHubWorkflowSpec) -> Iterator[Problem]:
    if spec.layer_cache is None:
        return
    if spec.layer_cache == spec.image_name:
        yield _RULES.problem(
            "layer_cache",
            spec.layer_cache,
            "another repository than the image's own, whose tags are commits and branches",
            f"write it like {spec.image_name}/cache",
        )
    elif any(_RULES.image("layer_cache", f"{spec.layer_cache}:tag")):
        yield _RULES.problem(
            "layer_cache",
            spec.layer_cache,
            "registry and path in lower case, without a tag, spelled out",
            "write it like registry.example.com/team/app/cache; the builder chooses the tags",
        )
