"""Repositories, their files, branches and commits, users and organizations."""

import base64

import pytest

from tests.sandbox.github.harness import FILE, Client, Json, commit_file


def text(client: Client, repo: Json, path: str, **query: str) -> str:
    told = client.get(f"/repos/{repo['full_name']}/contents/{path}", **query)
    return base64.b64decode(told["content"]).decode()


def test_a_repository_is_found_whatever_the_case_and_renamed(client: Client, repo: Json) -> None:
    assert client.get(f"/repos/{repo['full_name'].upper()}")["id"] == repo["id"]
    assert client.get(f"/repositories/{repo['id']}")["full_name"] == repo["full_name"]
    commit_file(client, repo["full_name"], "a", "one")
    renamed = client.patch(
        f"/repos/{repo['full_name']}", {"name": f"{repo['name']}-2", "description": "mine"}
    )
    assert renamed["description"] == "mine"
    assert text(client, renamed, "a") == "one"
    assert client.refusal("GET", f"/repos/{repo['full_name']}")[0] == 404


@pytest.mark.parametrize("body", [{"name": "with space"}, {"name": ""}, {"name": 7}, {}])
def test_a_repository_that_makes_no_sense_is_refused(client: Client, body: Json) -> None:
    assert client.refusal("POST", "/user/repos", body)[0] == 422


def test_a_name_is_taken_once(client: Client, repo: Json) -> None:
    assert "already exists" in client.refusal("POST", "/user/repos", {"name": repo["name"].upper()})[1]


def test_a_removed_repository_leaves_nothing_to_its_successor(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}"
    client.post(f"{where}/actions/variables", {"name": "A", "value": "1"})
    commit_file(client, repo["full_name"], "a", "one")
    client.delete(where)
    client.post("/user/repos", {"name": repo["name"]})
    assert client.get(f"{where}/actions/variables")["total_count"] == 0
    assert client.refusal("GET", f"{where}/contents/a")[0] == 404


def test_a_file_is_made_changed_only_by_who_knows_it_and_removed(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}/contents/docs/a.txt"
    content = base64.b64encode(b"one").decode()
    made = client.call("PUT", where, {"message": "m", "content": content})
    assert made.status_code == 201
    blob = made.json()["content"]["sha"]
    assert client.refusal("PUT", where, {"message": "m", "content": content})[0] == 422
    assert client.refusal("PUT", where, {"message": "m", "content": content, "sha": "0" * 40})[0] == 409
    who = {"name": "Ann", "email": "ann@example.com"}
    body = {"message": "second", "content": base64.b64encode(b"two").decode(), "sha": blob, "author": who}
    changed = client.put(where, body)
    assert changed["commit"]["author"]["name"] == "Ann"
    assert client.refusal("DELETE", where, {"message": "m", "sha": blob})[0] == 409
    client.delete(where, {"message": "gone", "sha": changed["content"]["sha"]})
    assert client.refusal("GET", where)[0] == 404
    titles = [each["commit"]["message"] for each in client.get(f"/repos/{repo['full_name']}/commits")]
    assert titles == ["gone", "second", "m"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"message": "m", "content": "!"}, 422),
        ({"content": "YQ=="}, 422),
        ({"message": "m", "content": "YQ==", "branch": "gone"}, 404),
        ({"message": "m", "content": "YQ==", "sha": "0" * 40}, 409),
    ],
)
def test_a_commit_that_makes_no_sense_is_refused(client: Client, repo: Json, body: Json, status: int) -> None:
    commit_file(client, repo["full_name"], "there", "x")
    assert client.refusal("PUT", f"/repos/{repo['full_name']}/contents/a", body)[0] == status


def test_branches_and_tags_are_made_moved_and_removed(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}"
    first = commit_file(client, repo["full_name"], "a", "one")
    second = commit_file(client, repo["full_name"], "a", "two")
    client.post(f"{where}/git/refs", {"ref": "refs/heads/feature/x", "sha": first})
    assert client.get(f"{where}/branches/feature/x")["commit"]["sha"] == first
    assert text(client, repo, "a", ref="feature/x") == "one"
    client.patch(f"{where}/git/refs/heads/feature/x", {"sha": second})
    assert client.refusal("PATCH", f"{where}/git/refs/heads/feature/x", {"sha": first})[0] == 422
    client.patch(f"{where}/git/refs/heads/feature/x", {"sha": first, "force": True})
    assert client.get(f"{where}/git/ref/heads/feature/x")["object"]["sha"] == first
    assert client.get(f"{where}/commits/feature/x")["sha"] == first
    client.delete(f"{where}/git/refs/heads/feature/x")
    assert [each["name"] for each in client.get(f"{where}/branches")] == ["main"]
    assert client.refusal("GET", f"{where}/branches/feature/x")[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"ref": "refs/heads/main", "sha": "HEAD"},
        {"ref": "refs/notes/x", "sha": "HEAD"},
        {"ref": "refs/heads/x", "sha": "0" * 40},
        {"ref": "refs/heads/bad..name", "sha": "HEAD"},
    ],
)
def test_a_ref_that_makes_no_sense_is_refused(client: Client, repo: Json, body: Json) -> None:
    sha = commit_file(client, repo["full_name"], "a", "one")
    body = {"ref": body["ref"], "sha": sha if body["sha"] == "HEAD" else body["sha"]}
    assert client.refusal("POST", f"/repos/{repo['full_name']}/git/refs", body)[0] == 422


def test_the_default_branch_can_change(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}"
    sha = commit_file(client, repo["full_name"], "a", "one")
    assert client.refusal("PATCH", where, {"default_branch": "trunk"})[0] == 422
    client.post(f"{where}/git/refs", {"ref": "refs/heads/trunk", "sha": sha})
    assert client.patch(where, {"default_branch": "trunk"})["default_branch"] == "trunk"


def test_an_archived_repository_takes_no_commit(client: Client, repo: Json) -> None:
    client.patch(f"/repos/{repo['full_name']}", {"archived": True})
    body = {"message": "m", "content": "YQ=="}
    assert client.refusal("PUT", f"/repos/{repo['full_name']}/contents/a", body)[0] == 403


def test_users_and_organizations_are_told(client: Client, org: str) -> None:
    assert client.get("/user")["login"] == "sandbox"
    client.post("/admin/users", {"login": f"{org}-ann"})
    assert client.get(f"/users/{org}-ann")["type"] == "User"
    assert client.get(f"/orgs/{org}")["type"] == "Organization"
    assert client.refusal("GET", f"/orgs/{org}-ann")[0] == 404
    assert client.get("/meta")["installed_version"] == "3.19.0"
    client.post(f"/orgs/{org}/repos", {"name": "app"})
    assert [repo["name"] for repo in client.get(f"/orgs/{org}/repos")] == ["app"]


@pytest.mark.parametrize("login", ["", "two words", "-a", "a--b", "a" * 40, "SANDBOX"])
def test_a_login_that_makes_no_sense_is_refused(client: Client, login: str) -> None:
    assert client.refusal("POST", "/admin/users", {"login": login})[0] == 422


def test_pages_of_results_are_linked(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}/actions/variables"
    for name in "ABC":
        client.post(where, {"name": name, "value": "1"})
    first = client.call("GET", where, per_page="2")
    assert first.json()["total_count"] == 3
    assert [each["name"] for each in first.json()["variables"]] == ["A", "B"]
    following = first.links["next"]["url"].removeprefix(f"{client.url}/api/v3")
    assert [each["name"] for each in client.get(following)["variables"]] == ["C"]


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {client.token}"}
    answer = client.http.post(f"{client.url}/api/v3/user/repos", data=body, headers=headers, timeout=9)
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_pages_say_what_they_are_and_show_runs(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, "on: push\njobs: {<b>: {runs-on: x, steps: [{run: a}]}}\n")
    overview = client.http.get(client.url, timeout=9)
    assert overview.status_code == 200
    assert "a stand-in, not GitHub" in overview.text
    number = client.get(f"/repos/{repo['full_name']}/actions/runs")["workflow_runs"][0]["id"]
    shown = client.http.get(f"{client.url}/{repo['full_name']}/actions/runs/{number}", timeout=9).text
    assert "&lt;b&gt;" in shown
    assert "There are no runners." in shown
    assert client.http.get(f"{client.url}/nobody/nothing/actions/runs/1", timeout=9).status_code == 404
    assert client.http.get(f"{client.url}/-/health", timeout=9).json()["status"] == "ok"
