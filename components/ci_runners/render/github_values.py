"""GitHub's rules for variables and secrets, what a connection says in variables, and what a repository must be like.

Rules: GitHub docs, Secrets reference and Variables reference.
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ci_runners.connection import Connection
from ci_runners.problems import Problem
from ci_runners.render.github_runner import placement
from ci_runners.render.shared_rules import github_connection_problems
from ci_runners.validate import Rules

MOST_VALUE = 48 * 1024
"""Bytes of a variable's or a secret's value."""

RUNS_ON = "RUNS_ON"
"""The variable with a connection's labels: `runs-on: ${{ fromJSON(vars.RUNS_ON) }}`."""
JOB_ENVIRONMENT = "JOB_ENVIRONMENT"
"""The variable with what a client needs to reach the daemon: `env: ${{ fromJSON(vars.JOB_ENVIRONMENT) }}`."""

FORK_POLICY = "actions/permissions/fork-pr-workflows-private-repos"
"""Where a private repository says what becomes of pull requests from its forks (GitHub REST API, below a repository)."""

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_PUBLIC = "public"
_OK = 200


class Level(Enum):
    """Where variables and secrets are kept."""

    ORGANIZATION = "an organization"
    REPOSITORY = "a repository"
    ENVIRONMENT = "an environment"


MOST = {
    "variables": {Level.ORGANIZATION: 1000, Level.REPOSITORY: 500, Level.ENVIRONMENT: 100},
    "secrets": {Level.ORGANIZATION: 1000, Level.REPOSITORY: 100, Level.ENVIRONMENT: 100},
}
"""How many there may be."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A repository as GitHub tells it. None is what a preview cannot know: then nothing else is known either."""

    name: str
    """As it was asked for."""
    id: str | None
    """Empty where the token sees no such repository."""
    repo_id: int | None = None
    full_name: str | None = None
    visibility: str | None = None
    default_branch: str | None = None
    html_url: str | None = None
    archived: bool | None = None

    @property
    def is_public(self) -> bool:
        """Whether anyone can see it, fork it, and ask it to take a change."""
        return self.visibility == _PUBLIC


@dataclass(frozen=True, kw_only=True)
class ForkPolicy:
    """What GitHub answered when it was asked what becomes of pull requests from forks."""

    code: int
    body: str


def repository_ids(found: Sequence[Found]) -> list[int]:
    """The repositories' numbers, as far as they are known."""
    return [each.repo_id for each in found if each.repo_id is not None]


def name_problems(
    rules: Rules, where: str, names: Sequence[str], level: Level, *, taken: tuple[str, ...] = ()
) -> Iterator[Problem]:
    """Names of variables or of secrets, and how many there are."""
    for name in names:
        if not _NAME.fullmatch(name):
            expected = "a name of A-Z, 0-9 and _ that starts with no digit"
            fix = f"write it like {_suggested(name)}: GitHub stores names in upper case"
            yield rules.problem(f"{where}.{name}", name, expected, fix)
        elif name.startswith("GITHUB_"):
            yield rules.problem(
                f"{where}.{name}", name, "a name without the prefix GITHUB_, which is GitHub's", "rename it"
            )
        elif name in taken:
            expected = "another name: the connection sets this one"
            yield rules.problem(f"{where}.{name}", name, expected, "leave it out, or rename it")
    most = MOST[where.rpartition(".")[2]][level]
    if len(names) > most:
        expected = f"at most {most} of {level.value}"
        yield rules.problem(where, len(names), expected, "keep some at another level")


def _suggested(name: str) -> str:
    plain = re.sub(r"[^A-Z0-9_]", "_", name.upper()).lstrip("0123456789") or "IMAGE_NAME"
    return plain.removeprefix("GITHUB_") or "IMAGE_NAME"


def value_problems(rules: Rules, field: str, value: str, *, secret: bool) -> Iterator[Problem]:
    """A variable's or a secret's value; a secret's is not shown."""

    def problem(expected: str, fix: str) -> Problem:
        shown = None if secret else f"{value[:20]}..."
        return dataclasses.replace(rules.problem(field, shown, expected, fix), secret=secret)

    if len(value.encode()) > MOST_VALUE:
        yield problem(f"at most {MOST_VALUE} bytes", "keep it in a file that the job fetches")
    if secret and not value:
        yield problem("a value that is not empty: a job could not tell it from no secret", "leave it out")


def given_problems(name: str, args: Mapping[str, object]) -> list[Problem]:
    """What can be said of the values before anything exists: those that are plain text are checked."""
    rules = Rules(component=f"GitHubRepository {name!r}")
    found = list(_values_problems(rules, "", args))
    environments = args.get("environments")
    if isinstance(environments, Mapping):
        for environment, given in environments.items():
            if isinstance(given, Mapping):
                found += _values_problems(rules, f"environments.{environment}.", given)
    file = args.get("workflow_file")
    if isinstance(file, Mapping):
        content = file.get("content")
        if content is None:
            found.append(
                rules.problem("workflow_file.content", None, "a value", "give it: it has no default")
            )
        elif isinstance(content, str):
            found += content_problems(name, content)
    connection = args.get("connection")
    if isinstance(connection, str):
        found += github_connection_problems(rules, connection)
    return found


def _values_problems(rules: Rules, path: str, given: Mapping[str, object]) -> Iterator[Problem]:
    for kind in ("variables", "secrets"):
        values = given.get(kind)
        if isinstance(values, list | tuple):
            fix = "write them like {NAME: value}"
            yield rules.problem(f"{path}{kind}", type(values).__name__, "values by their names", fix)
        for key, value in values.items() if isinstance(values, Mapping) else ():
            field = f"{path}{kind}.{key}"
            if isinstance(value, str):
                yield from value_problems(rules, field, value, secret=kind == "secrets")
            elif value is None or isinstance(value, bool | int | float | list | dict):
                shown = type(value).__name__
                yield rules.problem(field, shown, "text", "write numbers and truth values in quotes")


def content_problems(name: str, content: str) -> list[Problem]:
    """What is wrong with a workflow's text."""
    if content.strip():
        return []
    rules = Rules(component=f"GitHubRepository {name!r}")
    fix = "render it, or leave workflow_file out"
    return [rules.problem("workflow_file.content", content, "a workflow", fix)]


def connection_variables(connection: Connection) -> dict[str, str]:
    """What a connection says to workflows that were not rendered for it: the same names for every way to build.

    A job's steps have that environment anyway; a job that names a container gives it to that.
    """
    environment = placement(connection, runner="any").environment
    return {
        RUNS_ON: json.dumps(["self-hosted", *connection.tags]),
        JOB_ENVIRONMENT: json.dumps(dict(environment), sort_keys=True),
    }


def found_problems(
    name: str,
    found: Found,
    policy: ForkPolicy | None,
    *,
    organization: str | None,
    accepted: bool,
) -> list[Problem]:
    """What is wrong with a repository as it is at GitHub. `policy` is None where it was not asked for."""
    rules = Rules(component=f"GitHubRepository {name!r}")
    if found.id is None:
        return []
    if not found.id:
        fix = "check the name and the provider's owner, and that the token may see it"
        return [rules.problem("repository", found.name, "a repository of the provider's owner", fix)]
    problems = []
    owner = (found.full_name or "").partition("/")[0]
    if organization is not None and owner.lower() != organization.lower():
        fix = "give the component the organization's own provider, or name that owner"
        problems.append(rules.problem("organization", organization, f"the provider's owner, {owner}", fix))
    if found.archived:
        fix = "unarchive it: GitHub takes no change of an archived repository"
        problems.append(rules.problem("repository", found.name, "a repository that is not archived", fix))
    return problems if accepted else [*problems, *_fork_problems(rules, found, policy)]


def _fork_problems(rules: Rules, found: Found, policy: ForkPolicy | None) -> Iterator[Problem]:
    danger = (
        "a pull request from a fork runs code on the runners that nobody of yours has seen (GitHub docs, Secure use"
        " reference, Hardening for self-hosted runners)"
    )
    word = "accept_fork_pull_requests: true if every such run waits for an approval"
    if found.is_public:
        expected = f"a private or internal repository: anyone can fork a public one, and {danger}"
        shown = f"{found.full_name}, which is public"
        yield rules.problem("repository", shown, expected, f"make it private, or say {word}")
    elif policy is None or policy.code != _OK:
        code = None if policy is None else policy.code
        expected = f"an answer of GitHub's whether its fork pull requests run workflows: {danger}"
        fix = f"give the token read access to the repository's Administration, or say {word}"
        yield rules.problem(f"{found.full_name} {FORK_POLICY}", code, expected, fix)
    elif json.loads(policy.body).get("run_workflows_from_fork_pull_requests"):
        shown = f"{found.full_name}, whose fork pull requests run workflows"
        expected = f"a repository without 'Run workflows from fork pull requests': {danger}"
        fix = f"turn it off in Settings > Actions > General, or say {word}"
        yield rules.problem("repository", shown, expected, fix)
