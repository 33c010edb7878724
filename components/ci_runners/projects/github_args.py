"""The arguments of `GitHubRepository`: what a person writes."""

from typing import NotRequired, TypedDict

import pulumi

from ci_runners.render.github_repository import AllowedActions, TokenPermissions


class ActionsPermissionsArgs(TypedDict):
    """What a repository's workflows may use and do (GitHub docs, Managing GitHub Actions settings for a repository)."""

    managed: NotRequired[bool]
    """Whether these settings are set at all; the token needs write access to the repository's Administration for it.
    Defaults to true."""
    allowed_actions: NotRequired[AllowedActions]
    """Which actions may be used: all, local_only, selected. Defaults to selected."""
    github_owned_allowed: NotRequired[bool]
    """Where selected: whether those of GitHub itself may be used. Defaults to true."""
    verified_allowed: NotRequired[bool]
    """Where selected: whether those of verified creators may be used. Defaults to false."""
    patterns_allowed: NotRequired[list[str]]
    """Where selected: further ones, as OWNER/ACTION@REF or OWNER/*. Defaults to those that this package's workflows
    use."""
    sha_pinning_required: NotRequired[bool]
    """Whether an action has to be named with a whole commit. Defaults to true."""
    default_workflow_permissions: NotRequired[TokenPermissions]
    """What a job's token may do where its workflow does not say: read, write. Defaults to read."""
    can_approve_pull_request_reviews: NotRequired[bool]
    """Whether workflows may approve pull requests. Defaults to false."""


class RepositoryEnvironmentArgs(TypedDict):
    """An environment that workflows deploy to.

    Timers, reviewers and, in private repositories, environments at all are not in every plan of GitHub's (GitHub docs,
    Deployments and environments).
    """

    wait_timer: NotRequired[int]
    """Minutes that a job waits, up to 43200. Defaults to 0."""
    reviewer_users: NotRequired[list[int]]
    """Numbers of users of whom one has to approve; up to 6 users and teams. Defaults to none."""
    reviewer_teams: NotRequired[list[int]]
    """Numbers of teams of whom a member has to approve. Defaults to none."""
    prevent_self_review: NotRequired[bool]
    """Whether who started a job may not approve it. Defaults to false."""
    can_admins_bypass: NotRequired[bool]
    """Whether administrators may pass over all of this. Defaults to false."""
    protected_branches: NotRequired[bool]
    """Whether every protected branch may deploy, and no other. Where none is protected, GitHub lets all. Defaults to
    false."""
    branches: NotRequired[list[str]]
    """Patterns of branches that may deploy. Defaults to the default branch alone where tags has none either."""
    tags: NotRequired[list[str]]
    """Patterns of tags that may deploy. Defaults to none."""
    variables: NotRequired[dict[str, pulumi.Input[str]]]
    """Variables of jobs that deploy there, by name, up to 48 KB each. Defaults to none."""
    secrets: NotRequired[dict[str, pulumi.Input[str]]]
    """Secrets of jobs that deploy there, by name, up to 48 KB each. Secrets, whether marked as such or not. Defaults to
    none."""


class RunnerGroupArgs(TypedDict):
    """A group of an organization's runners, for the named repositories only."""

    name: str
    """Name of the group in the organization."""
    restricted_to_workflows: NotRequired[bool]
    """Whether only jobs of certain workflows get its runners. Defaults to true."""
    selected_workflows: NotRequired[list[str]]
    """Which, as OWNER/REPOSITORY/.github/workflows/FILE.yml@REF. Defaults to the one of `workflow_file`, on its
    branch."""


class WorkflowFileSectionArgs(TypedDict):
    """Where a workflow is committed, and how."""

    path: NotRequired[str]
    """Its path, in .github/workflows. Defaults to .github/workflows/build.yml."""
    branch: NotRequired[str]
    """The branch it is committed to. Defaults to the repository's default branch."""
    commit_message: NotRequired[str]
    """Defaults to one that names the file."""
    commit_author: NotRequired[str]
    """Name of the commit's author, beside commit_email. Defaults to the token's owner."""
    commit_email: NotRequired[str]
    """Address of the commit's author. Defaults to the token's owner's."""
    overwrite_on_create: NotRequired[bool]
    """Whether a file that is there already is overwritten. Defaults to false: it is refused."""


class WorkflowFileArgs(WorkflowFileSectionArgs):
    """A workflow that is committed to the repository, after everything that it needs is set."""

    content: pulumi.Input[str]
    """The workflow, as `python -m ci_runners render github` prints it."""


class GitHubRepositoryBaseArgs(TypedDict):
    """What `GitHubRepository` and a station's `repository` have in common."""

    repository: NotRequired[str]
    """Name of an existing repository, without its owner."""
    organization: NotRequired[str]
    """Name of the organization, for what its repositories share: variables, secrets, a runner group."""
    repositories: NotRequired[list[str]]
    """Beside organization: names of the repositories that may use what is shared."""
    variables: NotRequired[dict[str, pulumi.Input[str]]]
    """Actions variables by name, up to 48 KB each; not for secrets. Defaults to those of the connection."""
    secrets: NotRequired[dict[str, pulumi.Input[str]]]
    """Actions secrets by name, up to 48 KB each. Secrets, whether marked as such or not. Defaults to none."""
    environments: NotRequired[dict[str, RepositoryEnvironmentArgs]]
    """Environments of the repository, by name. Defaults to none."""
    runner_group: NotRequired[RunnerGroupArgs]
    """A runner group of the organization, for this repository, or for `repositories`. Defaults to none."""
    permissions: NotRequired[ActionsPermissionsArgs]
    """What the repository's workflows may use and do. Defaults to what this package's workflows need."""
    accept_fork_pull_requests: NotRequired[bool]
    """Whether a repository is accepted whose pull requests from forks run workflows: a public one, or a private one
    with that setting. Their code runs on the runners, with what those can reach. Defaults to false."""


class GitHubRepositoryArgs(GitHubRepositoryBaseArgs):
    """Arguments of `GitHubRepository`: exactly one of `repository` and `organization`. The owner is the provider's."""

    connection: NotRequired[pulumi.Input[str]]
    """The `connection` output of a daemon. Its labels become the variable RUNS_ON, and what a client needs to reach it
    the variable JOB_ENVIRONMENT, both as JSON. Defaults to none."""
    workflow_file: NotRequired[WorkflowFileArgs]
    """The workflow to commit. Defaults to none."""


class RepositorySectionArgs(GitHubRepositoryBaseArgs):
    """What of a `GitHubRepository` a station does not wire itself."""

    workflow_file: NotRequired[WorkflowFileSectionArgs]
    """Where the station commits the workflow that it renders. Defaults to none: it is not committed."""
