"""The real gitlab-runner, with its shell executor, against the sandbox: what the fake runner of the other tests can't prove."""

import io
import os
import signal
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import gitlab
import pytest
from gitlab.v4.objects import Project

from tests.sandbox.harness import ROOT_TOKEN, add_runner, commit_ci, running_sandbox, statuses

pytestmark = pytest.mark.e2e

_DEADLINE = 120
_PAUSE = 0.2

PIPELINE = """
build:
  stage: build
  script:
    - mkdir out
    - echo "$CI_COMMIT_SHORT_SHA of $CI_PROJECT_PATH" > out/made.txt
    - echo "the secret is $SECRET"
    - cat "$CERTIFICATE"
  after_script: ['echo "after $CI_JOB_STATUS"']
  artifacts: {paths: [out]}
use:
  stage: test
  script: [cat out/made.txt]
fails:
  stage: test
  script: [exit 7]
endless:
  stage: deploy
  when: always
  script: ["while true; do echo tick; sleep 0.2; done"]
  after_script: [echo cleaned up]
"""


def until(holds: Callable[[], bool], runner: subprocess.Popen[bytes]) -> None:
    """Asks again and again; ends early when the runner has ended."""
    give_up = time.monotonic() + _DEADLINE
    pause = threading.Event()
    while not holds():
        assert runner.poll() is None, "gitlab-runner has ended"
        assert time.monotonic() < give_up, "waited too long"
        pause.wait(_PAUSE)


@pytest.fixture
def binary() -> str:
    """The gitlab-runner that the Makefile names; a test without it would prove nothing, so it is no reason to skip."""
    path = os.environ.get("CI_RUNNERS_GITLAB_RUNNER", "")
    assert Path(path).is_file(), f"CI_RUNNERS_GITLAB_RUNNER names no file: {path!r}; run `make test`"
    return path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with (
        running_sandbox(tmp_path / "data") as url,
        gitlab.Gitlab(url, private_token=ROOT_TOKEN) as client,
    ):
        made = client.projects.create({"name": "app"})
        assert isinstance(made, Project)
        yield made


@pytest.fixture
def runner(binary: str, project: Project, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A gitlab-runner that serves the project until the test ends."""
    token = add_runner(project.manager.gitlab, project)["token"]
    config = tmp_path / "config.toml"
    config.write_text(
        f"""
concurrent = 2
check_interval = 1

[[runners]]
name = "shell"
url = "{project.manager.gitlab.url}"
token = "{token}"
executor = "shell"
builds_dir = "{tmp_path}/builds"
cache_dir = "{tmp_path}/cache"
"""
    )
    with (
        (tmp_path / "runner.log").open("wb") as log,
        subprocess.Popen([binary, "run", "--config", str(config)], stdout=log, stderr=log) as process,
    ):
        yield process
        # Not gently: a job that a failed test left running would never end.
        process.terminate()


def test_the_real_runner_clones_builds_passes_artifacts_fails_and_cancels(
    project: Project, runner: subprocess.Popen[bytes]
) -> None:
    project.variables.create({"key": "SECRET", "value": "abcd1234efgh", "masked": True})
    project.variables.create({"key": "CERTIFICATE", "value": "line 1\nline 2", "variable_type": "file"})
    sha = commit_ci(project, PIPELINE)
    until(lambda: statuses(project)["endless"] == "running", runner)
    jobs = {job.name: project.jobs.get(job.id) for job in project.jobs.list(get_all=True)}
    traces = {name: job.trace().decode() for name, job in jobs.items()}

    made = f"{sha[:8]} of {project.path_with_namespace}"
    packed = jobs["build"].artifacts()
    assert isinstance(packed, bytes)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("out/made.txt").decode().strip() == made
    assert "the secret is [MASKED]" in traces["build"]
    assert "line 2" in traces["build"]
    assert "after success" in traces["build"]
    assert made in traces["use"]
    assert (jobs["fails"].status, jobs["fails"].failure_reason) == ("failed", "script_failure")
    assert "exit status 7" in traces["fails"]

    jobs["endless"].cancel()
    until(lambda: statuses(project)["endless"] == "canceled", runner)
    assert "cleaned up" in project.jobs.get(jobs["endless"].id).trace().decode()
    assert project.pipelines.list(get_all=False)[0].status == "failed"


def test_the_real_runner_that_waits_is_woken_and_ends_at_once_when_asked(
    project: Project, runner: subprocess.Popen[bytes]
) -> None:
    number = project.runners.list(get_all=True, type="project_type")[0].id
    client = project.manager.gitlab
    until(lambda: bool(client.runners.get(number).contacted_at), runner)
    commit_ci(project, "quick: {script: [echo done]}")
    until(lambda: statuses(project)["quick"] == "success", runner)
    runner.send_signal(signal.SIGQUIT)
    assert runner.wait(_DEADLINE) == 0
