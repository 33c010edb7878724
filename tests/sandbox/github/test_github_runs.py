"""From a push to a run that is over."""

from pathlib import Path

import pytest

from tests.sandbox.github.harness import (
    BUILD,
    FILE,
    ROOT_TOKEN,
    Client,
    Json,
    Running,
    commit_file,
    runner_of,
    runs,
    workflow,
)
from tests.sandbox.harness import git


def test_a_commit_of_a_workflow_makes_a_run_that_a_runner_takes_and_ends(client: Client, repo: Json) -> None:
    sha = commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    runner = runner_of(client, repo)
    job = runner.take()
    assert (job["name"], job["sha"], job["ref"]) == ("build", sha, "refs/heads/main")
    assert (job["event_name"], job["event"]["after"]) == ("push", sha)
    assert job["workflow_path"] == FILE
    assert runs(client, repo)[0]["status"] == "in_progress"
    assert runner.send("POST", f"/jobs/{job['id']}/log", data=b"one\n").status_code == 200
    assert runner.send("POST", f"/jobs/{job['id']}/log", data=b"two\n").status_code == 200
    runner.complete(job)
    assert [(run["status"], run["conclusion"]) for run in runs(client, repo)] == [("completed", "success")]
    log = client.call("GET", f"/repos/{repo['full_name']}/actions/jobs/{job['id']}/logs")
    assert log.status_code == 302
    there = client.http.get(
        log.headers["Location"], headers={"Authorization": f"Bearer {ROOT_TOKEN}"}, timeout=9
    )
    assert there.text == "one\ntwo\n"


def test_a_git_push_makes_a_run(client: Client, github: Running, repo: Json, tmp_path: Path) -> None:
    url = github.url.replace("http://", f"http://x-access-token:{ROOT_TOKEN}@")
    git("init", "-q", "-b", "main", cwd=tmp_path)
    file = tmp_path / FILE
    file.parent.mkdir(parents=True)
    file.write_text(workflow(BUILD))
    git("add", ".", cwd=tmp_path)
    git("commit", "-qm", "first", cwd=tmp_path)
    git("push", "-q", f"{url}/{repo['full_name']}.git", "main", cwd=tmp_path)
    [run] = runs(client, repo)
    assert run["head_sha"] == git("rev-parse", "HEAD", cwd=tmp_path).stdout.strip()
    assert run["display_title"] == "first"


def test_a_job_s_token_clones_its_repository_while_the_job_runs_and_no_longer(
    client: Client, repo: Json, tmp_path: Path
) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    runner = runner_of(client, repo)
    job = runner.take()
    url = job["clone_url"].replace("http://", f"http://x-access-token:{job['token']}@")
    git("clone", "-q", url, "copy", cwd=tmp_path)
    assert (tmp_path / "copy" / FILE).is_file()
    assert git("push", "-q", url, "HEAD:refs/heads/other", cwd=tmp_path / "copy", check=False).returncode != 0
    runner.complete(job)
    assert git("ls-remote", url, cwd=tmp_path, check=False).returncode != 0


@pytest.mark.parametrize("conclusion", ["success", "failure", "cancelled"])
def test_a_run_ends_as_its_job_did(client: Client, repo: Json, conclusion: str) -> None:
    commit_file(client, repo["full_name"], FILE, workflow(BUILD))
    runner = runner_of(client, repo)
    runner.complete(runner.take(), conclusion)
    assert runs(client, repo)[0]["conclusion"] == conclusion
