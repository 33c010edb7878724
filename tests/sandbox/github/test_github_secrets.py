"""Secrets and variables of repositories, environments and organizations."""

import base64

import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox

from tests.sandbox.github.harness import (
    BUILD,
    FILE,
    LABELS,
    Client,
    FakeRunner,
    Json,
    commit_file,
    runner_of,
    workflow,
)


def sealed(client: Client, where: str, value: str) -> Json:
    """A body that sets a secret."""
    key = client.get(f"{where}/secrets/public-key")
    box = SealedBox(PublicKey(base64.b64decode(key["key"])))
    return {
        "encrypted_value": base64.b64encode(box.encrypt(value.encode())).decode(),
        "key_id": key["key_id"],
    }


@pytest.fixture(params=["repository", "environment", "organization"])
def where(request: pytest.FixtureRequest, client: Client, repo: Json, org: str) -> str:
    """Where secrets and variables can be."""
    if request.param == "organization":
        return f"/orgs/{org}/actions"
    if request.param == "environment":
        client.put(f"/repos/{repo['full_name']}/environments/prod")
        return f"/repos/{repo['full_name']}/environments/prod"
    return f"/repos/{repo['full_name']}/actions"


def more(where: str) -> Json:
    """What an organization wants to know besides."""
    return {"visibility": "all"} if where.startswith("/orgs/") else {}


def test_a_secret_is_made_changed_told_without_its_value_and_removed(client: Client, where: str) -> None:
    body = {**sealed(client, where, "hunter2"), **more(where)}
    assert client.call("PUT", f"{where}/secrets/token", body).status_code == 201
    assert client.call("PUT", f"{where}/secrets/TOKEN", body).status_code == 204
    told = client.get(f"{where}/secrets/Token")
    assert told["name"] == "TOKEN"
    assert set(told) <= {"name", "created_at", "updated_at", "visibility"}
    assert [each["name"] for each in client.get(f"{where}/secrets")["secrets"]] == ["TOKEN"]
    client.delete(f"{where}/secrets/TOKEN")
    assert client.refusal("GET", f"{where}/secrets/TOKEN")[0] == 404


def test_a_secret_that_was_sealed_for_another_key_is_refused(client: Client, where: str) -> None:
    box = SealedBox(PrivateKey.generate().public_key)
    body = sealed(client, where, "x") | more(where)
    body["encrypted_value"] = base64.b64encode(box.encrypt(b"x")).decode()
    assert client.refusal("PUT", f"{where}/secrets/TOKEN", body)[0] == 422
    body["key_id"] = "another"
    assert client.refusal("PUT", f"{where}/secrets/TOKEN", body)[0] == 422


def test_a_variable_is_made_once_changed_renamed_and_removed(client: Client, where: str) -> None:
    body = {"name": "host", "value": "a", **more(where)}
    client.post(f"{where}/variables", body)
    assert client.refusal("POST", f"{where}/variables", body)[0] == 409
    client.patch(f"{where}/variables/HOST", {"value": "b"})
    assert client.get(f"{where}/variables/host")["value"] == "b"
    client.patch(f"{where}/variables/HOST", {"name": "PLACE"})
    told = {each["name"]: each["value"] for each in client.get(f"{where}/variables")["variables"]}
    assert told == {"PLACE": "b"}
    client.delete(f"{where}/variables/PLACE")
    assert client.refusal("PATCH", f"{where}/variables/PLACE", {"value": "c"})[0] == 404


@pytest.mark.parametrize("name", ["1ST", "WITH-DASH", "WITH SPACE", "GITHUB_X", "github_x", "Ä", ""])
def test_a_name_that_github_refuses_is_refused(client: Client, repo: Json, name: str) -> None:
    where = f"/repos/{repo['full_name']}/actions/variables"
    assert client.refusal("POST", where, {"name": name, "value": "x"})[0] == 422


def test_a_value_may_have_48_kb(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}/actions/variables"
    client.post(where, {"name": "A", "value": "x" * 49152})
    assert client.refusal("POST", where, {"name": "B", "value": "x" * 49153})[0] == 422


def test_a_job_gets_what_is_nearest_to_it(client: Client, org: str) -> None:
    repo = client.post(f"/orgs/{org}/repos", {"name": "app", "private": True})["full_name"]
    client.put(f"/repos/{repo}/environments/prod")
    places = (f"/orgs/{org}/actions", f"/repos/{repo}/actions", f"/repos/{repo}/environments/prod")
    for place, names in zip(places, ("ABC", "BC", "C"), strict=True):
        for name in names:
            body = sealed(client, place, place) | more(place)
            client.call("PUT", f"{place}/secrets/{name}", body)
            client.post(f"{place}/variables", {"name": name, "value": place, **more(place)})
    commit_file(client, repo, FILE, workflow(BUILD.replace("  steps", "  environment: prod\n  steps")))
    job = FakeRunner.just_in_time(client, f"/repos/{repo}", "r1", LABELS).take()
    expected = dict(zip("ABC", places, strict=True))
    assert job["secrets"] == expected
    assert job["variables"] == expected


def test_a_job_of_no_environment_gets_no_environment_s_secrets(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}/environments/prod"
    client.put(where)
    client.call("PUT", f"{where}/secrets/TOKEN", sealed(client, where, "x"))
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    assert runner_of(client, repo).take()["secrets"] == {}


@pytest.mark.parametrize(
    ("visibility", "private", "reaches"),
    [
        ("all", False, True),
        ("private", False, False),
        ("private", True, True),
        ("selected", True, False),
    ],
)
def test_an_organization_s_variable_reaches_the_repositories_that_it_is_for(
    client: Client, *, org: str, visibility: str, private: bool, reaches: bool
) -> None:
    repo = client.post(f"/orgs/{org}/repos", {"name": "app", "private": private})
    body = {"name": "HOST", "value": "x", "visibility": visibility}
    client.post(f"/orgs/{org}/actions/variables", body)
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    job = runner_of(client, repo).take()
    assert job["variables"] == ({"HOST": "x"} if reaches else {})


def test_an_organization_s_secret_is_selected_for_repositories(client: Client, org: str) -> None:
    repo = client.post(f"/orgs/{org}/repos", {"name": "app", "private": True})
    where = f"/orgs/{org}/actions/secrets/TOKEN"
    body = sealed(client, f"/orgs/{org}/actions", "hunter2") | {"visibility": "selected"}
    client.put(where, body)
    client.put(f"{where}/repositories", {"selected_repository_ids": [repo["id"]]})
    told = client.get(f"{where}/repositories")["repositories"]
    assert [each["full_name"] for each in told] == [repo["full_name"]]
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    assert runner_of(client, repo).take()["secrets"] == {"TOKEN": "hunter2"}


def test_only_a_selected_secret_has_repositories(client: Client, org: str) -> None:
    where = f"/orgs/{org}/actions/secrets/TOKEN"
    client.put(where, sealed(client, f"/orgs/{org}/actions", "x") | {"visibility": "all"})
    assert client.refusal("PUT", f"{where}/repositories", {"selected_repository_ids": [1]})[0] == 409
