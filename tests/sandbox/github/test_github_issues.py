"""Issues and comments, with the tokens of people and of jobs."""

from typing import Any

from tests.sandbox.github.harness import FILE, Client, commit_file, runner_of, workflow

JOB = """
build:
  runs-on: [self-hosted, linux]
  steps:
    - run: make
"""


def of_job(client: Client, repo: dict[str, Any], permissions: str) -> Client:
    """A client with the token of a running job."""
    commit_file(client, repo["full_name"], FILE, workflow(JOB, permissions=permissions))
    return Client(client.url, runner_of(client, repo).take()["token"])


def test_comments_are_listed_oldest_first_page_by_page(client: Client, repo: dict[str, Any]) -> None:
    issues = f"/repos/{repo['full_name']}/issues"
    number = client.post(issues, {"title": "one"})["number"]
    for word in ("first", "second", "third"):
        client.post(f"{issues}/{number}/comments", {"body": word})

    listed = [
        comment["body"]
        for page in ("1", "2", "3")
        for comment in client.get(f"{issues}/{number}/comments", per_page="2", page=page)
    ]
    assert listed == ["first", "second", "third"]
    assert client.get(f"{issues}/{number}")["comments"] == 3


def test_a_comment_is_edited_and_removed(client: Client, repo: dict[str, Any]) -> None:
    issues = f"/repos/{repo['full_name']}/issues"
    number = client.post(issues, {"title": "one"})["number"]
    made = client.post(f"{issues}/{number}/comments", {"body": "before"})

    assert client.patch(f"{issues}/comments/{made['id']}", {"body": "after"})["body"] == "after"
    assert client.get(f"{issues}/comments/{made['id']}")["body"] == "after"
    client.delete(f"{issues}/comments/{made['id']}")
    assert client.get(f"{issues}/{number}/comments") == []


def test_what_a_job_writes_a_bot_has_written_and_it_may_not_ask_who_it_is(
    client: Client, repo: dict[str, Any]
) -> None:
    issues = f"/repos/{repo['full_name']}/issues"
    number = client.post(issues, {"title": "one"})["number"]
    job = of_job(client, repo, "{pull-requests: write}")

    made = job.post(f"{issues}/{number}/comments", {"body": "built"})
    assert (made["user"]["login"], made["user"]["type"]) == ("github-actions[bot]", "Bot")
    assert client.post(f"{issues}/{number}/comments", {"body": "fine"})["user"]["type"] == "User"
    assert job.refusal("GET", "/user") == (403, "Resource not accessible by integration")


def test_a_job_without_the_permission_reads_and_does_not_write(client: Client, repo: dict[str, Any]) -> None:
    issues = f"/repos/{repo['full_name']}/issues"
    number = client.post(issues, {"title": "one"})["number"]
    job = of_job(client, repo, "{pull-requests: read}")

    assert job.get(f"{issues}/{number}/comments") == []
    refused = job.refusal("POST", f"{issues}/{number}/comments", {"body": "built"})
    assert refused == (403, "Resource not accessible by integration")


def test_a_comment_is_neither_empty_nor_too_long_nor_another_repositorys(
    client: Client, repo: dict[str, Any]
) -> None:
    issues = f"/repos/{repo['full_name']}/issues"
    number = client.post(issues, {"title": "one"})["number"]
    made = client.post(f"{issues}/{number}/comments", {"body": "x" * 65_536})
    other = client.post("/user/repos", {"name": f"{repo['name']}-other", "private": True})

    for body in (" ", "x" * 65_537):
        assert client.refusal("POST", f"{issues}/{number}/comments", {"body": body})[0] == 422
    assert client.refusal("GET", f"/repos/{other['full_name']}/issues/comments/{made['id']}")[0] == 404
    assert client.refusal("GET", f"{issues}/99/comments")[0] == 404
