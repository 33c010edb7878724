"""The runner's half of the protocol, spoken by a fake runner."""

import io
import socket
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import gitlab
import pytest
from gitlab.v4.objects import Project

from tests.sandbox.harness import (
    ROOT_TOKEN,
    FakeRunner,
    add_runner,
    commit_ci,
    running_sandbox,
    statuses,
)

MakeRunner = Callable[..., FakeRunner]
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


def test_a_job_comes_with_everything_a_runner_needs(
    client: gitlab.Gitlab, url: str, runner_of: MakeRunner, project: Project
) -> None:
    project.variables.create({"key": "SECRET", "value": "abcd1234", "masked": True, "protected": True})
    project.variables.create({"key": "CA", "value": "-----\nx", "variable_type": "file"})
    project.variables.create({"key": "ELSEWHERE", "value": "x", "environment_scope": "production"})
    sha = commit_ci(
        project,
        """
        build:
          image: {name: "docker:29.7.2-cli", entrypoint: [""]}
          services: [{name: "docker:29.7.2-dind", alias: docker}]
          variables: {DOCKER_HOST: "tcp://docker:2376", SECRET: from-file}
          before_script: [docker info]
          script: [docker build .]
          after_script: [docker logout]
          artifacts: {paths: [out], expire_in: 1 day, when: always}
          cache: {key: k, paths: [c]}
          timeout: 20 minutes
        """,
    )
    job = runner_of(project, maximum_timeout=600).take()
    variables = {item["key"]: item for item in job["variables"]}
    values = {key: item["value"] for key, item in variables.items()}
    assert job["image"] == {"name": "docker:29.7.2-cli", "entrypoint": [""]}
    assert job["services"] == [{"name": "docker:29.7.2-dind", "alias": "docker"}]
    assert [(step["name"], step["script"], step["when"]) for step in job["steps"]] == [
        ("script", ["docker info", "docker build ."], "on_success"),
        ("after_script", ["docker logout"], "always"),
    ]
    assert job["runner_info"]["timeout"] == 600
    assert job["artifacts"][0]["paths"] == ["out"]
    assert job["cache"][0]["key"] == "k-protected"
    assert job["git_info"]["sha"] == sha
    assert job["git_info"]["depth"] == 20
    assert f"+refs/pipelines/{values['CI_PIPELINE_ID']}:" in job["git_info"]["refspecs"][0]
    host = url.removeprefix("http://")
    path = project.path_with_namespace
    assert job["git_info"]["repo_url"] == f"http://gitlab-ci-token:{job['token']}@{host}/{path}.git"
    assert job["credentials"][0]["url"] == "registry.example:5000"
    expected = {
        "CI": "true",
        "CI_JOB_ID": str(job["id"]),
        "CI_PROJECT_PATH": path,
        "CI_COMMIT_SHA": sha,
        "CI_COMMIT_SHORT_SHA": sha[:8],
        "CI_COMMIT_REF_NAME": "main",
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "CI_SERVER_URL": url,
        "CI_API_V4_URL": f"{url}/api/v4",
        "CI_REGISTRY_IMAGE": f"registry.example:5000/{path}",
        "CI_JOB_TOKEN": job["token"],
        "DOCKER_HOST": "tcp://docker:2376",
        # The project's variable wins over the file's.
        "SECRET": "abcd1234",
    }
    assert expected.items() <= values.items()
    assert "ELSEWHERE" not in values
    assert variables["CI_JOB_TOKEN"]["masked"]
    assert variables["SECRET"]["masked"]
    assert not variables["SECRET"]["public"]
    assert variables["CA"]["file"]
    assert client.runners.get(job["id"] and values["CI_RUNNER_ID"]).online


def test_protected_variables_stay_away_from_other_branches(runner_of: MakeRunner, project: Project) -> None:
    project.variables.create({"key": "GUARDED", "value": "x", "protected": True})
    commit_ci(project, ONE_JOB)
    runner = runner_of(project)
    runner.take()
    project.branches.create({"branch": "topic", "ref": "main"})
    job = runner.take()
    values = {item["key"]: item["value"] for item in job["variables"]}
    assert "GUARDED" not in values
    assert values["CI_COMMIT_REF_PROTECTED"] == "false"


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


@pytest.mark.parametrize(
    ("settings", "takes"),
    [
        ({"tag_list": ["dind", "amd64"]}, True),
        ({"tag_list": ["dind"]}, False),
        ({"tag_list": ["dind", "amd64"], "paused": True}, False),
        ({"tag_list": ["dind", "amd64"], "access_level": "ref_protected"}, False),
    ],
)
def test_a_job_goes_to_a_runner_that_fits(
    runner_of: MakeRunner, project: Project, *, settings: dict[str, str], takes: bool
) -> None:
    commit_ci(project, "a: {script: [x], tags: [dind, $ARCH], variables: {ARCH: amd64}, only: [topic]}")
    project.branches.create({"branch": "topic", "ref": "main"})
    assert (runner_of(project, **settings).request().status_code == 201) is takes


def test_an_untagged_job_needs_a_runner_that_takes_them(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, ONE_JOB)
    assert runner_of(project, tag_list=["x"], run_untagged=False).request().status_code == 204
    assert runner_of(project, tag_list=["x"]).request().status_code == 201


def test_runners_of_the_instance_and_of_groups_serve_as_the_project_allows(
    client: gitlab.Gitlab, url: str
) -> None:
    group = client.groups.create({"name": "scoped", "path": "scoped"})
    project = client.projects.create({"name": "app", "namespace_id": group.id})
    assert isinstance(project, Project)
    commit_ci(project, "a: {script: [x], tags: [scope-test]}\nb: {script: [x], tags: [scope-test]}")
    shared = {"tag_list": "scope-test", "run_untagged": False}
    instance = client.http_post("/user/runners", post_data={"runner_type": "instance_type", **shared})
    grouped = client.http_post(
        "/user/runners", post_data={"runner_type": "group_type", "group_id": group.id, **shared}
    )
    assert isinstance(instance, dict)
    assert isinstance(grouped, dict)
    runners = [FakeRunner(url, str(made["token"])) for made in (instance, grouped)]
    client.projects.update(project.id, {"shared_runners_enabled": False, "group_runners_enabled": False})
    assert [runner.request().status_code for runner in runners] == [204, 204]
    client.projects.update(project.id, {"shared_runners_enabled": True, "group_runners_enabled": True})
    assert [runner.request().status_code for runner in runners] == [201, 201]


def test_a_waiting_runner_is_woken_by_a_new_job(runner_of: MakeRunner, project: Project) -> None:
    runner = runner_of(project)
    seen = runner.request().headers["X-GitLab-Last-Update"]
    taken: list[int] = []
    waiting = threading.Thread(target=lambda: taken.append(runner.request(last_update=seen).status_code))
    waiting.start()
    commit_ci(project, ONE_JOB)
    waiting.join(20)
    # It was held for up to 50 s, and came back at once, with the job or with news of it.
    assert taken in ([201], [204])
    if taken == [204]:
        assert runner.request().status_code == 201


def test_a_runner_that_hung_up_while_waiting_gets_no_job(
    client: gitlab.Gitlab, url: str, runner_of: MakeRunner, project: Project
) -> None:
    runner = runner_of(project)
    seen = runner.request().headers["X-GitLab-Last-Update"]
    managers = f"/runners/{project.runners.list(get_all=True, type='project_type')[0].id}/managers"
    host, _, port = url.removeprefix("http://").partition(":")
    body = f'{{"token": "{runner.token}", "last_update": "{seen}", "system_id": "s_gone"}}'
    head = f"POST /api/v4/jobs/request HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(f"{head}\r\n\r\n{body}".encode())
        while len(client.http_list(managers, get_all=True)) == 1:
            pass
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
