"""A pull request and a merge request at sandboxes of their own, each with a template's repository beside it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gitlab

from tests.e2e.preview_runs import Ran, Repository, act, gitlab_ci_local, repository
from tests.sandbox.github.harness import FILE, Client, commit_file, runner_of, running_github, workflow
from tests.sandbox.harness import ROOT_TOKEN, commit_ci, running_sandbox

PERSON = "What a person says."
"""The first comment of each."""
_JOB = "build: {runs-on: self-hosted, steps: [{run: make}]}"
_LONG_S = 3600
"""A job of the sandbox is silent as long as act takes."""


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment, as its forge has it."""

    number: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """A pull request or a merge request. Its branch is at first the base itself."""

    template: str
    repository: Repository
    run: Callable[[], Ran]
    """What the forge does for a push to it."""

    run_of_fork: Callable[[], Ran]
    """The same, where its branch is in a fork."""

    comments: Callable[[], list[Comment]]
    environment: dict[str, str]
    """What a job of it finds in its environment."""

    def write(self, preview: Path) -> str:
        """The command alone, in such a job."""
        words = [sys.executable, "-m", "ci_runners", "comment", str(preview), "--stack", "prod"]
        ran = subprocess.run(words, env=self.environment, capture_output=True, text=True, check=True)
        return ran.stdout


def _job_token(client: Client, repo: dict[str, Any]) -> str:
    """The token of a running job that may write pull requests' comments and nothing else."""
    text = workflow(_JOB, permissions="{contents: read, pull-requests: write}")
    commit_file(client, repo["full_name"], FILE, text)
    return str(runner_of(client, repo).take()["token"])


@contextmanager
def github_request(folder: Path) -> Iterator[Request]:
    """At GitHub's sandbox, which holds every call against GitHub's description. An issue is as much as it has of one."""
    template = "pull-request-github"
    with running_github(folder / "forge", offline_seconds=_LONG_S) as running:
        client = Client(running.url)
        repo = client.post("/user/repos", {"name": template, "private": True})
        name = repo["full_name"]
        number = client.post(f"/repos/{name}/issues", {"title": "Change it"})["number"]
        where = f"/repos/{name}/issues/{number}/comments"
        client.post(where, {"body": PERSON})
        one = repository(folder, template, f"https://github.com/{name}", "github_token")
        token, base = _job_token(client, repo), one.commit()
        asked = {"url": running.url, "token": token, "name": name, "number": number, "base": base}
        event = folder / "recorded.json"
        event.write_text(json.dumps({"pull_request": {"number": number, "head": {"sha": base}}}))

        def comments() -> list[Comment]:
            found = client.get(where)
            assert {each["user"]["type"] for each in found[1:]} <= {"Bot"}
            return [Comment(number=each["id"], body=each["body"]) for each in found]

        yield Request(
            template=template,
            repository=one,
            run=lambda: act(one, **asked, head=name),
            run_of_fork=lambda: act(
                one, **{**asked, "token": "a-token-that-may-only-read"}, head="mona/fork"
            ),
            comments=comments,
            environment={
                "GITHUB_ACTIONS": "true",
                "GITHUB_API_URL": f"{running.url}/api/v3",
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_REPOSITORY": name,
                "GITHUB_RUN_ID": "1",
                "GITHUB_SERVER_URL": running.url,
                "GITHUB_TOKEN": token,
            },
        )
        assert running.problems == []


@contextmanager
def gitlab_request(folder: Path) -> Iterator[Request]:
    """At GitLab's sandbox, with the root user's token: it has no other."""
    template = "pull-request-gitlab"
    with (
        running_sandbox(folder / "forge") as url,
        gitlab.Gitlab(url, private_token=ROOT_TOKEN) as client,
    ):
        project = client.projects.get(client.projects.create({"name": template}).id)
        commit_ci(project, "build: {script: [make]}")
        project.branches.create({"branch": "change", "ref": "main"})
        body = {"source_branch": "change", "target_branch": "main", "title": "Change it"}
        request = project.mergerequests.get(project.mergerequests.create(body).iid)
        request.notes.create({"body": PERSON})
        one = repository(folder, template, f"https://gitlab.example.com/root/{template}.git", "runner_token")
        one.commit()
        asked = {"url": url, "token": ROOT_TOKEN, "project": project.id, "iid": request.iid}

        def comments() -> list[Comment]:
            found = request.notes.list(sort="asc", get_all=True)
            return [Comment(number=each.id, body=each.body) for each in found]

        yield Request(
            template=template,
            repository=one,
            run=lambda: gitlab_ci_local(one, **asked, source=project.id),
            run_of_fork=lambda: gitlab_ci_local(one, **asked, source=project.id + 1),
            comments=comments,
            environment={
                "GITLAB_CI": "true",
                "CI_API_V4_URL": f"{url}/api/v4",
                "CI_MERGE_REQUEST_IID": str(request.iid),
                "CI_MERGE_REQUEST_PROJECT_ID": str(project.id),
                "GITLAB_TOKEN": ROOT_TOKEN,
            },
        )
