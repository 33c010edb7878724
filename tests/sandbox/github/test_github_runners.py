"""Runners: registration, the stand-in protocol, and what the API tells of them."""

import json
from pathlib import Path

import pytest

from tests.sandbox.github.harness import (
    BUILD,
    FILE,
    LABELS,
    Client,
    FakeRunner,
    Json,
    commit_file,
    runner_of,
    running_github,
    runs,
    statuses,
    until,
    workflow,
)

JIT = "/actions/runners/generate-jitconfig"


def told(client: Client, where: str) -> dict[str, tuple[str, bool]]:
    """Status and busy of every runner by name."""
    found = client.get(f"{where}/actions/runners")["runners"]
    return {runner["name"]: (runner["status"], runner["busy"]) for runner in found}


def test_a_runner_is_offline_online_busy_and_then_gone(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}"
    client.post(f"{where}{JIT}", {"name": "never", "runner_group_id": 1, "labels": ["x"]})
    runner = runner_of(client, repo)
    assert told(client, where) == {"never": ("offline", False), "r1": ("online", False)}
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    job = runner.take()
    assert told(client, where)["r1"] == ("online", True)
    runner.complete(job)
    assert told(client, where) == {"never": ("offline", False)}


def test_a_finished_runner_s_secret_is_refused(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    runner = runner_of(client, repo)
    runner.complete(runner.take())
    assert runner.send("POST", "/session").status_code == 401
    assert runner.send("GET", "/job").status_code == 401


def test_a_runner_that_ends_its_session_is_offline_and_stays_registered(client: Client, repo: Json) -> None:
    runner = runner_of(client, repo)
    assert runner.send("DELETE", "/session").status_code == 204
    assert told(client, f"/repos/{repo['full_name']}") == {"r1": ("offline", False)}
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    assert runner.send("GET", "/job").status_code == 409


def test_a_name_can_be_registered_once(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}"
    runner_of(client, repo)
    status, why = client.refusal(
        "POST", f"{where}{JIT}", {"name": "R1", "runner_group_id": 1, "labels": ["x"]}
    )
    assert (status, why) == (409, "Already exists - A runner with the name R1 already exists.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "n" * 65},
        {"labels": []},
        {"labels": ["with space"]},
        {"labels": ["a,b"]},
        {"labels": [f"label-{number}" for number in range(101)]},
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(client: Client, repo: Json, wrong: Json) -> None:
    body = {"name": "r1", "runner_group_id": 1, "labels": ["x"], **wrong}
    assert client.refusal("POST", f"/repos/{repo['full_name']}{JIT}", body)[0] == 422


def test_a_repository_has_the_runner_group_1_only(client: Client, repo: Json) -> None:
    body = {"name": "r1", "runner_group_id": 2, "labels": ["x"]}
    assert client.refusal("POST", f"/repos/{repo['full_name']}{JIT}", body)[0] == 404


def test_a_busy_runner_is_not_deleted_and_an_idle_one_is(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}/actions/runners"
    busy, idle = runner_of(client, repo), runner_of(client, repo, "r2")
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    busy.take()
    assert client.refusal("DELETE", f"{where}/{busy.config['runner_id']}")[0] == 422
    client.delete(f"{where}/{idle.config['runner_id']}")
    assert [runner["name"] for runner in client.get(where)["runners"]] == ["r1"]
    assert client.refusal("GET", f"{where}/{idle.config['runner_id']}")[0] == 404


def test_another_repository_s_runner_is_not_found(client: Client, repo: Json) -> None:
    other = client.post("/user/repos", {"name": f"{repo['name']}-other"})
    number = runner_of(client, repo).config["runner_id"]
    assert client.refusal("GET", f"/repos/{other['full_name']}/actions/runners/{number}")[0] == 404


def test_a_job_needs_all_of_its_labels_whatever_their_case(client: Client, repo: Json) -> None:
    jobs = BUILD.replace("[self-hosted, linux]", "[self-hosted, GPU]")
    commit_file(client, repo["full_name"], FILE, workflow(jobs))
    where = f"/repos/{repo['full_name']}"
    assert FakeRunner.just_in_time(client, where, "plain", LABELS).ask() is None
    assert FakeRunner.just_in_time(client, where, "gpu", [*LABELS, "gpu"]).take()["name"] == "build"


def test_a_runner_has_one_job_at_a_time(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD + BUILD.replace("build", "again")))
    runner = runner_of(client, repo)
    runner.take()
    assert runner.ask() is None
    assert statuses(client, repo) == {"build": "in_progress", "again": "queued"}


def test_a_held_request_is_answered_when_a_job_comes(client: Client, repo: Json) -> None:
    runner = runner_of(client, repo)
    with runner.asking() as held:
        commit_file(client, repo["full_name"], FILE, workflow(BUILD))
        job = held.result(20)
    assert job is not None
    assert job["name"] == "build"


def test_a_running_job_is_told_to_cancel_and_its_run_ends_cancelled(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    runner = runner_of(client, repo)
    job = runner.take()
    beat = f"/jobs/{job['id']}/heartbeat"
    assert runner.send("POST", beat).json() == {"cancel": False}
    where = f"/repos/{repo['full_name']}/actions/runs/{job['run_id']}"
    client.post(f"{where}/cancel")
    assert runner.send("POST", beat).json() == {"cancel": True}
    runner.complete(job, "cancelled")
    assert client.get(where)["conclusion"] == "cancelled"
    assert client.refusal("POST", f"{where}/cancel")[0] == 409


def test_a_queued_run_is_cancelled_at_once(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    [run] = runs(client, repo)
    client.post(f"/repos/{repo['full_name']}/actions/runs/{run['id']}/cancel")
    assert statuses(client, repo) == {"build": "cancelled"}
    assert runs(client, repo)[0]["conclusion"] == "cancelled"


def test_a_runner_cannot_touch_another_runner_s_job(client: Client, repo: Json) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    mine, other = runner_of(client, repo), runner_of(client, repo, "r2")
    job = mine.take()
    assert other.send("POST", f"/jobs/{job['id']}/log", data=b"x").status_code == 404
    assert (
        other.send("POST", f"/jobs/{job['id']}/complete", json={"conclusion": "success"}).status_code == 404
    )


def test_a_registration_token_registers_a_runner_that_stays(client: Client, repo: Json) -> None:
    where = f"/repos/{repo['full_name']}"
    token = client.post(f"{where}/actions/runners/registration-token")["token"]
    nobody = Client(client.url, "")
    body = {"token": token, "name": "kept", "labels": LABELS, "ephemeral": False}
    runner = FakeRunner(nobody.post("/_runner/register", body))
    runner.send("POST", "/session")
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    runner.complete(runner.take())
    assert told(client, where) == {"kept": ("online", False)}


@pytest.mark.parametrize("kind", ["remove-token", "made-up"])
def test_only_a_registration_token_registers(client: Client, repo: Json, kind: str) -> None:
    where = f"/repos/{repo['full_name']}/actions/runners"
    token = "made-up" if kind == "made-up" else client.post(f"{where}/{kind}")["token"]
    body = {"token": token, "name": "r1", "labels": LABELS}
    assert Client(client.url, "").refusal("POST", "/_runner/register", body)[0] == 401


def test_a_runner_s_labels_are_told_and_changed(client: Client, repo: Json) -> None:
    number = runner_of(client, repo).config["runner_id"]
    where = f"/repos/{repo['full_name']}/actions/runners/{number}/labels"
    kinds = {label["name"]: label["type"] for label in client.get(where)["labels"]}
    assert kinds == {"self-hosted": "read-only", "linux": "read-only", "x64": "read-only"}
    client.put(where, {"labels": ["gpu"]})
    assert [label["name"] for label in client.get(where)["labels"]] == [*LABELS, "gpu"]


def test_a_silent_runner_is_offline_and_its_job_is_lost(tmp_path: Path) -> None:
    with running_github(tmp_path, offline_seconds=0.4) as running:
        client = Client(running.url)
        repo = client.post("/user/repos", {"name": "app"})
        commit_file(client, repo["full_name"], FILE, workflow(BUILD))
        runner = runner_of(client, repo)
        runner.take()
        until(lambda: statuses(client, repo) == {"build": "failure"})
        assert told(client, "/repos/sandbox/app") == {"r1": ("offline", False)}
        assert runs(client, repo)[0]["conclusion"] == "failure"


def test_a_restart_loses_no_runner_and_no_job(tmp_path: Path) -> None:
    with running_github(tmp_path) as first:
        client = Client(first.url)
        repo = client.post("/user/repos", {"name": "app"})
        commit_file(client, repo["full_name"], FILE, workflow(BUILD))
        runner = runner_of(client, repo)
        job = runner.take()
        port = int(first.url.rpartition(":")[2])
    with running_github(tmp_path, port=port):
        assert json.loads(json.dumps(told(client, "/repos/sandbox/app"))) == {"r1": ["online", True]}
        runner.complete(job)
        assert runs(client, repo)[0]["conclusion"] == "success"
