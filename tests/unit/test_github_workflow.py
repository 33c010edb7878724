"""The rendered workflow: what it says, and what it leaves to the connection."""

import re
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners.connection import DaemonKind
from ci_runners.images import BUILDKIT, SBOM_SCANNER
from ci_runners.render.actions import ACTIONS
from ci_runners.render.github_workflow import HOSTED_BUILDKIT
from ci_runners.render.workflow_rules import GitHubWorkflowSpec, workflow_problems
from tests.unit.pipelines import CONNECTIONS
from tests.unit.workflows import (
    SPECS,
    WAYS,
    build_job,
    every_kind,
    every_spec,
    every_text,
    every_way,
    parsed,
    rendered,
    step,
)

ACTIONS_FOLDER = Path(__file__).parents[2] / "bootstrap" / "actions"


@every_way
@every_spec
def test_a_workflow_is_this_text(
    way: DaemonKind | None, spec: GitHubWorkflowSpec, snapshot: SnapshotAssertion
) -> None:
    assert rendered(way, spec) == snapshot


@every_way
@every_spec
def test_a_workflow_that_renders_has_no_problems(way: DaemonKind | None, spec: GitHubWorkflowSpec) -> None:
    assert list(workflow_problems(spec, way)) == []


@every_way
@every_spec
def test_no_pull_request_starts_a_workflow(way: DaemonKind | None, spec: GitHubWorkflowSpec) -> None:
    assert set(parsed(way, spec)["on"]) == {"push", "workflow_dispatch"}


@every_way
@every_spec
def test_a_job_has_the_least_permissions_and_an_end(way: DaemonKind | None, spec: GitHubWorkflowSpec) -> None:
    own_registry = spec.image_name.startswith("ghcr.io/")
    job = build_job(way, spec)

    assert parsed(way, spec)["permissions"] == {}
    assert job["permissions"] == {"contents": "read", **({"packages": "write"} if own_registry else {})}
    assert job["timeout-minutes"] == spec.timeout_minutes


@every_way
@every_spec
def test_a_newer_commit_of_a_branch_ends_the_build_of_an_older_one(
    way: DaemonKind | None, spec: GitHubWorkflowSpec
) -> None:
    assert parsed(way, spec)["concurrency"] == {
        "group": "${{ github.workflow }}-${{ github.ref }}",
        "cancel-in-progress": True,
    }


@every_way
@every_spec
def test_every_action_is_one_of_the_list_at_its_commit_with_its_version_beside_it(
    way: DaemonKind | None, spec: GitHubWorkflowSpec
) -> None:
    lines = re.findall(r"uses: (.+)", rendered(way, spec))

    assert lines != []
    assert set(lines) <= {f"{action.name}@{action.commit} # {action.version}" for action in ACTIONS}


def test_every_action_of_the_list_is_pinned_by_a_whole_commit_and_used() -> None:
    texts = "".join(text for _, text in every_text())

    assert [action.name for action in ACTIONS if not re.fullmatch("[0-9a-f]{40}", action.commit)] == []
    assert [action.name for action in ACTIONS if action.uses not in texts] == []


def test_every_action_of_the_list_has_a_stand_in_that_takes_the_inputs_that_it_is_given() -> None:
    given: dict[str, set[str]] = {action.uses: set() for action in ACTIONS}
    for way in WAYS:
        for spec in SPECS.values():
            for one in build_job(way, spec)["steps"]:
                if "uses" in one:
                    given[one["uses"]] |= set(one["with"])

    for action in ACTIONS:
        stand_in = (ACTIONS_FOLDER / action.name / "action.yml").read_text()
        assert "stand-in" in stand_in
        inputs = re.findall(r"^  ([a-z-]+):$", stand_in.split("outputs:")[0].split("runs:")[0], re.MULTILINE)
        assert given[action.uses] - set(inputs) == set(), action.name


@every_way
@every_spec
def test_the_token_is_not_left_for_later_steps(way: DaemonKind | None, spec: GitHubWorkflowSpec) -> None:
    assert step(way, spec, "Check out")["with"] == {"persist-credentials": False}


@every_kind
@every_spec
def test_the_daemon_is_reached_by_the_connection_alone(way: DaemonKind, spec: GitHubWorkflowSpec) -> None:
    connection = CONNECTIONS[way]
    values = [value for value in connection.job_environment.values() if value != "1"]
    text = rendered(way, spec)

    assert [word for word in (*values, *connection.job_volumes) if word in text] == []
    assert not set(step(way, spec, "Build and push")["env"]) & set(connection.job_environment)
    assert not {"container", "services"} & set(build_job(way, spec))


@every_kind
def test_the_job_asks_for_a_runner_of_its_daemon(way: DaemonKind) -> None:
    assert build_job(way, GitHubWorkflowSpec())["runs-on"] == ["self-hosted", *CONNECTIONS[way].tags]


@pytest.mark.parametrize("wanted", [{}, {"sbom": True, "provenance": True}], ids=["unsaid", "said"])
@pytest.mark.parametrize("way", [None, DaemonKind.BUILDKIT], ids=["hosted", "buildkit"])
def test_an_image_of_buildkits_gets_an_sbom_and_provenance(
    way: DaemonKind | None, wanted: dict[str, Any]
) -> None:
    text = rendered(way, GitHubWorkflowSpec(**wanted))

    assert SBOM_SCANNER in text
    assert "mode=min" in text


@pytest.mark.parametrize("way", [None, DaemonKind.BUILDKIT], ids=["hosted", "buildkit"])
def test_an_image_goes_without_them_when_that_is_said(way: DaemonKind | None) -> None:
    text = rendered(way, GitHubWorkflowSpec(sbom=False, provenance=False))

    assert SBOM_SCANNER not in text
    assert re.search("provenance[:=] ?false", text)


def test_a_hosted_job_builds_with_a_buildkit_of_the_release_of_a_stations() -> None:
    options = step(None, GitHubWorkflowSpec(), "Set up BuildKit")["with"]

    assert options == {"driver-opts": f"image={HOSTED_BUILDKIT}"}
    assert f"{HOSTED_BUILDKIT}-rootless" == BUILDKIT


@pytest.mark.parametrize(
    ("cache", "place"), [(None, "type=gha"), ("ghcr.io/team/cache", "type=registry,ref=ghcr.io/team/cache")]
)
def test_a_hosted_jobs_layers_are_in_githubs_cache_or_in_the_named_one(cache: str | None, place: str) -> None:
    inputs = step(None, GitHubWorkflowSpec(layer_cache=cache), "Build and push")["with"]

    assert (inputs["cache-from"], inputs["cache-to"]) == (place, f"{place},mode=max")


def test_an_environment_is_the_jobs() -> None:
    assert build_job(None, GitHubWorkflowSpec(environment="production"))["environment"] == "production"
    assert "environment" not in build_job(None, GitHubWorkflowSpec())
