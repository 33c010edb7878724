"""What `GitLabProject` tells GitLab, as plain data, with the settings that match each level of trust."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ci_runners.recommend import Trust
from ci_runners.render.ci_variables import PlainVariable, SecretVariable

PIPELINE_PATH = ".gitlab-ci.yml"
WEEKLY = "0 3 * * 0"
"""Sundays at three: when a cache is cleaned up that nobody has used for a week."""


class GitLabRunnerType(str, Enum):
    """Whose jobs a runner takes (GitLab docs, Manage runners)."""

    PROJECT = "project_type"
    """Those of the projects for which it is enabled."""
    GROUP = "group_type"
    """Those of every project of a group."""
    INSTANCE = "instance_type"
    """Those of every project of the instance."""


class GitLabRunnerAccess(str, Enum):
    """Which jobs a runner takes: all, or only those of protected branches and tags."""

    NOT_PROTECTED = "not_protected"
    """All."""
    REF_PROTECTED = "ref_protected"
    """Those of protected branches and tags."""


class BranchAccess(str, Enum):
    """The least role that may do something to a protected branch."""

    NO_ONE = "no one"
    DEVELOPER = "developer"
    MAINTAINER = "maintainer"
    ADMIN = "admin"


class ForkingAccess(str, Enum):
    """Who may fork a project: nobody, its members, or everybody who sees it."""

    DISABLED = "disabled"
    """Nobody."""
    PRIVATE = "private"
    """Its members."""
    ENABLED = "enabled"
    """Everybody who sees it."""


class OverrideRole(str, Enum):
    """The least role that may give a pipeline variables of its own when it is started."""

    DEVELOPER = "developer"
    """Developers, and who may more."""
    MAINTAINER = "maintainer"
    """Maintainers and owners."""
    OWNER = "owner"
    """Owners alone."""
    NO_ONE = "no_one_allowed"
    """Nobody."""


class CleanupCadence(str, Enum):
    """How often GitLab cleans a container registry up."""

    DAILY = "1d"
    """Every day."""
    WEEKLY = "7d"
    """Every week."""
    FORTNIGHTLY = "14d"
    """Every second week."""
    MONTHLY = "1month"
    """Every month."""
    QUARTERLY = "3month"
    """Every third month."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A runner as GitLab knows it. Defaults are explained on `GitLabRegistrationArgs`."""

    runner_type: GitLabRunnerType | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    untagged: bool = False
    locked: bool | None = None
    access_level: GitLabRunnerAccess = GitLabRunnerAccess.NOT_PROTECTED
    maximum_timeout: int | None = None
    paused: bool = False
    rotate: str = ""


@dataclass(frozen=True, kw_only=True)
class JobTokenScope:
    """Whose jobs may reach into the project with their job token."""

    projects: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ProtectedBranch:
    """A protected branch, or a pattern of them."""

    branch: str
    push_access_level: BranchAccess = BranchAccess.MAINTAINER
    merge_access_level: BranchAccess = BranchAccess.MAINTAINER
    allow_force_push: bool = False


@dataclass(frozen=True, kw_only=True)
class PipelineFile:
    """The pipeline in the project's repository. Its content may be known later."""

    path: str = PIPELINE_PATH
    branch: str | None = None
    commit_message: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, kw_only=True)
class PipelineSchedule:
    """A pipeline that runs by the clock."""

    description: str
    cron: str = WEEKLY
    cron_timezone: str = "UTC"
    ref: str | None = None
    active: bool = True
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RegistryCleanup:
    """When GitLab removes image tags from the project's container registry."""

    cadence: CleanupCadence = CleanupCadence.WEEKLY
    keep_n: int = 10
    older_than: str = "14d"
    name_regex_delete: str = ".*"
    name_regex_keep: str = ""


@dataclass(frozen=True, kw_only=True)
class GitLabSettings:
    """Settings of the project. What is None follows `trust`; a time limit and the clean-up stay as they are."""

    trust: Trust
    shared_runners_enabled: bool | None = None
    group_runners_enabled: bool | None = None
    forking_access_level: ForkingAccess | None = None
    public_jobs: bool | None = None
    protect_merge_request_pipelines: bool | None = None
    ci_pipeline_variables_minimum_override_role: OverrideRole | None = None
    ci_push_repository_for_job_token_allowed: bool | None = None
    ci_separated_caches: bool | None = None
    build_timeout: int | None = None
    registry_cleanup: RegistryCleanup | None = None


@dataclass(frozen=True, kw_only=True)
class GitLabProjectSpec:
    """Everything about a project or group that is known before anything exists."""

    project: str | None = None
    group: str | None = None
    registration: Registration | None = None
    enabled_projects: tuple[str, ...] = ()
    connection_variables: bool | None = None
    variables: tuple[PlainVariable, ...] = ()
    secret_variables: tuple[SecretVariable, ...] = ()
    job_token_scope: JobTokenScope | None = None
    protected_branches: tuple[ProtectedBranch, ...] = ()
    pipeline_file: PipelineFile | None = None
    schedules: tuple[PipelineSchedule, ...] = ()
    settings: GitLabSettings | None = None


TRUSTED: dict[str, dict[Trust, object]] = {
    # Jobs run on the runner that was made for them, not on whatever the instance offers.
    "shared_runners_enabled": dict.fromkeys(Trust, False),
    # A group's runner is shared by its projects: between teams that must not see one another it is a way around.
    "group_runners_enabled": {Trust.ONE_TEAM: True, Trust.SEVERAL_TEAMS: False, Trust.UNTRUSTED: False},
    # A fork's pipelines run in the fork. Where strangers are to send merge requests, they need one.
    "forking_access_level": {
        Trust.ONE_TEAM: ForkingAccess.PRIVATE,
        Trust.SEVERAL_TEAMS: ForkingAccess.PRIVATE,
        Trust.UNTRUSTED: ForkingAccess.ENABLED,
    },
    # A job's log shows more than anybody who may read the code should see.
    "public_jobs": dict.fromkeys(Trust, False),
    # True lets merge requests between protected branches have protected variables and runners (GitLab docs, Merge
    # request pipelines): the name sounds like the opposite.
    "protect_merge_request_pipelines": {
        Trust.ONE_TEAM: True,
        Trust.SEVERAL_TEAMS: False,
        Trust.UNTRUSTED: False,
    },
    # Whoever gives a pipeline variables can give it another DOCKER_HOST.
    "ci_pipeline_variables_minimum_override_role": {
        Trust.ONE_TEAM: OverrideRole.MAINTAINER,
        Trust.SEVERAL_TEAMS: OverrideRole.NO_ONE,
        Trust.UNTRUSTED: OverrideRole.NO_ONE,
    },
    "ci_push_repository_for_job_token_allowed": dict.fromkeys(Trust, False),
    # Or a job of any branch could put something into the cache that a protected one runs.
    "ci_separated_caches": dict.fromkeys(Trust, True),
}
"""What a level of trust means for each setting that follows it."""


def project_settings(settings: GitLabSettings) -> dict[str, Any]:
    """The settings by their names in pulumi_gitlab.Project, those that follow the level of trust included."""
    said: dict[str, Any] = {}
    for name, by_trust in TRUSTED.items():
        given = getattr(settings, name)
        value = by_trust[settings.trust] if given is None else given
        said[name] = value.value if isinstance(value, Enum) else value
    if settings.build_timeout is not None:
        said["build_timeout"] = settings.build_timeout
    if settings.registry_cleanup is not None:
        said["container_expiration_policy"] = _cleanup_policy(settings.registry_cleanup)
    return said


def _cleanup_policy(cleanup: RegistryCleanup) -> dict[str, object]:
    return {
        "enabled": True,
        "cadence": cleanup.cadence.value,
        "keep_n": cleanup.keep_n,
        "older_than": cleanup.older_than,
        "name_regex_delete": cleanup.name_regex_delete,
        "name_regex_keep": cleanup.name_regex_keep,
    }


def runner_type(spec: GitLabProjectSpec) -> GitLabRunnerType:
    """Whose jobs the runner takes: the project's or the group's, unless it says otherwise."""
    if spec.registration is not None and spec.registration.runner_type is not None:
        return spec.registration.runner_type
    return GitLabRunnerType.GROUP if spec.group else GitLabRunnerType.PROJECT


def is_locked(spec: GitLabProjectSpec) -> bool:
    """Whether other projects are kept from enabling the runner: yes, unless some are to have it."""
    given = spec.registration.locked if spec.registration is not None else None
    return not spec.enabled_projects if given is None else given
