"""The pipeline of a project whose images are built on a station: the text of its `.gitlab-ci.yml`.

The job names neither a daemon nor a certificate, and has no services: the runner's config.toml gives every job the
connection's environment and mounts, so a pipeline cannot disagree with its daemon. What the pipeline takes from
the connection are the way to build, the image that can, and the tags, which decide that the job reaches a runner of
that daemon at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from ci_runners.connection import Connection, DaemonKind
from ci_runners.images import SBOM_SCANNER
from ci_runners.problems import Problem, refuse
from ci_runners.render.build_scripts import ATTESTING, SCRIPTS, WITHOUT_ATTESTATIONS, Build, Forge
from ci_runners.validate import Rules

PROJECT_REGISTRY = "$CI_REGISTRY_IMAGE"
"""The project's own container registry, in GitLab's words (GitLab docs, Predefined CI/CD variables)."""

GITLAB = Forge(
    registry="$CI_REGISTRY",
    user="$CI_REGISTRY_USER",
    password="$CI_REGISTRY_PASSWORD",  # noqa: S106  a variable's name
    working_copy="$CI_PROJECT_DIR",
    project_url="$CI_PROJECT_URL",
    revision="$CI_COMMIT_SHA",
)
"""A job's variables on GitLab (GitLab docs, Predefined CI/CD variables)."""

_INSIDE = re.compile(r"(?![/-])(?!.*(?:^|/)\.\.(?:/|$))[A-Za-z0-9._/-]+")
_HEADER = """\
# Rendered by ci-runners: change the station's settings, not this file.
# The runner gives the job what it needs to reach its builder; nothing here may set that again.
"""
_BUILDERS_OWN_IMAGE = frozenset({DaemonKind.BUILDKIT, DaemonKind.KANIKO})
"""Ways whose job image starts its builder: an entrypoint that a job's shell must take the place of."""


@dataclass(frozen=True, kw_only=True)
class GitLabPipelineSpec:
    """What a pipeline builds, and where it pushes it."""

    image_name: str
    """Registry and path of the image, without a tag: the commit is the tag, and the branch is another."""

    job_image: str | None = None
    """Image in which the job runs. Default: the connection's, which has what builds there."""

    context: str = "."
    """Build context: a folder of the repository."""

    dockerfile: str = "Dockerfile"
    """The Dockerfile: a path in the repository."""

    layer_cache: str | None = None
    """Registry and path for layers, without a tag, where jobs find those of earlier ones. Default: none, since the
    daemon keeps them; with Kaniko, which has no daemon, what the connection says."""

    branch_tag: bool = True
    """Whether the image is also tagged by its branch or git tag, in the form of $CI_COMMIT_REF_SLUG. Default: yes."""

    sbom: bool | None = None
    """Whether a list of the image's packages is pushed beside it. Default: where the builder can, which is BuildKit."""

    provenance: bool | None = None
    """Whether a record of what was built from what is pushed beside the image. Default: as with `sbom`."""

    timeout_minutes: int = 30
    """Minutes after which GitLab ends the job; the project's and the runner's own limits still hold."""


def pipeline_problems(spec: GitLabPipelineSpec, kind: DaemonKind | None = None) -> Iterator[Problem]:
    """Say what is wrong with a pipeline, field by field; where the way to build is known, also what it cannot do."""
    rules = Rules(component="Pipeline")
    yield from _repository("image_name", spec.image_name, rules, "the pipeline adds the commit as the tag")
    if spec.job_image is not None:
        yield from rules.image("job_image", spec.job_image)
    for field, value in (("context", spec.context), ("dockerfile", spec.dockerfile)):
        if not _INSIDE.fullmatch(value):
            yield rules.problem(
                field,
                value,
                "a path inside the repository, of letters, digits and . _ - /",
                "give it relative to the repository's root, without '..'",
            )
    if spec.layer_cache == spec.image_name:
        yield rules.problem(
            "layer_cache",
            spec.layer_cache,
            "another repository than the image's own, whose tags are commits and branches",
            f"write it like {spec.image_name}/cache",
        )
    elif spec.layer_cache is not None:
        yield from _repository("layer_cache", spec.layer_cache, rules, "the builder chooses the tags")
    yield from rules.at_least("timeout_minutes", spec.timeout_minutes, 1, "minute")
    if kind is not None:
        yield from attestation_problems(spec, kind)


def attestation_problems(spec: GitLabPipelineSpec, kind: DaemonKind) -> Iterator[Problem]:
    """Say which attestations are asked for that a way to build cannot make."""
    for field, value in (("sbom", spec.sbom), ("provenance", spec.provenance)):
        if value and kind not in ATTESTING:
            yield Rules(component="Pipeline").problem(
                field,
                value,
                f"a builder that can push one beside an image: {WITHOUT_ATTESTATIONS[kind]}",
                "build with buildkit, or leave it out",
            )


def render_gitlab_ci(spec: GitLabPipelineSpec, connection: Connection) -> str:
    """Render the `.gitlab-ci.yml` that builds and pushes one image in the connection's way.

    Keywords: GitLab docs, CI/CD YAML syntax reference. Raises `InvalidInput` for attestations that the connection's
    builder cannot make: a pipeline that is asked for them never leaves them out.
    """
    refuse(list(attestation_problems(spec, connection.kind)))
    return dump_pipeline(
        {
            "image": _image(spec, connection),
            "tags": list(connection.tags),
            **limits(spec),
            "variables": variables(spec),
            "script": SCRIPTS[connection.kind](build_of(spec, connection.kind)),
        },
        header=_HEADER,
    )


def dump_pipeline(job: dict[str, object], *, header: str) -> str:
    """The text of a pipeline with one job, which builds."""
    pipeline = {
        # A branch or a tag gives one pipeline per commit; a merge request would give its branch a second one.
        "workflow": {"rules": [{"if": "$CI_COMMIT_BRANCH"}, {"if": "$CI_COMMIT_TAG"}]},
        "stages": ["build"],
        "build": {"stage": "build", **job},
    }
    return header + yaml.safe_dump(pipeline, sort_keys=False, width=1000)


def limits(spec: GitLabPipelineSpec) -> dict[str, object]:
    """How long a job may take, and that a newer commit of its branch may end it."""
    return {"timeout": f"{spec.timeout_minutes} minutes", "interruptible": True}


def variables(spec: GitLabPipelineSpec) -> dict[str, str]:
    """A pipeline's own variables: the image's references, and the repository for layers.

    The tag that is the commit never moves; the one that is the branch moves with it. $CI_COMMIT_REF_SLUG is the branch
    or git tag in lower case, with `-` for all but letters a-z and digits, 63 characters at the most and no `-` at either
    end (GitLab docs, Predefined CI/CD variables): whatever a branch is called, it is a Docker tag and one word to a
    shell. A name without any letter a-z or digit leaves nothing, and its job fails at the empty tag.
    """
    branch = {"BRANCH_IMAGE": f"{spec.image_name}:$CI_COMMIT_REF_SLUG"} if spec.branch_tag else {}
    cache = {} if spec.layer_cache is None else {"CACHE": spec.layer_cache}
    return {"IMAGE": f"{spec.image_name}:$CI_COMMIT_SHA", **branch, **cache}


def build_of(spec: GitLabPipelineSpec, kind: DaemonKind) -> Build:
    """What the job's script builds in one way to build."""
    attesting = kind in ATTESTING
    return Build(
        context=spec.context,
        dockerfile=spec.dockerfile,
        forge=GITLAB,
        images=("$IMAGE", "$BRANCH_IMAGE") if spec.branch_tag else ("$IMAGE",),
        cache="" if spec.layer_cache is None else "$CACHE",
        # GitLab gives a job credentials for the project's own registry, and for no other.
        login=any(_is_project_registry(name) for name in (spec.image_name, spec.layer_cache or "")),
        sbom_scanner=SBOM_SCANNER if attesting and spec.sbom is not False else "",
        provenance=attesting and spec.provenance is not False,
    )


def _image(spec: GitLabPipelineSpec, connection: Connection) -> str | dict[str, object]:
    name = spec.job_image or connection.job_image
    return {"name": name, "entrypoint": [""]} if connection.kind in _BUILDERS_OWN_IMAGE else name


def _repository(field: str, value: str, rules: Rules, tag: str) -> Iterator[Problem]:
    """A repository, without a tag, once GitLab has filled in the variables."""
    filled = value.replace(PROJECT_REGISTRY, "project", 1) if _is_project_registry(value) else value
    if any(rules.image(field, f"{filled}:tag")):
        yield rules.problem(
            field,
            value,
            f"registry and path in lower case, without a tag; or {PROJECT_REGISTRY}, with or without a path",
            f"write it like registry.example.com/team/app; {tag}",
        )


def _is_project_registry(name: str) -> bool:
    return name == PROJECT_REGISTRY or name.startswith(f"{PROJECT_REGISTRY}/")
