"""The runner's half of the protocol, spoken by a fake runner."""

import io
import socket
import threading
import zipfile
from pathlib import Path

import gitlab
from gitlab.v4.objects import Project

from tests.sandbox.harness import (
    ROOT_TOKEN,
    FakeRunner,
    MakeRunner,
    add_runner,
    commit_ci,
    running_sandbox,
    statuses,
)

ONE_JOB = "build: {script: [make]}"


def test_a_runner_verifies_its_token(url: str, runner_of: MakeRunner, project: Project) -> None:
    runner = runner_of(project)
    body = {"token": runner.token, "system_id": runner.system_id}
    answer = runner.http.post(f"{url}/api/v4/runners/verify", json=body, timeout=9)
    assert (answer.status_code, answer.json()["token"]) == (200, runner.token)
    assert answer.json()["id"] > 0
    assert (
        runner.http.post(f"{url}/api/v4/runners/verify", json={"token": "no"}, timeout=9).status_code == 403
    )


def test_without_a_job_there_is_204_and_with_a_wrong_token_403(
    url: str, runner_of: MakeRunner, project: Project
) -> None:
    answer = runner_of(project).request()
    assert answer.status_code == 204
    assert answer.headers["X-GitLab-Last-Update"]
    assert FakeRunner(url, "glrt-wrong").request().status_code == 403


def test_a_trace_grows_piece_by_piece_and_a_gap_is_refused(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    job = runner.take()
    first = runner.patch(job, b"one ", 0)
    assert (first.status_code, first.headers["Range"], first.headers["Job-Status"]) == (202, "0-4", "running")
    gap = runner.patch(job, b"three", 9)
    assert (gap.status_code, gap.headers["Range"]) == (416, "0-4")
    again = runner.patch(job, b"one ", 0)
    assert (again.status_code, again.headers["Range"]) == (416, "0-4")
    assert runner.patch(job, b"two", 4).headers["Range"] == "0-7"
    assert project.jobs.get(job["id"]).trace() == b"one two"


def test_a_job_ends_only_when_its_whole_trace_has_come(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    job = runner.take()
    assert runner.update(job, "running").status_code == 200
    whole = {"output": {"checksum": "crc32:00000000", "bytesize": 4}}
    assert runner.update(job, "success", **whole).status_code == 202
    assert project.jobs.get(job["id"]).status == "running"
    runner.patch(job, b"done", 0)
    assert runner.update(job, "success", **whole).status_code == 200
    ended = project.jobs.get(job["id"])
    assert (ended.status, project.pipelines.list(get_all=False)[0].status) == ("success", "success")
    late = runner.patch(job, b"!", 4)
    assert (late.status_code, late.headers["Job-Status"]) == (403, "success")


def test_a_job_is_nobody_elses(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    job = runner.take()
    stolen = {**job, "token": "glcbt-wrong"}
    assert runner.update(stolen, "success").status_code == 403
    assert runner.patch(stolen, b"x", 0).status_code == 403
    assert runner.upload(stolen, b"x").status_code == 403
    assert runner.download(stolen, job["id"]).status_code == 401
    assert runner.update({**job, "id": 999_999}, "success").status_code == 404


def test_a_failure_keeps_its_reason(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    job = runner.take()
    runner.finish(job, "failed", failure_reason="image_pull_failure", exit_code=1)
    ended = project.jobs.get(job["id"])
    assert (ended.status, ended.failure_reason) == ("failed", "image_pull_failure")


def test_a_runner_that_cannot_end_a_job_gently_is_told_to_abort(
    runner_of: MakeRunner, project: Project
) -> None:
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    job = runner.take()
    project.jobs.get(job["id"]).cancel()
    answer = runner.patch(job, b"x", 0)
    assert (answer.status_code, answer.headers["Job-Status"]) == (403, "canceled")


def test_a_runner_that_can_is_asked_to_end_the_job_itself(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, ONE_JOB)
    runner = runner_of(project, graceful=True)
    job = runner.take()
    project.jobs.get(job["id"]).cancel()
    answer = runner.patch(job, b"after_script", 0)
    assert (answer.status_code, answer.headers["Job-Status"]) == (202, "canceling")
    runner.finish(job, "failed", failure_reason="job_canceled")
    assert project.jobs.get(job["id"]).status == "canceled"


def test_artifacts_pass_from_job_to_job(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(
        project,
        "build: {stage: build, script: [x], artifacts: {paths: [out]}}\nuse: {stage: test, script: [y]}",
    )
    runner = runner_of(project)
    job = runner.take()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("out/file", "content")
    uploaded = runner.upload(job, packed.getvalue(), artifact_type="archive", artifact_format="zip")
    assert uploaded.status_code == 201
    runner.finish(job)
    later = runner.take()
    assert [(item["id"], item["name"]) for item in later["dependencies"]] == [(job["id"], "build")]
    assert runner.download(later, job["id"]).content == packed.getvalue()
    assert project.jobs.get(job["id"]).artifacts() == packed.getvalue()


def test_artifacts_that_are_too_large_are_refused(runner_of: MakeRunner, project: Project) -> None:
    project.max_artifacts_size = 1
    project.save()
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    job = runner.take()
    assert runner.upload(job, b"x" * (1024 * 1024 + 1)).status_code == 413
    assert runner.upload(job, b"x", artifact_type="../escape").status_code == 400
    assert project.jobs.get(job["id"]).attributes["artifacts"] == []


def until_seen(client: gitlab.Gitlab, project: Project, system_id: str) -> None:
    """Returns when the sandbox has read a request of this process."""
    number = project.runners.list(get_all=True, type="project_type")[0].id
    seen: set[str] = set()
    while system_id not in seen:
        seen = {item["system_id"] for item in client.http_list(f"/runners/{number}/managers", get_all=True)}


def test_a_waiting_runner_is_woken_by_a_new_job(
    client: gitlab.Gitlab, runner_of: MakeRunner, project: Project
) -> None:
    runner = runner_of(project)
    news = runner.request().headers["X-GitLab-Last-Update"]
    runner.system_id = "s_waiting"
    answers: list[int] = []
    waiting = threading.Thread(target=lambda: answers.append(runner.request(last_update=news).status_code))
    waiting.start()
    until_seen(client, project, "s_waiting")
    # It is held now, for up to 50 s.
    assert answers == []
    commit_ci(project, ONE_JOB)
    waiting.join(20)
    assert answers == [201]


def test_a_runner_that_hung_up_while_waiting_gets_no_job(
    client: gitlab.Gitlab, url: str, runner_of: MakeRunner, project: Project
) -> None:
    runner = runner_of(project)
    news = runner.request().headers["X-GitLab-Last-Update"]
    host, _, port = url.removeprefix("http://").partition(":")
    body = f'{{"token": "{runner.token}", "last_update": "{news}", "system_id": "s_gone"}}'
    head = f"POST /api/v4/jobs/request HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(f"{head}\r\n\r\n{body}".encode())
        until_seen(client, project, "s_gone")
    commit_ci(project, ONE_JOB)
    assert runner.request().status_code == 201


def test_a_new_token_ends_the_old_one(url: str, runner_of: MakeRunner, project: Project) -> None:
    runner = runner_of(project)
    answer = runner.http.post(
        f"{url}/api/v4/runners/reset_authentication_token", json={"token": runner.token}, timeout=9
    )
    assert answer.status_code == 201
    assert runner.request().status_code == 403
    runner.token = answer.json()["token"]
    assert runner.request().status_code == 204


def test_a_runner_takes_its_processes_and_itself_off_the_list(
    client: gitlab.Gitlab, url: str, runner_of: MakeRunner, project: Project
) -> None:
    runner = runner_of(project)
    runner.request()
    number = project.runners.list(get_all=True, type="project_type")[0].id
    managers = client.http_list(f"/runners/{number}/managers", get_all=True)
    assert [item["system_id"] for item in managers] == [runner.system_id]
    body = {"token": runner.token, "system_id": runner.system_id}
    assert runner.http.delete(f"{url}/api/v4/runners/managers", json=body, timeout=9).status_code == 204
    assert runner.http.delete(f"{url}/api/v4/runners", json=body, timeout=9).status_code == 204
    assert runner.request().status_code == 403


def test_a_running_job_outlives_a_restart_of_the_sandbox(tmp_path: Path) -> None:
    with running_sandbox(tmp_path / "data") as url, gitlab.Gitlab(url, private_token=ROOT_TOKEN) as client:
        project = client.projects.create({"name": "app"})
        assert isinstance(project, Project)
        commit_ci(project, ONE_JOB)
        runner = FakeRunner(url, add_runner(client, project)["token"])
        job = runner.take()
        runner.patch(job, b"before ", 0)
    port = int(url.rpartition(":")[2])
    with (
        running_sandbox(tmp_path / "data", port=port),
        gitlab.Gitlab(url, private_token=ROOT_TOKEN) as client,
    ):
        assert runner.patch(job, b"after", 7).status_code == 202
        runner.finish(job)
        project = client.projects.get("root/app")
        assert isinstance(project, Project)
        assert statuses(project) == {"build": "success"}
        assert project.jobs.get(job["id"]).trace() == b"before after"
