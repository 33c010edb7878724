"""The arguments of `BuildStation`: what a person writes."""

from typing import NotRequired, TypedDict

import pulumi

from ci_runners.daemons.buildkit import BuildkitDaemonArgs
from ci_runners.daemons.dind import DindDaemonArgs
from ci_runners.daemons.host import HostDaemonArgs
from ci_runners.daemons.kaniko import KanikoArgs
from ci_runners.projects.github_args import RepositorySectionArgs
from ci_runners.projects.gitlab_args import ProjectSectionArgs
from ci_runners.recommend.needs import Isolation, Platform, TeamSize, Trust, UserNamespaces
from ci_runners.render.station_spec import Builder
from ci_runners.runners.github import GitHubAppArgs, GitHubRunnerSectionArgs
from ci_runners.runners.gitlab import RunnerSectionArgs
from ci_runners.upkeep.cleanup import CleanupSectionArgs
from ci_runners.upkeep.drain import DrainSectionArgs
from ci_runners.upkeep.metrics import MetricsSectionArgs


class GitLabArgs(TypedDict):
    """The forge, where it is GitLab."""

    url: pulumi.Input[str]
    """GitLab's URL, as in https://gitlab.example.com."""
    token: NotRequired[pulumi.Input[str]]
    """The runner's authentication token (glrt-...). A secret, whether marked as one or not. Defaults to that of the
    runner which `project` registers; one of the two there must be."""
    api_token: NotRequired[pulumi.Input[str]]
    """An access token with the scope `manage_runner`, for `drain`. A secret, whether marked as one or not. Defaults to
    none."""


class GitHubArgs(TypedDict):
    """The forge, where it is GitHub. Exactly one of `token` and `app` registers the runners."""

    url: NotRequired[pulumi.Input[str]]
    """Where the runners are registered, as in https://github.com/owner/repository. Defaults to where `repository` says."""
    token: NotRequired[pulumi.Input[str]]
    """A fine-grained personal access token. A secret, whether marked as one or not."""
    app: NotRequired[GitHubAppArgs]
    """A GitHub App, installed where the runners are to be."""


class GitLabPipelineArgs(TypedDict):
    """What the pipeline builds and where it pushes it. All are plain values."""

    image_name: str
    """Registry and path of the image, without a tag; `$CI_REGISTRY_IMAGE` is the project's own registry."""
    job_image: NotRequired[str]
    """Image in which the job builds. Defaults to the connection's: the one with the daemon's client."""
    layer_cache: NotRequired[str]
    """Registry and path for a layer cache that outlives the daemon, without a tag. Defaults to none; Kaniko, which has
    no other place for it, then takes the image's own with `/cache` after it."""
    context: NotRequired[str]
    """Build context: a folder of the repository. Defaults to its root."""
    dockerfile: NotRequired[str]
    """The Dockerfile: a path in the repository. Defaults to Dockerfile."""
    branch_tag: NotRequired[bool]
    """Whether the image is also tagged by its branch or git tag, as $CI_COMMIT_REF_SLUG. Defaults to true."""
    sbom: NotRequired[bool]
    """Whether a list of the image's packages (SBOM) is pushed beside it. Defaults to true where the builder can, which
    is buildkit; true is refused where it cannot."""
    provenance: NotRequired[bool]
    """Whether a record of what was built from what is pushed beside the image. Defaults as `sbom` does."""
    timeout_minutes: NotRequired[int]
    """Minutes after which GitLab ends the job. Defaults to 30."""


class GitHubWorkflowArgs(TypedDict):
    """What the workflow builds and where it pushes it. All are plain values."""

    image_name: NotRequired[str]
    """Registry and path of the image, without a tag. Defaults to the repository's own package on ghcr.io."""
    login: NotRequired[bool]
    """Whether the job logs in at the image's registry: at ghcr.io with its own token, elsewhere with the secrets
    REGISTRY_USER and REGISTRY_PASSWORD. Defaults to true."""
    environment: NotRequired[str]
    """GitHub environment of the job, whose protection rules and secrets hold for it. Defaults to none."""
    context: NotRequired[str]
    """Build context: a folder of the repository. Defaults to its root."""
    dockerfile: NotRequired[str]
    """The Dockerfile: a path in the repository. Defaults to Dockerfile."""
    layer_cache: NotRequired[str]
    """Registry and path for a layer cache that outlives the daemon, without a tag. Defaults to none."""
    branch_tag: NotRequired[bool]
    """Whether the image is also tagged by its branch or git tag. Defaults to true."""
    sbom: NotRequired[bool]
    """Whether a list of the image's packages (SBOM) is pushed beside it. Defaults to true where the builder can, which
    is buildkit; true is refused where it cannot."""
    provenance: NotRequired[bool]
    """Whether a record of what was built from what is pushed beside the image. Defaults as `sbom` does."""
    timeout_minutes: NotRequired[int]
    """Minutes after which GitHub ends the job. Defaults to 30."""


class RegistriesArgs(TypedDict):
    """What every way to build must know of registries. With `dood` the host's engine has its own configuration."""

    mirrors: NotRequired[list[str]]
    """URLs of pull-through mirrors of Docker Hub. Defaults to none."""
    insecure: NotRequired[list[str]]
    """`host[:port]` of registries without TLS. Defaults to none."""


class NeedsArgs(TypedDict):
    """A team's answers, for `builder: auto`. Without any, they are those of a shared host that runs anybody's code."""

    trust: NotRequired[Trust]
    """Who can run code in jobs. Defaults to untrusted."""
    isolation: NotRequired[Isolation]
    """What pipelines may see of one another. Defaults to pipelines: nothing."""
    platform: NotRequired[Platform]
    """What the jobs run on. Defaults to docker-host: one that everybody shares."""
    team_size: NotRequired[TeamSize]
    """How many people's jobs run side by side. Defaults to large."""
    privileged_allowed: NotRequired[bool]
    """Whether a job may get what makes it root on its host: a privileged container (DinD), or the socket of the host's
    engine (DooD). Defaults to false."""
    docker_api: NotRequired[bool]
    """Whether jobs need a Docker Engine to talk to: `docker run`, Compose, Testcontainers. False, the default, is for
    jobs that only build images and push them."""
    buildkit_features: NotRequired[bool]
    """Whether Dockerfiles use what only BuildKit does in full, such as `RUN --mount=type=cache` and `type=secret`.
    Defaults to false."""
    user_namespaces: NotRequired[UserNamespaces]
    """Whether the host has unprivileged user namespaces. Defaults to unknown."""


class BuildStationArgs(TypedDict):
    """Arguments of `BuildStation`: exactly one of `gitlab` and `github`.

    All but what the two hold, and the values of variables and secrets, are plain values, checked before anything is
    created. Only the sections of the chosen way to build and of the chosen forge are used.
    """

    builder: Builder
    """The way to build: dind, dood, buildkit, kaniko; or auto, which follows `needs`. A change replaces the daemon,
    drains and replaces the runner, and renders another pipeline."""
    gitlab: NotRequired[GitLabArgs]
    """GitLab, and the runner's place in it."""
    project: NotRequired[ProjectSectionArgs]
    """What is set at GitLab. Defaults to none: GitLab is set up by hand."""
    runner: NotRequired[RunnerSectionArgs]
    """The GitLab runner. Defaults to one job at a time."""
    pipeline: NotRequired[GitLabPipelineArgs]
    """The pipeline that the station renders. GitLab needs it."""
    github: NotRequired[GitHubArgs]
    """GitHub, and the credential that registers runners there."""
    repository: NotRequired[RepositorySectionArgs]
    """What is set at GitHub. Defaults to none: GitHub is set up by hand."""
    github_runner: NotRequired[GitHubRunnerSectionArgs]
    """The GitHub runners. Defaults to one job at a time."""
    workflow: NotRequired[GitHubWorkflowArgs]
    """The workflow that the station renders. Defaults to one that pushes to the repository's own package."""
    needs: NotRequired[NeedsArgs]
    """What `builder: auto` goes by. Defaults to the cautious answers."""
    registries: NotRequired[RegistriesArgs]
    """Mirrors and registries without TLS, for every way to build. Defaults to none."""
    dind: NotRequired[DindDaemonArgs]
    """The daemon of `builder: dind`, which demands a word of consent. The station gives it its name."""
    dood: NotRequired[HostDaemonArgs]
    """The daemon of `builder: dood`, which demands a word of consent."""
    buildkit: NotRequired[BuildkitDaemonArgs]
    """The daemon of `builder: buildkit`."""
    kaniko: NotRequired[KanikoArgs]
    """What jobs find with `builder: kaniko`."""
    cleanup: NotRequired[CleanupSectionArgs]
    """What cleans the daemon. With `kaniko` there is none, and nothing to clean. Defaults to none: the disk fills."""
    drain: NotRequired[DrainSectionArgs]
    """What pauses the GitLab runner before it goes; it needs `gitlab.api_token` and `project.registration`. GitHub has
    no pause for runners, and needs none: each takes one job. Defaults to none: the runner ends its jobs unpaused."""
    metrics: NotRequired[MetricsSectionArgs]
    """Where Prometheus finds the station's metrics. Runner and daemon serve them then; turning it on replaces both once.
    Defaults to none."""
    keep_caches: NotRequired[bool]
    """Whether the volumes of the ways that are not in use stay, so that switching back finds its caches. Defaults to
    true."""
