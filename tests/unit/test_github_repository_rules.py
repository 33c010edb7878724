"""What `GitHubRepository` takes, and what it refuses before GitHub is asked anything."""

import json
from typing import Any

import pytest

from ci_runners.connection import Connection
from ci_runners.problems import InvalidInput, Problem
from ci_runners.render.actions import ACTIONS
from ci_runners.render.github_environments import EnvironmentSpec
from ci_runners.render.github_repository import (
    AllowedActions,
    GitHubRepositorySpec,
    PermissionsSpec,
    RunnerGroupSpec,
    WorkflowFileSpec,
    allowed_patterns,
    plain_args,
    repository_problems,
    runner_url,
    selected_workflows,
)
from ci_runners.render.github_values import (
    ForkPolicy,
    Found,
    connection_variables,
    found_problems,
    given_problems,
)
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules
from tests.unit.github_repository_cases import BAD, DIND, GOOD

MARKER = "a-secret-that-nobody-has"
FOUND = Found(
    name="app",
    id="app",
    repo_id=1,
    full_name="acme/app",
    visibility="private",
    default_branch="trunk",
    html_url="https://github.com/acme/app",
    archived=False,
)


def problems(args: dict[str, Any]) -> list[Problem]:
    """Everything that is said against the arguments of `repository: app` with these changes."""
    given = {key: value for key, value in {"repository": "app", **args}.items() if value is not None}
    rules = Rules(component="GitHubRepository 'app'")
    found: list[Problem] = []

    def check(spec: GitHubRepositorySpec) -> list[Problem]:
        found.extend(repository_problems("app", spec, connected="connection" in given))
        found.extend(given_problems("app", given))
        return []

    try:
        spec_from_args(GitHubRepositorySpec, plain_args(given), rules, check)
    except InvalidInput as refused:
        return list(refused.problems)
    return found


@pytest.mark.parametrize("args", GOOD.values(), ids=GOOD)
def test_what_github_takes_is_taken(args: dict[str, Any]) -> None:
    assert problems(args) == []


@pytest.mark.parametrize(("args", "field"), BAD.values(), ids=BAD)
def test_what_github_refuses_is_refused_at_its_field(args: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in problems(args)] == [field]


@pytest.mark.parametrize("kind", ["variables", "secrets"])
def test_a_name_that_is_nearly_right_is_mended_in_the_message(kind: str) -> None:
    (problem,) = problems({kind: {"github-image.name": "x"}})
    assert "write it like IMAGE_NAME" in str(problem)


def test_a_secrets_value_is_in_no_message() -> None:
    bad = {"secrets": {"a": MARKER, "BIG": MARKER * 5000}, "environments": {"p": {"secrets": {"1": MARKER}}}}
    found = problems(bad)
    assert len(found) == len(("a", "BIG", "1"))
    assert MARKER not in "".join(map(str, found))


def test_only_names_of_values_that_may_be_outputs_reach_the_spec() -> None:
    plain = plain_args(
        {
            "connection": DIND.dump(),
            "secrets": {"KEY": MARKER},
            "environments": {"p": {"secrets": {"KEY": MARKER}}},
            "workflow_file": {"content": MARKER, "path": "x"},
        }
    )
    assert MARKER not in str(plain)
    assert plain["secrets"] == plain["environments"]["p"]["secrets"] == ["KEY"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("found", "code", "forks", "accepted", "wrong"),
    [
        ({}, 200, False, False, None),
        ({"visibility": "internal"}, 200, False, False, None),
        ({"visibility": "public"}, None, False, False, "anyone can fork a public one"),
        ({"visibility": "public"}, None, False, True, None),
        ({}, 200, True, False, "whose fork pull requests run workflows"),
        ({}, 200, True, True, None),
        ({}, 404, False, False, "read access to the repository's Administration"),
        ({"id": ""}, None, False, True, "a repository of the provider's owner"),
        ({"archived": True}, 200, False, True, "that is not archived"),
        ({"id": None, "visibility": None}, None, False, False, None),
    ],
)
def test_a_repository_is_taken_only_where_no_stranger_s_code_runs(
    *, found: dict[str, Any], code: int | None, forks: bool, accepted: bool, wrong: str | None
) -> None:
    body = json.dumps({"run_workflows_from_fork_pull_requests": forks})
    said = found_problems(
        "app",
        Found(**{**vars(FOUND), **found}),
        None if code is None else ForkPolicy(code=code, body=body),
        organization=None,
        accepted=accepted,
    )
    if wrong is None:
        assert said == []
    else:
        assert wrong in "".join(map(str, said))


@pytest.mark.parametrize(("organization", "problem_count"), [("acme", 0), ("ACME", 0), ("other", 1)])
def test_an_organization_is_the_providers_owner(organization: str, problem_count: int) -> None:
    said = found_problems("app", FOUND, None, organization=organization, accepted=True)
    assert len(said) == problem_count


def test_the_allowed_actions_are_those_of_our_workflows() -> None:
    ours = {each.name for each in ACTIONS}
    named = {
        each.removesuffix("@*") for each in allowed_patterns(PermissionsSpec(github_owned_allowed=False))
    }
    assert named == ours
    beside = {each.removesuffix("@*") for each in allowed_patterns(PermissionsSpec())}
    assert beside == {each for each in ours if not each.startswith("actions/")}
    assert allowed_patterns(PermissionsSpec(patterns_allowed=())) == []


@pytest.mark.parametrize(
    ("group", "file", "expected"),
    [
        (None, None, []),
        (RunnerGroupSpec(name="g", restricted_to_workflows=False), WorkflowFileSpec(), []),
        (
            RunnerGroupSpec(name="g"),
            WorkflowFileSpec(),
            ["acme/app/.github/workflows/build.yml@refs/heads/trunk"],
        ),
        (
            RunnerGroupSpec(name="g"),
            WorkflowFileSpec(path=".github/workflows/x.yml", branch="next"),
            ["acme/app/.github/workflows/x.yml@refs/heads/next"],
        ),
        (RunnerGroupSpec(name="g", selected_workflows=("o/r/w@main",)), WorkflowFileSpec(), ["o/r/w@main"]),
    ],
)
def test_a_groups_workflows_are_those_named_or_the_committed_one(
    group: RunnerGroupSpec | None, file: WorkflowFileSpec | None, expected: list[str]
) -> None:
    spec = GitHubRepositorySpec(repository="app", runner_group=group, workflow_file=file)
    assert selected_workflows(spec, FOUND) == expected


def test_a_runner_registers_where_its_group_is() -> None:
    alone = GitHubRepositorySpec(repository="app")
    grouped = GitHubRepositorySpec(repository="app", runner_group=RunnerGroupSpec(name="g"))
    shared = GitHubRepositorySpec(organization="acme", repositories=("app",))
    assert [runner_url(spec, FOUND) for spec in (alone, grouped, shared)] == [
        "https://github.com/acme/app",
        "https://github.com/acme",
        "https://github.com/acme",
    ]


def test_a_connections_variables_are_json_of_its_labels_and_environment() -> None:
    told = connection_variables(Connection.parse(DIND.dump()))
    assert json.loads(told["RUNS_ON"]) == ["self-hosted", "dind", "amd64"]
    assert json.loads(told["JOB_ENVIRONMENT"])["DOCKER_HOST"] == "tcp://dind:2376"
    assert told == connection_variables(DIND)


def test_the_defaults_are_the_safe_ones() -> None:
    spec, environment = PermissionsSpec(), EnvironmentSpec()
    assert (spec.allowed_actions, spec.sha_pinning_required, spec.verified_allowed) == (
        AllowedActions.SELECTED,
        True,
        False,
    )
    assert (spec.default_workflow_permissions.value, spec.can_approve_pull_request_reviews) == ("read", False)
    assert (environment.can_admins_bypass, environment.protected_branches) == (False, False)
    assert GitHubRepositorySpec().accept_fork_pull_requests is False
    assert RunnerGroupSpec(name="g").restricted_to_workflows is True
