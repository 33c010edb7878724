"""Which runs a workflow file makes, and in which order their jobs go."""

import pytest

from tests.sandbox.github.harness import (
    BUILD,
    FILE,
    Client,
    FakeRunner,
    Json,
    commit_file,
    runner_of,
    runs,
    statuses,
    workflow,
)

TWO = """
build:
  runs-on: [self-hosted]
  steps: [{run: make}]
after:
  needs: build
  runs-on: [self-hosted]
  steps: [{run: make}]
"""


def finish_one(client: Client, repo: Json, conclusion: str = "success") -> str:
    """A fresh runner takes a job and ends it; gives the job's name."""
    runner = runner_of(client, repo, "once")
    job = runner.take()
    runner.complete(job, conclusion)
    return str(job["name"])


@pytest.mark.parametrize(
    ("on", "branches"),
    [
        ("push", ["main", "other", "v1"]),
        ("{push: {branches: [main]}}", ["main"]),
        ("{push: {branches: ['**', '!oth*']}}", ["main"]),
        ("{push: {branches-ignore: [main]}}", ["other"]),
        ("{push: {tags: ['v*']}}", ["v1"]),
        ("{push: {tags-ignore: ['v*']}}", []),
        ("{push: {branches: [main], tags: ['v?']}}", ["main"]),
        ("{push: {branches: [main], tags: ['v[0-9]']}}", ["main", "v1"]),
        ("workflow_dispatch", []),
        ("{schedule: [{cron: '0 3 * * 0'}]}", []),
        ("[pull_request]", []),
    ],
)
def test_a_push_starts_the_workflows_whose_filters_let_it_in(
    client: Client, repo: Json, on: str, branches: list[str]
) -> None:
    where = f"/repos/{repo['full_name']}/git/refs"
    sha = commit_file(client, repo["full_name"], FILE, workflow(BUILD, on))
    client.post(where, {"ref": "refs/heads/other", "sha": sha})
    client.post(where, {"ref": "refs/tags/v1", "sha": sha})
    assert sorted(run["head_branch"] for run in runs(client, repo)) == branches


def test_a_commit_that_says_so_starts_nothing(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD), message="docs [skip ci]")
    assert runs(client, repo) == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("jobs: [", "not YAML"),
        (workflow(BUILD) + "colour: red\n", "'colour' is not understood"),
        (workflow(BUILD, "issues"), "on.issues is not understood"),
        (workflow("build:\n  runs-on: x\n  strategy: {}\n  steps: [{run: a}]"), "jobs.build.strategy"),
        (workflow("build:\n  runs-on: ${{ matrix.os }}\n  steps: [{run: a}]"), "there is no matrix here"),
    ],
)
def test_a_file_that_is_not_understood_makes_a_failed_run_that_says_why(
    client: Client, repo: Json, text: str, error: str
) -> None:
    commit_file(client, repo["full_name"], FILE, text)
    [run] = runs(client, repo)
    assert (run["status"], run["conclusion"]) == ("completed", "failure")
    shown = client.http.get(f"{client.url}/{repo['full_name']}/actions/runs/{run['id']}", timeout=9).text
    assert error in shown.replace("&#x27;", "'")


def test_a_job_waits_for_those_that_it_needs(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(TWO))
    assert statuses(client, repo) == {"build": "queued", "after": "pending"}
    assert finish_one(client, repo) == "build"
    assert statuses(client, repo) == {"build": "success", "after": "queued"}
    assert finish_one(client, repo) == "after"
    assert runs(client, repo)[0]["conclusion"] == "success"


@pytest.mark.parametrize(
    ("condition", "ended", "expected"),
    [
        ("", "failure", "skipped"),
        ("always()", "failure", "queued"),
        ("${{ failure() }}", "failure", "queued"),
        ("failure()", "success", "skipped"),
        ("success() || failure()", "failure", "queued"),
        ("'!cancelled()'", "failure", "queued"),
        ("needs.build.result == 'failure'", "failure", "skipped"),
        ("always() && needs.build.result == 'failure'", "failure", "queued"),
        ("github.ref == 'refs/heads/main'", "success", "queued"),
        ("github.event_name == 'workflow_dispatch'", "success", "skipped"),
        ("startsWith(github.ref, 'refs/tags/')", "success", "skipped"),
        ("nonsense(", "success", "failure"),
    ],
)
def test_a_condition_decides_whether_a_job_runs(
    client: Client, repo: Json, condition: str, ended: str, expected: str
) -> None:
    jobs = TWO.replace("needs: build", f"needs: build\n  if: {condition}" if condition else "needs: build")
    commit_file(client, repo["full_name"], FILE, workflow(jobs))
    finish_one(client, repo, ended)
    assert statuses(client, repo)["after"] == expected


def test_a_cancelled_run_still_runs_what_always_runs(client: Client, repo: Json) -> None:
    jobs = TWO.replace("needs: build", "needs: build\n  if: always()")
    commit_file(client, repo["full_name"], FILE, workflow(jobs))
    client.post(f"/repos/{repo['full_name']}/actions/runs/{runs(client, repo)[0]['id']}/cancel")
    assert statuses(client, repo) == {"build": "cancelled", "after": "queued"}


def test_a_newer_run_takes_the_place_of_the_one_that_waits(client: Client, repo: Json) -> None:
    text = workflow(BUILD, concurrency="${{ github.workflow }}-${{ github.ref }}")
    runner = runner_of(client, repo)
    commit_file(client, repo["full_name"], FILE, text)
    job = runner.take()
    commit_file(client, repo["full_name"], "a", "second")
    commit_file(client, repo["full_name"], "a", "third")
    assert [run["status"] for run in runs(client, repo)] == ["pending", "completed", "in_progress"]
    assert runs(client, repo)[1]["conclusion"] == "cancelled"
    runner.complete(job)
    assert [run["status"] for run in runs(client, repo)] == ["queued", "completed", "completed"]


def test_cancel_in_progress_ends_the_run_that_is_under_way(client: Client, repo: Json) -> None:
    text = workflow(BUILD, concurrency="{group: one, cancel-in-progress: true}")
    commit_file(client, repo["full_name"], FILE, text)
    runner = runner_of(client, repo)
    job = runner.take()
    commit_file(client, repo["full_name"], "a", "second")
    assert runner.send("POST", f"/jobs/{job['id']}/heartbeat").json() == {"cancel": True}
    assert runs(client, repo)[0]["status"] == "pending"
    runner.complete(job, "cancelled")
    assert [run["status"] for run in runs(client, repo)] == ["queued", "completed"]


def test_a_person_starts_a_run_with_inputs(client: Client, repo: Json) -> None:
    on = "{workflow_dispatch: {inputs: {tag: {default: latest}, dry: {}}}}"
    commit_file(client, repo["full_name"], FILE, workflow(BUILD, on))
    where = f"/repos/{repo['full_name']}/actions/workflows/ci.yml"
    client.post(f"{where}/dispatches", {"ref": "main", "inputs": {"dry": "yes"}})
    job = runner_of(client, repo).take()
    assert job["event_name"] == "workflow_dispatch"
    assert job["event"]["inputs"] == {"tag": "latest", "dry": "yes"}
    assert client.get(f"{where}/runs")["total_count"] == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"ref": "gone"}, "No ref found"),
        ({"ref": "main", "inputs": {"colour": "red"}}, "Unexpected inputs"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused(client: Client, repo: Json, body: Json, why: str) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD, "workflow_dispatch"))
    where = f"/repos/{repo['full_name']}/actions/workflows/ci.yml/dispatches"
    status, said = client.refusal("POST", where, body)
    assert (status, why in said) == (422, True)


def test_a_workflow_without_the_trigger_is_not_started_by_hand(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    where = f"/repos/{repo['full_name']}/actions/workflows/ci.yml/dispatches"
    assert "workflow_dispatch" in client.refusal("POST", where, {"ref": "main"})[1]


def test_a_disabled_workflow_makes_no_runs(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    [found] = client.get(f"/repos/{repo['full_name']}/actions/workflows")["workflows"]
    where = f"/repos/{repo['full_name']}/actions/workflows/{found['id']}"
    client.put(f"{where}/disable")
    commit_file(client, repo["full_name"], "a", "second")
    assert len(runs(client, repo)) == 1
    client.put(f"{where}/enable")
    commit_file(client, repo["full_name"], "a", "third")
    assert len(runs(client, repo)) == 2


def test_runs_are_found_by_what_they_are(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    commit_file(client, repo["full_name"], "a", "second")
    finish_one(client, repo)
    assert [run["run_number"] for run in runs(client, repo, status="success")] == [1]
    assert [run["run_number"] for run in runs(client, repo, status="queued")] == [2]
    assert runs(client, repo, branch="other") == []
    assert len(runs(client, repo, event="push", per_page="1", page="2")) == 1


def test_a_run_that_is_over_can_be_removed(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    where = f"/repos/{repo['full_name']}/actions/runs/{runs(client, repo)[0]['id']}"
    assert client.refusal("DELETE", where)[0] == 403
    finish_one(client, repo)
    client.delete(where)
    assert client.refusal("GET", where)[0] == 404


def test_a_job_that_takes_too_long_is_told_to_cancel(client: Client, repo: Json) -> None:
    jobs = BUILD.replace("  steps", "  timeout-minutes: 0.001\n  steps")
    commit_file(client, repo["full_name"], FILE, workflow(jobs))
    runner: FakeRunner = runner_of(client, repo)
    job = runner.take()
    runner.until_cancelled(job)
    runner.complete(job, "cancelled")
    assert runs(client, repo)[0]["conclusion"] == "cancelled"
