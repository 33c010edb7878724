"""What `GitHubRepository` registers."""

import json
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners.problems import InvalidInput
from ci_runners.projects.github import GitHubRepository
from ci_runners.projects.github_args import GitHubRepositoryArgs
from tests.graph.github_repositories import (
    CONNECTIONS,
    DIND,
    GET_REPOSITORY,
    GET_REST_API,
    LEAST,
    MARKER,
    MOST,
    ORGANIZATION,
    GitHub,
    kinds,
    repository,
    without_secrets,
)
from tests.graph.recorder import UNKNOWN, Graph, only, shown


@pytest.fixture
def forge(graph: Graph) -> GitHub:
    """The GitHub that the graph's programs ask."""
    there = GitHub()
    graph.functions = {GET_REPOSITORY: there.repository, GET_REST_API: there.rest_api}
    return there


@pytest.mark.usefixtures("forge")
@pytest.mark.parametrize("args", [LEAST, MOST, ORGANIZATION], ids=["least", "most", "organization"])
def test_a_repository_is_these_resources(
    graph: Graph, snapshot: SnapshotAssertion, args: GitHubRepositoryArgs
) -> None:
    assert shown(graph.run(repository(args))) == snapshot


@pytest.mark.usefixtures("forge")
@pytest.mark.parametrize("args", [LEAST, MOST, ORGANIZATION], ids=["least", "most", "organization"])
def test_a_preview_registers_the_same_as_an_update(graph: Graph, args: GitHubRepositoryArgs) -> None:
    assert shown(graph.run(repository(args), preview=True)) == shown(graph.run(repository(args)))


@pytest.mark.usefixtures("forge")
@pytest.mark.parametrize("args", [MOST, ORGANIZATION], ids=["repository", "organization"])
@pytest.mark.parametrize("mark", [str, pulumi.Output.secret, pulumi.Output.from_input])
def test_a_secrets_value_is_a_secret_wherever_it_goes(
    graph: Graph, args: GitHubRepositoryArgs, mark: Callable[[str], pulumi.Input[str]]
) -> None:
    def program() -> None:
        secrets = {name: mark(MARKER) for name in args["secrets"]}
        GitHubRepository("app", {**args, "secrets": secrets})

    found = graph.run(program)

    bare = [each.name for each in found if MARKER in json.dumps(without_secrets(vars(each)), default=str)]
    assert bare == []
    assert MARKER in str([vars(each) for each in found])


@pytest.mark.parametrize("args", [LEAST, MOST, ORGANIZATION], ids=["least", "most", "organization"])
def test_a_public_repository_is_refused_before_anything_is_made(
    graph: Graph, forge: GitHub, args: GitHubRepositoryArgs
) -> None:
    forge.visibility = "public"

    with pytest.raises(InvalidInput, match=r"acme/app, which is public.*accept_fork_pull_requests: true"):
        graph.run(repository(args))

    assert kinds(graph.resources) == {"GitHubRepository": ["app"]}


def test_a_private_repository_whose_forks_run_workflows_is_refused(graph: Graph, forge: GitHub) -> None:
    forge.run_forks = True

    with pytest.raises(InvalidInput, match="whose fork pull requests run workflows"):
        graph.run(repository(MOST))

    assert kinds(graph.resources) == {"GitHubRepository": ["app"]}


@pytest.mark.parametrize("visibility", ["private", "internal"])
def test_what_becomes_of_forks_has_to_be_known(graph: Graph, forge: GitHub, visibility: str) -> None:
    forge.visibility, forge.run_forks = visibility, 404

    with pytest.raises(InvalidInput, match="an answer of GitHub's whether its fork pull requests run"):
        graph.run(repository(LEAST))


def test_the_word_accepts_public_repositories_and_their_forks(graph: Graph, forge: GitHub) -> None:
    forge.visibility = "public"

    found = graph.run(repository(MOST, accept_fork_pull_requests=True))

    assert forge.asked == ["app"]
    assert only(found, "app-runner-group").inputs["allowsPublicRepositories"] is True


def test_a_private_repository_s_runner_group_is_not_for_public_ones(graph: Graph, forge: GitHub) -> None:
    found = graph.run(repository(MOST, accept_fork_pull_requests=True))

    assert forge.visibility == "private"
    assert only(found, "app-runner-group").inputs["allowsPublicRepositories"] is False


def test_every_repository_of_an_organization_is_looked_at(graph: Graph, forge: GitHub) -> None:
    graph.run(repository(ORGANIZATION))

    policies = [
        f"repos/acme/{name}/actions/permissions/fork-pr-workflows-private-repos" for name in ("app", "lib")
    ]
    assert sorted(forge.asked) == sorted(["app", "lib", *policies])


@pytest.mark.parametrize(
    ("about", "change", "args", "wrong"),
    [
        (
            "missing",
            {},
            {"repository": "missing"},
            "got 'missing', expected a repository of the provider's owner",
        ),
        ("archived", {"archived": True}, LEAST, "a repository that is not archived"),
        ("another owner", {"owner": "elsewhere"}, ORGANIZATION, "the provider's owner, elsewhere"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_a_repository_that_cannot_be_set_up_is_refused(  # noqa: PLR0917  what is told of a case
    graph: Graph, forge: GitHub, about: str, change: dict[str, Any], args: GitHubRepositoryArgs, wrong: str
) -> None:
    assert about
    for name, value in change.items():
        setattr(forge, name, value)

    with pytest.raises(InvalidInput, match=wrong):
        graph.run(repository(args))


@pytest.mark.usefixtures("forge")
def test_bad_arguments_are_refused_before_anything_is_asked_or_made(graph: Graph, forge: GitHub) -> None:
    with pytest.raises(InvalidInput, match="2 problems") as refused:
        graph.run(repository(LEAST, variables={"image": "a"}, secrets={"GITHUB_KEY": MARKER}))

    assert (graph.resources, forge.asked) == ([], [])
    assert MARKER not in str(refused.value)


@pytest.mark.usefixtures("forge")
@pytest.mark.parametrize("kind", ["variables", "secrets"])
def test_an_output_is_checked_once_it_is_known(graph: Graph, kind: str) -> None:
    def program() -> None:
        values = {kind: {"BIG": pulumi.Output.from_input("x" * 50_000)}}
        GitHubRepository("app", cast(GitHubRepositoryArgs, {**LEAST, **values}))

    with pytest.raises(ValueError, match="49152 bytes"):
        graph.run(program)


@pytest.mark.usefixtures("forge")
@pytest.mark.parametrize(
    ("connection", "labels", "environment"),
    CONNECTIONS,
    ids=["dind", "dood", "buildkit"],
)
def test_a_connection_says_where_jobs_run_and_how_they_reach_the_daemon(
    graph: Graph, connection: str, labels: list[str], environment: dict[str, str]
) -> None:
    found = graph.run(repository(LEAST, connection=connection))

    assert json.loads(only(found, "app-variable-RUNS_ON").inputs["value"]) == labels
    told = json.loads(only(found, "app-variable-JOB_ENVIRONMENT").inputs["value"])
    assert told.items() >= environment.items()


@pytest.mark.usefixtures("forge")
def test_an_unknown_connection_leaves_the_variables_there_with_an_unknown_value(graph: Graph) -> None:
    def program() -> None:
        unknown = pulumi.CustomResource("test:index:Daemon", "daemon", {"connection": None})
        GitHubRepository("app", {**LEAST, "connection": unknown.id})

    found = graph.run(program, preview=True)

    assert only(found, "app-variable-RUNS_ON").inputs["value"] == UNKNOWN
    assert only(found, "app-variable-JOB_ENVIRONMENT").inputs["value"] == UNKNOWN


@pytest.mark.usefixtures("forge")
def test_kaniko_is_refused_with_what_to_choose(graph: Graph) -> None:
    kaniko = DIND.replace('"kind":"dind"', '"kind":"kaniko"')
    for mark in (str, pulumi.Output.from_input):

        def program(mark: Callable[[str], pulumi.Input[str]] = mark) -> None:
            GitHubRepository("app", {**LEAST, "connection": mark(kaniko)})

        with pytest.raises(ValueError, match="use buildkit"):
            graph.run(program)


@pytest.mark.usefixtures("forge")
def test_the_workflow_is_committed_when_all_else_is_there(graph: Graph) -> None:
    found = graph.run(repository(MOST))

    others = {each.name for each in found if each.type.startswith("github:")} - {"app-workflow"}
    file = only(found, "app-workflow")
    assert set(file.dependencies) >= others
    assert (file.inputs["branch"], file.inputs["file"]) == ("trunk", ".github/workflows/build.yml")


@pytest.mark.usefixtures("forge")
def test_a_runner_group_is_for_the_committed_workflow_on_its_branch_only(graph: Graph) -> None:
    group = only(graph.run(repository(MOST)), "app-runner-group").inputs

    assert group["restrictedToWorkflows"] is True
    assert group["selectedWorkflows"] == ["acme/app/.github/workflows/build.yml@refs/heads/trunk"]
    assert (group["visibility"], group["selectedRepositoryIds"]) == ("selected", [1])


@pytest.mark.usefixtures("forge")
def test_a_runner_registers_at_the_organization_where_there_is_a_group(graph: Graph) -> None:
    for args, url, group in (
        (LEAST, "https://github.com/acme/app", ""),
        (MOST, "https://github.com/acme", "image-builders"),
        (ORGANIZATION, "https://github.com/acme", "image-builders"),
    ):
        outputs = only(graph.run(repository(args)), "app").outputs
        assert (outputs["url"], outputs["runner_group"]) == (url, group)


@pytest.mark.usefixtures("forge")
def test_only_the_actions_that_our_workflows_use_are_allowed_and_only_at_a_commit(graph: Graph) -> None:
    found = graph.run(repository(LEAST))

    allowed = only(found, "app-actions").inputs
    patterns = allowed["allowedActionsConfig"]["patternsAlloweds"]
    assert (allowed["allowedActions"], allowed["shaPinningRequired"]) == ("selected", True)
    assert "docker/build-push-action@*" in patterns
    assert not [each for each in patterns if each.startswith("actions/")]
    assert only(found, "app-token").inputs["defaultWorkflowPermissions"] == "read"


@pytest.mark.usefixtures("forge")
def test_permissions_can_be_left_to_someone_else(graph: Graph) -> None:
    found = graph.run(repository(LEAST, permissions={"managed": False}))

    assert kinds(found) == {"GitHubRepository": ["app"]}


@pytest.mark.usefixtures("forge")
def test_an_environment_lets_the_default_branch_deploy_unless_told_otherwise(graph: Graph) -> None:
    found = graph.run(repository(MOST))

    policies = {
        each.name: each.inputs.get("branchPattern") or each.inputs["tagPattern"]
        for each in found
        if each.type.endswith(":RepositoryEnvironmentDeploymentPolicy")
    }
    assert policies == {
        "app-staging-default-branch": "trunk",
        "app-production-branch-main": "main",
        "app-production-branch-release/*": "release/*",
        "app-production-tag-v*": "v*",
    }
    protected = only(found, "app-protected").inputs["deploymentBranchPolicy"]
    assert protected == {"protectedBranches": True, "customBranchPolicies": False}


@pytest.mark.usefixtures("forge")
def test_no_administrator_passes_over_an_environment_unless_told_so(graph: Graph) -> None:
    assert only(graph.run(repository(MOST)), "app-production").inputs["canAdminsBypass"] is False


def test_a_preview_that_cannot_ask_github_yet_refuses_nothing(graph: Graph) -> None:
    graph.functions = {GET_REPOSITORY: lambda _: {}}

    found = graph.run(repository(LEAST), preview=True)

    assert only(found, "app-actions").inputs["repository"] == "app"
