"""What is set at GitHub for one repository, or for an organization's repositories: the spec, and what is wrong with one.

Values that may be outputs (variables, secrets, the workflow's text) are no part of the spec: `github_values` has their
rules.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from ci_runners.problems import Problem
from ci_runners.render.actions import ACTIONS
from ci_runners.render.github_environments import EnvironmentSpec, environment_problems
from ci_runners.render.github_values import JOB_ENVIRONMENT, RUNS_ON, Found, Level, name_problems
from ci_runners.validate import Rules

DEFAULT_GROUP = "Default"
"""The runner group that every organization has, and that every of its repositories may use."""

_REPOSITORY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_ORGANIZATION = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}")
_BRANCH = re.compile(r"(?!refs/|[/.-])(?!.*(?:\.\.|//|@\{|\.lock$))[^\s~^:?*\[\\\x00-\x1f\x7f]+(?<![/.])")
_WORKFLOW = re.compile(r"\.github/workflows/[^/\s]+\.ya?ml")
_SELECTED_WORKFLOW = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+/\.github/workflows/[^/\s@]+\.ya?ml@[^\s~^:?*\[\\]+"
)
_ACTIONS = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/(?:\*|[A-Za-z0-9._-]+(?:/[^\s@*]+)?@[^\s@]+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class AllowedActions(str, Enum):
    """Which actions and reusable workflows a repository's workflows may use, in GitHub's words."""

    ALL = "all"
    """Whatever there is."""
    LOCAL_ONLY = "local_only"
    """Those of the repository's owner."""
    SELECTED = "selected"
    """Those that are named."""


class TokenPermissions(str, Enum):
    """What a job's GITHUB_TOKEN may do where its workflow does not say, in GitHub's words."""

    READ = "read"
    """Read the repository's content and packages."""
    WRITE = "write"
    """Change everything that a token's scopes can name."""


@dataclass(frozen=True, kw_only=True)
class PermissionsSpec:
    """What a repository's workflows may use and do."""

    managed: bool = True
    allowed_actions: AllowedActions = AllowedActions.SELECTED
    github_owned_allowed: bool = True
    verified_allowed: bool = False
    patterns_allowed: tuple[str, ...] | None = None
    sha_pinning_required: bool = True
    default_workflow_permissions: TokenPermissions = TokenPermissions.READ
    can_approve_pull_request_reviews: bool = False


@dataclass(frozen=True, kw_only=True)
class RunnerGroupSpec:
    """A group of an organization's runners."""

    name: str
    restricted_to_workflows: bool = True
    selected_workflows: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WorkflowFileSpec:
    """Where a workflow is committed, and as what."""

    path: str = ".github/workflows/build.yml"
    branch: str | None = None
    commit_message: str | None = None
    commit_author: str | None = None
    commit_email: str | None = None
    overwrite_on_create: bool = False


@dataclass(frozen=True, kw_only=True)
class GitHubRepositorySpec:
    """Everything about a repository or an organization that is known before anything exists."""

    repository: str | None = None
    organization: str | None = None
    repositories: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    environments: dict[str, EnvironmentSpec] = field(default_factory=dict)
    runner_group: RunnerGroupSpec | None = None
    permissions: PermissionsSpec | None = None
    workflow_file: WorkflowFileSpec | None = None
    accept_fork_pull_requests: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The repositories that it is about."""
        return self.repositories if self.repository is None else (self.repository,)


def plain_args(args: Mapping[str, object]) -> dict[str, object]:
    """The arguments as the spec has them: of values that may be outputs only the names."""
    plain = {key: value for key, value in args.items() if key != "connection"}
    plain = _named(plain)
    if isinstance(environments := plain.get("environments"), Mapping):
        plain["environments"] = {
            name: _named(given) if isinstance(given, Mapping) else given
            for name, given in environments.items()
        }
    if isinstance(file := plain.get("workflow_file"), Mapping):
        plain["workflow_file"] = {key: value for key, value in file.items() if key != "content"}
    return plain


def _named(given: Mapping[str, object]) -> dict[str, object]:
    kept = {"variables", "secrets"}
    return {
        key: list(value) if key in kept and isinstance(value, Mapping) else value
        for key, value in given.items()
    }


def allowed_patterns(spec: PermissionsSpec) -> list[str]:
    """The actions that may be used beside GitHub's own: by default those of this package's workflows."""
    if spec.patterns_allowed is not None:
        return list(spec.patterns_allowed)
    owners = {"actions", "github"} if spec.github_owned_allowed else set()
    return sorted(f"{each.name}@*" for each in ACTIONS if each.name.split("/")[0] not in owners)


def selected_workflows(spec: GitHubRepositorySpec, found: Found) -> list[str]:
    """The workflows whose jobs may use the group's runners: those named, else the one that is committed here."""
    group, file = spec.runner_group, spec.workflow_file
    if group is None or not group.restricted_to_workflows:
        return []
    if group.selected_workflows or file is None:
        return list(group.selected_workflows)
    return [f"{found.full_name}/{file.path}@refs/heads/{file.branch or found.default_branch}"]


def runner_url(spec: GitHubRepositorySpec, found: Found) -> str:
    """Where a runner registers: the organization where there is a runner group, which only that has."""
    url = found.html_url or ""
    shared = spec.organization is not None or spec.runner_group is not None
    return url.rpartition("/")[0] if shared else url


def repository_problems(name: str, spec: GitHubRepositorySpec, *, connected: bool) -> list[Problem]:
    """Everything that is wrong with a repository's plain arguments."""
    rules = Rules(component=f"GitHubRepository {name!r}")
    level = Level.ORGANIZATION if spec.organization is not None else Level.REPOSITORY
    taken = (RUNS_ON, JOB_ENVIRONMENT) if connected else ()
    return [
        *_target_problems(spec, rules),
        *name_problems(rules, "variables", spec.variables, level, taken=taken),
        *name_problems(rules, "secrets", spec.secrets, level),
        *environment_problems(spec.environments, rules),
        *_group_problems(spec, rules),
        *_permission_problems(spec.permissions or PermissionsSpec(), rules),
        *_file_problems(spec.workflow_file, rules),
    ]


def _target_problems(spec: GitHubRepositorySpec, rules: Rules) -> Iterator[Problem]:
    given = [name for name in (spec.repository, spec.organization) if name is not None]
    if len(given) != 1:
        fix = "name the repository to set up, or the organization whose repositories share something"
        yield rules.problem("repository", given or None, "exactly one of repository and organization", fix)
    if spec.organization is not None:
        yield from _organization_problems(spec, rules)
    elif spec.repositories:
        fix = "leave it out, or give organization instead of repository"
        yield rules.problem("repositories", list(spec.repositories), "none beside repository", fix)
    for at, name in enumerate(spec.names):
        if not _REPOSITORY.fullmatch(name) or name.endswith(".git"):
            where = "repository" if spec.repository is not None else f"repositories[{at}]"
            fix = "write it without its owner, which is the provider's, and without .git"
            yield rules.problem(where, name, "a repository's name: up to 100 letters, digits, . _ -", fix)
    yield from rules.no_repeats("repositories", spec.repositories)


def _organization_problems(spec: GitHubRepositorySpec, rules: Rules) -> Iterator[Problem]:
    if not _ORGANIZATION.fullmatch(spec.organization or ""):
        fix = "write it as in https://github.com/NAME"
        yield rules.problem("organization", spec.organization, "an organization's name", fix)
    for only in ("environments", "permissions", "workflow_file"):
        if getattr(spec, only):
            fix = "set it with repository, for each of them"
            yield rules.problem(only, "a value", "none beside organization: it is a repository's", fix)
    if not spec.repositories:
        fix = "name the repositories that may use the variables, the secrets and the runner group"
        yield rules.problem("repositories", [], "at least one repository", fix)


def _group_problems(spec: GitHubRepositorySpec, rules: Rules) -> Iterator[Problem]:
    group = spec.runner_group
    if group is None:
        return
    if not group.name.strip() or group.name.lower() == DEFAULT_GROUP.lower() or _CONTROL.search(group.name):
        expected = f"a name of its own: {DEFAULT_GROUP} is the group that every repository may use"
        yield rules.problem("runner_group.name", group.name, expected, "write it like image-builders")
    if group.restricted_to_workflows and not group.selected_workflows and spec.workflow_file is None:
        yield rules.problem(
            "runner_group.selected_workflows",
            [],
            "the workflows whose jobs may use the runners: any workflow of the repositories could otherwise",
            "name them, commit one as workflow_file, or set restricted_to_workflows: false",
        )
    if not group.restricted_to_workflows and group.selected_workflows:
        fix = "leave restricted_to_workflows out, or the workflows"
        expected = "none where the group is not restricted_to_workflows: GitHub would not look at them"
        yield rules.problem("runner_group.selected_workflows", list(group.selected_workflows), expected, fix)
    for at, workflow in enumerate(group.selected_workflows):
        if not _SELECTED_WORKFLOW.fullmatch(workflow):
            yield rules.problem(
                f"runner_group.selected_workflows[{at}]",
                workflow,
                "OWNER/REPOSITORY/.github/workflows/FILE.yml@REF, with a branch, a tag or a whole commit",
                "write it like octo-org/app/.github/workflows/build.yml@refs/heads/main",
            )
    yield from rules.no_repeats("runner_group.selected_workflows", group.selected_workflows)


def _permission_problems(spec: PermissionsSpec, rules: Rules) -> Iterator[Problem]:
    patterns = spec.patterns_allowed or ()
    if patterns and spec.allowed_actions is not AllowedActions.SELECTED:
        fix = "leave them out, or set allowed_actions: selected"
        expected = "none where allowed_actions is not selected"
        yield rules.problem("permissions.patterns_allowed", list(patterns), expected, fix)
    for at, pattern in enumerate(patterns):
        if not _ACTIONS.fullmatch(pattern):
            expected = "OWNER/ACTION@REF or OWNER/*, where REF may be *"
            fix = "write it like docker/login-action@*; for every action there is allowed_actions: all"
            yield rules.problem(f"permissions.patterns_allowed[{at}]", pattern, expected, fix)


def _file_problems(spec: WorkflowFileSpec | None, rules: Rules) -> Iterator[Problem]:
    if spec is None:
        return
    if not _WORKFLOW.fullmatch(spec.path):
        fix = "write it like .github/workflows/build.yml: GitHub looks in no other folder"
        yield rules.problem("workflow_file.path", spec.path, "a .yml file in .github/workflows", fix)
    if spec.branch is not None and not _BRANCH.fullmatch(spec.branch):
        fix = "write it like main"
        yield rules.problem("workflow_file.branch", spec.branch, "a branch's name, without refs/heads/", fix)
    if (spec.commit_author is None) != (spec.commit_email is None):
        fix = "give both, or neither: then the commit is the token's owner's"
        one = spec.commit_author or spec.commit_email
        yield rules.problem(
            "workflow_file.commit_author", one, "commit_email beside it, and the reverse", fix
        )
