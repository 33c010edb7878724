"""A repository's and an organization's settings, set at the GitHub sandbox by the real Pulumi CLI."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_runners.connections import dind_connection
from tests.e2e.github_forge import (
    Organization,
    address,
    assert_environments,
    assert_group,
    assert_permissions,
    shared_with,
    token,
)
from tests.e2e.pulumi_cli import PulumiCli, counts

pytestmark = pytest.mark.e2e

MARKER = "marker-of-a-secret-value"
OTHER_MARKER = "another-marker-of-a-secret-value"
VERBOSE = ("-v=4", "--logtostderr", "--logflow")

PROGRAM = """
import json
from pathlib import Path

import pulumi
import pulumi_github as github

from ci_runners.projects.github import GitHubRepository

given = json.loads(Path("given.json").read_text())
config = pulumi.Config()
provider = github.Provider(
    "sandbox", base_url=given["url"] + "/", owner=given["owner"], token=config.require_secret("token")
)
args = given["args"]
if "secrets" in args:
    args["secrets"] = {name: config.require_secret("marker") for name in args["secrets"]}
made = GitHubRepository("forge", args, opts=pulumi.ResourceOptions(provider=provider))
pulumi.export("url", made.url)
pulumi.export("full_name", made.full_name)
pulumi.export("runner_group", made.runner_group)
"""

WORKFLOW = """\
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: [self-hosted, dind]
    steps:
      - run: "true"
"""
CONNECTION = dind_connection(host="dind", network="net", client_volume="certs", tags=("dind",)).dump()
REPOSITORY: dict[str, Any] = {
    "repository": "app",
    "connection": CONNECTION,
    "variables": {"IMAGE": "registry.example.com/team/app"},
    "secrets": {"REGISTRY_PASSWORD": None},
    "environments": {
        "production": {
            "wait_timer": 5,
            "reviewer_users": [],
            "branches": ["main", "release/*"],
            "tags": ["v*"],
            "variables": {"REGION": "eu"},
            "secrets": {"KEY": "a-key-that-nobody-has"},
        },
        "staging": {},
    },
    "runner_group": {"name": "image-builders"},
    "workflow_file": {"content": WORKFLOW, "commit_message": "Build images"},
}
REPOSITORY_RESOURCES = 19
"""Stack, provider, component, 3 variables, a secret, 2 environments with 4 patterns, a variable and a secret, 2 of
permissions, the runner group, the file."""
SHARED: dict[str, Any] = {
    "organization": "",
    "repositories": ["app", "lib"],
    "connection": CONNECTION,
    "variables": {"MIRROR": "mirror.example.com"},
    "secrets": {"REGISTRY_PASSWORD": None},
    "runner_group": {"name": "shared-builders", "restricted_to_workflows": False},
}
SHARED_RESOURCES = 8
"""Stack, provider, component, 3 variables, a secret, the runner group."""

Stack = Callable[[dict[str, Any]], PulumiCli]


@pytest.fixture
def organization() -> Organization:
    """An organization with two private repositories."""
    made = Organization()
    made.create()
    made.add("app")
    made.add("lib")
    return made


@pytest.fixture
def stack(tmp_path: Path, organization: Organization) -> Stack:
    """A stack of the test's own, with these arguments from now on."""
    cli = PulumiCli.on_machine(tmp_path, name="forge", program=PROGRAM)
    cli.run("config", "set", "--secret", "token", token())
    cli.run("config", "set", "--secret", "marker", MARKER)

    def declare(args: dict[str, Any]) -> PulumiCli:
        given = {"url": address(), "owner": organization.login, "args": args}
        (cli.directory / "given.json").write_text(json.dumps(given))
        return cli

    return declare


def test_a_repository_is_set_up_kept_and_left_as_it_was(stack: Stack, organization: Organization) -> None:
    cli = stack(REPOSITORY)
    assert counts(cli.up()) == {"created": REPOSITORY_RESOURCES}

    assert organization.values("app", "variables") == {
        "IMAGE": "registry.example.com/team/app",
        "RUNS_ON": '["self-hosted", "dind"]',
        "JOB_ENVIRONMENT": organization.values("app", "variables")["JOB_ENVIRONMENT"],
    }
    assert list(organization.values("app", "secrets")) == ["REGISTRY_PASSWORD"]
    assert_environments(organization)
    assert_permissions(organization)
    assert_group(organization)
    file = organization.of("app", "/contents/.github/workflows/build.yml")
    assert base64.b64decode(file["content"]).decode() == WORKFLOW
    assert [run["event"] for run in organization.of("app", "/actions/runs")["workflow_runs"]] == ["push"]
    assert cli.output("url") == f"{address()}/{organization.login}"
    assert cli.output("runner_group") == "image-builders"

    assert_no_changes(cli, REPOSITORY_RESOURCES)

    assert counts(cli.run("destroy", "--yes", "--skip-preview")) == {"deleted": REPOSITORY_RESOURCES}
    assert_nothing_left(organization)


def assert_no_changes(cli: PulumiCli, resources: int) -> None:
    """Not by a second `up`, nor by a refresh; five of them are in test_github_stations.py."""
    for words in ((), ("--refresh",)):
        assert counts(cli.up("--expect-no-changes", *words)) == {"unchanged": resources}


def assert_nothing_left(organization: Organization) -> None:
    assert organization.of("app")["name"] == "app"
    assert organization.values("app", "variables") == organization.values("app", "secrets") == {}
    assert organization.of("app", "/environments")["environments"] == []
    assert organization.of("app", "/contents/.github/workflows/build.yml") is None
    groups = organization.own("/actions/runner-groups")["runner_groups"]
    assert [each["name"] for each in groups] == ["Default"]


def test_what_someone_removed_or_changed_by_hand_is_mended_and_nothing_else(
    stack: Stack, organization: Organization
) -> None:
    cli = stack(REPOSITORY)
    cli.up()

    organization.call("DELETE", f"/repos/{organization.login}/app/actions/variables/IMAGE")
    assert mended(cli) == {"created": 1, "unchanged": REPOSITORY_RESOURCES - 1}
    assert organization.values("app", "variables")["IMAGE"] == "registry.example.com/team/app"

    organization.overwrite_secret("app", "REGISTRY_PASSWORD", "by-hand")
    assert mended(cli) == {"updated": 1, "unchanged": REPOSITORY_RESOURCES - 1}

    body = {"default_workflow_permissions": "write"}
    organization.call("PUT", f"/repos/{organization.login}/app/actions/permissions/workflow", body)
    assert mended(cli) == {"updated": 1, "unchanged": REPOSITORY_RESOURCES - 1}
    assert_permissions(organization)

    assert counts(cli.up("--refresh", "--expect-no-changes")) == {"unchanged": REPOSITORY_RESOURCES}


def mended(cli: PulumiCli) -> dict[str, int]:
    """What `up --refresh` did beyond looking."""
    return counts(cli.up("--refresh"))


def test_an_organization_shares_with_the_named_repositories_only(
    stack: Stack, organization: Organization
) -> None:
    shared = SHARED | {"organization": organization.login}
    cli = stack(shared)
    assert counts(cli.up()) == {"created": SHARED_RESOURCES}
    assert_no_changes(cli, SHARED_RESOURCES)
    assert shared_with(organization) == {"app", "lib"}

    stack(shared | {"repositories": ["lib"]})
    cli.up()
    assert shared_with(organization) == {"lib"}
    assert counts(cli.up("--refresh", "--expect-no-changes")) == {"unchanged": SHARED_RESOURCES}

    assert counts(cli.run("destroy", "--yes", "--skip-preview")) == {"deleted": SHARED_RESOURCES}
    for kind in ("variables", "secrets"):
        assert organization.own(f"/actions/{kind}")[kind] == []


def test_a_public_repository_is_refused_before_anything_is_made(
    stack: Stack, organization: Organization
) -> None:
    organization.add("open", visibility="public")
    cli = stack(REPOSITORY | {"repository": "open"})
    for words in (("preview",), ("up", "--yes", "--skip-preview")):
        refused = cli.attempt(*words)
        assert refused.returncode != 0
        assert "nothing was created or changed" in refused.stdout
        assert f"{organization.login}/open, which is public" in refused.stdout
    assert organization.values("open", "variables") == {}
    assert organization.of("open", "/environments")["environments"] == []

    stack({"repository": "open", "accept_fork_pull_requests": True})
    assert counts(cli.up())["created"]


def test_a_private_repository_whose_forks_run_workflows_is_refused(
    stack: Stack, organization: Organization
) -> None:
    path = f"/repos/{organization.login}/app/actions/permissions/fork-pr-workflows-private-repos"
    organization.call("PUT", path, {"run_workflows_from_fork_pull_requests": True})
    refused = stack(REPOSITORY).attempt("preview")
    assert refused.returncode != 0
    assert "whose fork pull requests run workflows" in refused.stdout


def test_a_repository_that_is_not_there_is_refused_by_name(stack: Stack) -> None:
    refused = stack({"repository": "no-such-thing"}).attempt("preview")
    assert refused.returncode != 0
    assert "got 'no-such-thing', expected a repository of the provider's owner" in refused.stdout


def test_a_secrets_value_is_nowhere_but_at_github(stack: Stack, organization: Organization) -> None:
    cli = stack(REPOSITORY)
    told = {
        "preview --diff": cli.run("preview", "--diff"),
        "preview --json": cli.run("preview", "--json"),
        "up with a verbose log": cli.run("up", "--yes", "--skip-preview", "--diff", *VERBOSE),
    }
    cli.run("config", "set", "--secret", "marker", OTHER_MARKER)
    told["preview --diff of another"] = cli.run("preview", "--diff")
    told["up --refresh"] = cli.run("up", "--yes", "--skip-preview", "--diff", "--refresh", *VERBOSE)
    told["export"] = cli.run("stack", "export")
    told["output"] = cli.run("stack", "output", "--json")
    state = cli.directory.parent / "state"
    told |= {str(file): file.read_text(errors="replace") for file in state.rglob("*") if file.is_file()}
    told["variables"] = json.dumps(organization.values("app", "variables"))
    told["destroy"] = cli.run("destroy", "--yes", "--skip-preview", "--diff")

    assert len(told) > len(("preview", "preview", "up", "preview", "up", "export", "output", "destroy"))
    secrets = (MARKER, OTHER_MARKER, "a-key-that-nobody-has", token())
    assert [name for name, text in told.items() if any(secret in text for secret in secrets)] == []
