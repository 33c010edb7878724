"""Environments: their settings, and what they ask of a job."""

import pytest

from tests.sandbox.github.harness import (
    BUILD,
    FILE,
    Client,
    Json,
    commit_file,
    runner_of,
    statuses,
    workflow,
)

DEPLOY = BUILD.replace("  steps", "  environment: prod\n  steps")
CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


@pytest.fixture
def where(repo: Json) -> str:
    return f"/repos/{repo['full_name']}/environments/prod"


def test_an_environment_tells_its_settings_as_rules(client: Client, where: str) -> None:
    body = {
        "wait_timer": 30,
        "prevent_self_review": True,
        "reviewers": [{"type": "User", "id": 1}],
        "deployment_branch_policy": CUSTOM,
    }
    told = client.put(where, body)
    rules = {rule["type"]: rule for rule in told["protection_rules"]}
    assert rules["wait_timer"]["wait_timer"] == 30
    assert rules["required_reviewers"]["prevent_self_review"] is True
    assert rules["required_reviewers"]["reviewers"][0]["reviewer"]["login"] == "sandbox"
    assert told["deployment_branch_policy"] == CUSTOM
    assert client.get(where) == told


def test_what_is_not_given_is_reset(client: Client, where: str) -> None:
    client.put(where, {"wait_timer": 30})
    assert client.put(where)["protection_rules"] == []


def test_an_environment_s_name_may_have_a_slash(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}/environments/prod%2Feu"
    assert client.put(where)["name"] == "prod/eu"
    assert client.get(where)["name"] == "prod/eu"


def test_a_removed_environment_is_gone_with_all_in_it(client: Client, repo: Json, where: str) -> None:
    client.put(where, {"deployment_branch_policy": CUSTOM})
    client.post(f"{where}/deployment-branch-policies", {"name": "main"})
    client.post(f"{where}/variables", {"name": "A", "value": "1"})
    client.delete(where)
    assert client.get(f"/repos/{repo['full_name']}/environments")["total_count"] == 0
    client.put(where, {"deployment_branch_policy": CUSTOM})
    assert client.get(f"{where}/variables")["total_count"] == 0
    assert client.get(f"{where}/deployment-branch-policies")["total_count"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"wait_timer": 43201},
        {"wait_timer": "soon"},
        {"reviewers": [{"type": "User", "id": 99999}]},
        {"reviewers": [{"type": "User", "id": 1}] * 7},
        {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}},
        {"deployment_branch_policy": {"protected_branches": True}},
    ],
)
def test_settings_that_make_no_sense_are_refused(client: Client, where: str, body: Json) -> None:
    assert client.refusal("PUT", where, body)[0] == 422


def test_a_policy_is_made_changed_and_removed(client: Client, where: str) -> None:
    client.put(where, {"deployment_branch_policy": CUSTOM})
    policies = f"{where}/deployment-branch-policies"
    number = client.post(policies, {"name": "main"})["id"]
    client.put(f"{policies}/{number}", {"name": "release/*"})
    assert client.get(f"{policies}/{number}")["name"] == "release/*"
    client.delete(f"{policies}/{number}")
    assert client.get(policies)["branch_policies"] == []


def test_only_an_environment_with_custom_policies_takes_one(client: Client, where: str) -> None:
    client.put(where)
    assert client.refusal("POST", f"{where}/deployment-branch-policies", {"name": "main"})[0] == 404


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"name": "main"}, "queued"),
        ({"name": "m*"}, "queued"),
        ({"name": "release/*"}, "failure"),
        ({"name": "main", "type": "tag"}, "failure"),
    ],
)
def test_only_branches_of_the_policies_deploy(
    client: Client, repo: Json, where: str, policy: Json, expected: str
) -> None:
    client.put(where, {"deployment_branch_policy": CUSTOM})
    client.post(f"{where}/deployment-branch-policies", policy)
    commit_file(client, repo["full_name"], FILE, workflow(DEPLOY))
    assert statuses(client, repo) == {"build": expected}


def test_a_job_waits_for_its_environment_s_timer(client: Client, repo: Json, where: str) -> None:
    client.put(where, {"wait_timer": 5})
    commit_file(client, repo["full_name"], FILE, workflow(DEPLOY))
    assert statuses(client, repo) == {"build": "waiting"}
    assert runner_of(client, repo).ask() is None


@pytest.mark.parametrize(("state", "expected"), [("approved", "queued"), ("rejected", "failure")])
def test_a_job_waits_for_a_review(client: Client, repo: Json, where: str, state: str, expected: str) -> None:
    number = client.put(where, {"reviewers": [{"type": "User", "id": 1}]})["id"]
    commit_file(client, repo["full_name"], FILE, workflow(DEPLOY))
    assert statuses(client, repo) == {"build": "waiting"}
    run = client.get(f"/repos/{repo['full_name']}/actions/runs")["workflow_runs"][0]["id"]
    pending = f"/repos/{repo['full_name']}/actions/runs/{run}/pending_deployments"
    assert [each["environment"]["name"] for each in client.get(pending)] == ["prod"]
    client.post(pending, {"environment_ids": [number], "state": state, "comment": "seen"})
    assert statuses(client, repo) == {"build": expected}
    assert client.get(pending) == []
