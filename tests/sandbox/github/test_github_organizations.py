"""Organizations' runners and runner groups."""

import pytest

from tests.sandbox.github.harness import (
    BUILD,
    FILE,
    LABELS,
    Client,
    FakeRunner,
    Json,
    commit_file,
    workflow,
)


@pytest.fixture
def app(client: Client, org: str) -> Json:
    """A private repository of the organization."""
    return client.post(f"/orgs/{org}/repos", {"name": "app", "private": True})


def default_group(client: Client, org: str) -> Json:
    [group] = client.get(f"/orgs/{org}/actions/runner-groups")["runner_groups"]
    return group


def make_group(client: Client, org: str, **settings: Json) -> Json:
    return client.post(f"/orgs/{org}/actions/runner-groups", {"name": "builders", **settings})


def test_a_new_organization_has_a_default_group_for_private_repositories(client: Client, org: str) -> None:
    group = default_group(client, org)
    assert (group["name"], group["visibility"], group["default"]) == ("Default", "all", True)
    assert group["allows_public_repositories"] is False
    where = f"/orgs/{org}/actions/runner-groups/{group['id']}"
    assert client.refusal("DELETE", where)[0] == 422
    assert client.refusal("PATCH", where, {"name": "Other"})[0] == 422


def test_a_group_is_made_changed_and_removed_and_its_runners_go_back(
    client: Client, org: str, app: Json
) -> None:
    group = make_group(client, org, visibility="selected", selected_repository_ids=[app["id"]])
    where = f"/orgs/{org}/actions/runner-groups/{group['id']}"
    FakeRunner.just_in_time(client, f"/orgs/{org}", "r1", LABELS, group["id"])
    assert client.get(f"{where}/repositories")["total_count"] == 1
    client.put(f"{where}/repositories", {"selected_repository_ids": []})
    assert client.get(f"{where}/repositories")["total_count"] == 0
    files = [f"{app['full_name']}/{FILE}@refs/heads/main"]
    body = {"name": "b2", "restricted_to_workflows": True, "selected_workflows": files}
    changed = client.patch(where, body)
    assert (changed["name"], changed["visibility"]) == ("b2", "selected")
    assert changed["selected_workflows"] == files
    assert [each["name"] for each in client.get(f"{where}/runners")["runners"]] == ["r1"]
    client.delete(where)
    [runner] = client.get(f"/orgs/{org}/actions/runners")["runners"]
    assert runner["runner_group_id"] == default_group(client, org)["id"]


def test_runners_move_between_groups(client: Client, org: str) -> None:
    group, default = make_group(client, org), default_group_of(client, org)
    number = FakeRunner.just_in_time(client, f"/orgs/{org}", "r1", LABELS, default).config["runner_id"]
    client.put(f"/orgs/{org}/actions/runner-groups/{group['id']}/runners", {"runners": [number]})
    assert client.get(f"/orgs/{org}/actions/runners/{number}")["runner_group_id"] == group["id"]


def default_group_of(client: Client, org: str) -> int:
    groups = client.get(f"/orgs/{org}/actions/runner-groups")["runner_groups"]
    return next(int(group["id"]) for group in groups if group["default"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Default"}, 422),
        ({"name": ""}, 422),
        ({"name": "x", "visibility": "some"}, 422),
        ({"name": "x", "selected_repository_ids": [99999]}, 422),
    ],
)
def test_a_group_that_makes_no_sense_is_refused(client: Client, org: str, body: Json, status: int) -> None:
    assert client.refusal("POST", f"/orgs/{org}/actions/runner-groups", body)[0] == status


def test_a_runner_joins_only_a_group_of_its_organization(client: Client, org: str) -> None:
    body = {"name": "r1", "runner_group_id": 99999, "labels": LABELS}
    assert client.refusal("POST", f"/orgs/{org}/actions/runners/generate-jitconfig", body)[0] == 404


@pytest.mark.parametrize(
    ("settings", "private", "takes"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"allows_public_repositories": True}, False, True),
        ({"visibility": "private"}, True, True),
        ({"visibility": "selected"}, True, False),
        ({"visibility": "selected", "selected_repository_ids": ["app"]}, True, True),
        ({"restricted_to_workflows": True}, True, False),
        (
            {"restricted_to_workflows": True, "selected_workflows": [f"app/{FILE}@refs/heads/main"]},
            True,
            True,
        ),
        (
            {"restricted_to_workflows": True, "selected_workflows": [f"app/{FILE}@refs/heads/dev"]},
            True,
            False,
        ),
    ],
)
def test_a_group_s_runners_take_the_jobs_that_it_is_for(
    client: Client, *, org: str, settings: Json, private: bool, takes: bool
) -> None:
    repo = client.post(f"/orgs/{org}/repos", {"name": "app", "private": private})
    filled = dict(settings)
    if "selected_repository_ids" in filled:
        filled["selected_repository_ids"] = [repo["id"]]
    if "selected_workflows" in filled:
        filled["selected_workflows"] = [f"{org}/{file}" for file in filled["selected_workflows"]]
    group = make_group(client, org, **filled)
    runner = FakeRunner.just_in_time(client, f"/orgs/{org}", "r1", LABELS, group["id"])
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    assert (runner.ask() is not None) is takes


def test_a_job_can_ask_for_a_group(client: Client, org: str, app: Json) -> None:
    group = make_group(client, org)
    jobs = BUILD.replace("[self-hosted, linux]", "{group: builders, labels: linux}")
    commit_file(client, app["full_name"], FILE, workflow(jobs))
    other = FakeRunner.just_in_time(client, f"/orgs/{org}", "other", LABELS, default_group_of(client, org))
    mine = FakeRunner.just_in_time(client, f"/orgs/{org}", "mine", LABELS, group["id"])
    assert other.ask() is None
    assert mine.take()["repository"] == app["full_name"]


def test_another_organization_s_runner_takes_nothing(client: Client, org: str, app: Json) -> None:
    client.post("/admin/organizations", {"login": f"{org}-other", "admin": "sandbox"})
    group = default_group_of(client, f"{org}-other")
    commit_file(client, app["full_name"], FILE, workflow(BUILD))
    assert FakeRunner.just_in_time(client, f"/orgs/{org}-other", "r1", LABELS, group).ask() is None
