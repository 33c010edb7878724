"""The arguments of `GitLabProject`: what a person writes."""

from typing import NotRequired, TypedDict

import pulumi

from ci_runners.recommend import Trust
from ci_runners.render.gitlab_project import (
    CleanupCadence,
    ForkingAccess,
    GitLabRunnerAccess,
    GitLabRunnerType,
    OverrideRole,
)


class GitLabRegistrationArgs(TypedDict):
    """A runner as GitLab knows it (GitLab docs, Users API, Create a runner linked to a user)."""

    runner_type: NotRequired[GitLabRunnerType]
    """Whose jobs it takes. Defaults to project_type with a project, and to group_type with a group."""
    description: NotRequired[str]
    """What GitLab's pages call it. Defaults to the component's name."""
    tags: NotRequired[list[str]]
    """Tags beside those of the connection. Defaults to none."""
    untagged: NotRequired[bool]
    """Whether it takes jobs without a tag too. Defaults to false: only jobs that ask for this daemon reach it."""
    locked: NotRequired[bool]
    """Whether other projects are kept from enabling it. Defaults to true unless `enabled_projects` names some."""
    access_level: NotRequired[GitLabRunnerAccess]
    """ref_protected: only jobs of protected branches and tags. Defaults to not_protected."""
    maximum_timeout: NotRequired[int]
    """Seconds after which GitLab ends a job on it, 600 or more. Defaults to the project's limit."""
    paused: NotRequired[bool]
    """Whether it takes no new jobs. Defaults to false."""
    rotate: NotRequired[str]
    """Any text, such as a date: another one registers anew, and the old token is worth nothing from then on. A running
    runner gets the new token without losing a job. Defaults to none."""


class GitLabVariableArgs(TypedDict):
    """A CI/CD variable that holds no secret."""

    key: str
    """Its name: letters, digits and _."""
    value: str
    """Its value, up to 10,000 characters. It is shown in previews."""
    masked: NotRequired[bool]
    """Whether GitLab hides the value in jobs' logs. Defaults to false."""
    hidden: NotRequired[bool]
    """Whether GitLab's pages and API keep the value to themselves for good. Needs masked. Defaults to false."""
    protected: NotRequired[bool]
    """Whether only jobs of protected branches and tags get it. Defaults to false."""
    raw: NotRequired[bool]
    """Whether GitLab leaves a $NAME in the value as it is. Defaults to true."""
    environment_scope: NotRequired[str]
    """The environments whose jobs get it, like review/*. Defaults to * for all."""
    variable_type: NotRequired[str]
    """env_var, or file: the variable is the path of a file with the value. Defaults to env_var."""
    description: NotRequired[str]
    """What it is for, on GitLab's pages. Defaults to none."""


class GitLabSecretVariableArgs(TypedDict):
    """A CI/CD variable that holds a secret."""

    key: str
    """Its name: letters, digits and _."""
    value: NotRequired[pulumi.Input[str]]
    """Its value. A secret, whether marked as one or not. Defaults to the one under its key in `secret_values`."""
    masked: NotRequired[bool]
    """Whether GitLab hides the value in jobs' logs: then it must be one line of 8 characters or more without spaces
    (GitLab docs, Mask a CI/CD variable). Defaults to true."""
    hidden: NotRequired[bool]
    """Whether GitLab's pages and API keep the value to themselves for good: a change made there goes unseen. Defaults
    to false."""
    protected: NotRequired[bool]
    """Whether only jobs of protected branches and tags get it. Defaults to true: any other branch can print it."""
    raw: NotRequired[bool]
    """Whether GitLab leaves a $NAME in the value as it is. Defaults to true."""
    environment_scope: NotRequired[str]
    """The environments whose jobs get it, like review/*. Defaults to * for all."""
    variable_type: NotRequired[str]
    """env_var, or file: the variable is the path of a file with the value. Defaults to env_var."""
    description: NotRequired[str]
    """What it is for, on GitLab's pages. Defaults to none."""


class JobTokenScopeArgs(TypedDict):
    """Whose jobs may reach into the project with their job token. It is on, with nobody else, as soon as it is given."""

    projects: NotRequired[list[str]]
    """Full paths or numbers of projects. Defaults to none but the project itself."""
    groups: NotRequired[list[str]]
    """Full paths or numbers of groups. Defaults to none."""


class ProtectedBranchArgs(TypedDict):
    """A protected branch. `pulumi destroy` leaves it protected."""

    branch: str
    """Its name, or a pattern like release/*."""
    push_access_level: NotRequired[str]
    """The least role that may push: no one, developer, maintainer or admin. Defaults to maintainer."""
    merge_access_level: NotRequired[str]
    """The least role that may merge, from the same four. Defaults to maintainer."""
    allow_force_push: NotRequired[bool]
    """Whether those who may push may also rewrite its history. Defaults to false."""


class PipelineFileSectionArgs(TypedDict):
    """Where a pipeline is committed, and how."""

    path: NotRequired[str]
    """Where it lies. Defaults to .gitlab-ci.yml."""
    branch: NotRequired[str]
    """The branch that it is committed to. Defaults to the project's default branch."""
    commit_message: NotRequired[str]
    """Defaults to one that names the file."""
    overwrite: NotRequired[bool]
    """Whether it takes the place of a file that is there already, which `pulumi destroy` then removes. Defaults to
    false: GitLab refuses."""


class PipelineFileArgs(PipelineFileSectionArgs):
    """The pipeline as a file of the repository: each change is a commit, which starts the pipeline."""

    content: pulumi.Input[str]
    """The text, such as a station's `pipeline` output."""


class PipelineScheduleArgs(TypedDict):
    """A pipeline that runs by the clock, such as the weekly clean-up of a cache."""

    description: str
    """What it is for."""
    cron: NotRequired[str]
    """When, in cron's five fields. Defaults to 0 3 * * 0: Sundays at three."""
    cron_timezone: NotRequired[str]
    """The time zone of `cron`. Defaults to UTC."""
    ref: NotRequired[str]
    """The branch that it runs on. Defaults to the project's default branch."""
    active: NotRequired[bool]
    """Whether it runs. Defaults to true."""
    variables: NotRequired[dict[str, str]]
    """Variables of its runs; not for secrets. Defaults to none."""


class RegistryCleanupArgs(TypedDict):
    """When GitLab removes image tags from the project's container registry. Removed is removed."""

    cadence: NotRequired[CleanupCadence]
    """How often. Defaults to 7d."""
    keep_n: NotRequired[int]
    """How many of the newest tags of each image stay: 1, 5, 10, 25, 50 or 100. Defaults to 10."""
    older_than: NotRequired[str]
    """Only tags of this age go: 7d, 14d, 30d, 60d or 90d. Defaults to 14d."""
    name_regex_delete: NotRequired[str]
    """Which tags may go, as an RE2 pattern. Defaults to .* for all."""
    name_regex_keep: NotRequired[str]
    """Which tags stay in any case. Defaults to none; `latest` always stays."""


class GitLabSettingsArgs(TypedDict):
    """Settings of the project that match the level of trust.

    The first `pulumi up` takes the project over (`imported`) and sets them; all others stay as they are. `pulumi destroy`
    leaves the project, and them, as they are then.
    """

    trust: Trust
    """Who can run code in jobs: one-team, several-teams or untrusted. What is not said below follows it."""
    shared_runners_enabled: NotRequired[bool]
    """Whether the instance's runners take the project's jobs. Defaults to false."""
    group_runners_enabled: NotRequired[bool]
    """Whether its groups' runners do. Defaults to true with one-team, else to false."""
    forking_access_level: NotRequired[ForkingAccess]
    """Who may fork it. Defaults to enabled with untrusted, whose merge requests come from forks, else to private:
    members only."""
    public_jobs: NotRequired[bool]
    """Whether everybody who sees the code sees jobs and their logs. Defaults to false."""
    protect_merge_request_pipelines: NotRequired[bool]
    """Whether merge requests between protected branches get protected variables and runners. Defaults to true with
    one-team, else to false."""
    ci_pipeline_variables_minimum_override_role: NotRequired[OverrideRole]
    """The least role that may give a pipeline variables when it is started. Defaults to maintainer with one-team, else
    to no_one_allowed."""
    ci_push_repository_for_job_token_allowed: NotRequired[bool]
    """Whether a job may push to the repository with its token. Defaults to false."""
    ci_separated_caches: NotRequired[bool]
    """Whether jobs of protected branches have caches of their own. Defaults to true."""
    build_timeout: NotRequired[int]
    """Seconds after which GitLab ends a job, 600 or more. Defaults to what the project has."""
    registry_cleanup: NotRequired[RegistryCleanupArgs]
    """When old image tags are removed. Defaults to what the project has."""


class GitLabProjectBaseArgs(TypedDict):
    """What `GitLabProject` and a station's `project` have in common."""

    project: NotRequired[str]
    """Full path (team/app) or number of an existing project."""
    group: NotRequired[str]
    """Full path or number of an existing group. It takes `registration` and variables."""
    registration: NotRequired[GitLabRegistrationArgs]
    """The runner to register; an empty one has every default. Defaults to none."""
    enabled_projects: NotRequired[list[str]]
    """Full paths or numbers of further projects that may use the runner. Defaults to none."""
    variables: NotRequired[list[GitLabVariableArgs]]
    """CI/CD variables that hold no secret. Defaults to none."""
    secret_variables: NotRequired[list[GitLabSecretVariableArgs]]
    """CI/CD variables that hold a secret. Defaults to none."""
    secret_values: NotRequired[pulumi.Input[dict[str, str]]]
    """Values of `secret_variables` by key, for a program that has them all in one output. Secrets, whether marked as
    such or not. Defaults to none."""
    job_token_scope: NotRequired[JobTokenScopeArgs]
    """Whose jobs may reach into the project. Defaults to what the project has."""
    protected_branches: NotRequired[list[ProtectedBranchArgs]]
    """Branches to protect. Defaults to what the project has."""
    schedules: NotRequired[list[PipelineScheduleArgs]]
    """Pipelines that run by the clock. Defaults to none."""
    settings: NotRequired[GitLabSettingsArgs]
    """Settings of the project. Defaults to what the project has."""


class GitLabProjectArgs(GitLabProjectBaseArgs):
    """Arguments of `GitLabProject`: exactly one of `project` and `group`, and what is to be done with it.

    `connection`, a secret's value and the pipeline's content may be outputs; the rest are plain values, checked before
    anything is created.
    """

    connection: NotRequired[pulumi.Input[str]]
    """The `connection` output of a daemon: its tags go to the runner, its environment into variables."""
    connection_variables: NotRequired[bool]
    """Whether the environment that the connection gives to jobs becomes CI/CD variables too, which every runner of the
    project gets. Defaults to true where there is a connection."""
    pipeline_file: NotRequired[PipelineFileArgs]
    """The pipeline to commit. Defaults to none."""


class ProjectSectionArgs(GitLabProjectBaseArgs):
    """What of a `GitLabProject` a station does not wire itself."""

    connection_variables: NotRequired[bool]
    """Whether the environment that the connection gives to jobs becomes CI/CD variables too, which every runner of the
    project gets. Defaults to false: the station's runner gives it to jobs, so that a switch of the way to build changes
    it with the runner, not under it."""
    pipeline_file: NotRequired[PipelineFileSectionArgs]
    """Where the station commits the pipeline that it renders. Defaults to none: it is not committed."""
