"""What the sandbox's tests share: a running sandbox, a runner that speaks the protocol, and git."""

import contextlib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import gitlab
import requests
from gitlab.v4.objects import Project

from sandbox.repositories import git_environment
from sandbox.server import Server
from sandbox.settings import Settings

ROOT_TOKEN = "glpat-made-up-for-these-tests"
_TIMEOUT = 20

# What a JSON answer holds, and what is sent as one.
Json: TypeAlias = Any


@contextlib.contextmanager
def running_sandbox(data: Path, *, port: int = 0, **settings: Json) -> Iterator[str]:
    """A sandbox on loopback in a thread of its own; gives its address."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = ReadyServer(Settings(data=data, external_url=url, root_token=ROOT_TOKEN, **settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            assert server.ready.wait(_TIMEOUT), "the sandbox did not start"
            yield url
        finally:
            server.should_exit = True
            thread.join(_TIMEOUT)


class ReadyServer(Server):
    """The sandbox's server, which says to another thread when it listens."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class FakeRunner:
    """Speaks gitlab-runner's protocol, no more than a test asks for."""

    def __init__(
        self, url: str, token: str, system_id: str = "s_000000000001", *, graceful: bool = False
    ) -> None:
        self.api = f"{url}/api/v4"
        self.token = token
        self.system_id = system_id
        self.info = {"name": "fake", "version": "19.4.0", "features": {"cancel_gracefully": graceful}}
        self.http = requests.Session()

    def request(self, last_update: str = "") -> requests.Response:
        body = {
            "info": self.info,
            "token": self.token,
            "system_id": self.system_id,
            "last_update": last_update,
        }
        return self.http.post(f"{self.api}/jobs/request", json=body, timeout=_TIMEOUT)

    def take(self) -> Json:
        answer = self.request()
        assert answer.status_code == 201, f"expected a job, got {answer.status_code} {answer.text}"
        return answer.json()

    def patch(self, job: Json, text: bytes, start: int) -> requests.Response:
        headers = {
            "JOB-TOKEN": job["token"],
            "Content-Range": f"{start}-{start + len(text) - 1}",
            "Content-Type": "text/plain",
        }
        url = f"{self.api}/jobs/{job['id']}/trace"
        return self.http.patch(url, data=text, headers=headers, timeout=_TIMEOUT)

    def update(self, job: Json, state: str, **more: Json) -> requests.Response:
        body = {"token": job["token"], "state": state, **more}
        headers = {"JOB-TOKEN": job["token"]}
        return self.http.put(f"{self.api}/jobs/{job['id']}", json=body, headers=headers, timeout=_TIMEOUT)

    def finish(self, job: Json, state: str = "success", **more: Json) -> None:
        assert self.update(job, state, **more).status_code == 200

    def upload(self, job: Json, content: bytes, **query: str) -> requests.Response:
        return self.http.post(
            f"{self.api}/jobs/{job['id']}/artifacts",
            params=query,
            files={"file": ("artifacts.zip", content)},
            headers={"JOB-TOKEN": job["token"]},
            timeout=_TIMEOUT,
        )

    def download(self, job: Json, number: int) -> requests.Response:
        url = f"{self.api}/jobs/{number}/artifacts"
        return self.http.get(url, headers={"JOB-TOKEN": job["token"]}, timeout=_TIMEOUT)


# Makes a runner for a project; see the fixture `runner_of`.
MakeRunner: TypeAlias = Callable[..., FakeRunner]


def add_runner(client: gitlab.Gitlab, project: Project, **settings: Json) -> Json:
    """A project runner that takes untagged jobs too, as POST /user/runners answers."""
    body = {"runner_type": "project_type", "project_id": project.id, **settings}
    return client.http_post("/user/runners", post_data=body)


def commit_ci(project: Project, text: str, action: str = "create", branch: str = "main") -> str:
    """Commits a pipeline file and gives the commit's hash."""
    change = {"action": action, "file_path": ".gitlab-ci.yml", "content": text}
    commit = project.commits.create(
        {"branch": branch, "commit_message": "pipeline file", "actions": [change]}
    )
    return str(commit.id)


def statuses(project: Project) -> dict[str, str]:
    """The status of every job of the newest pipeline, retried ones left out, by name."""
    newest = project.pipelines.list(get_all=False)[0]
    return {job.name: job.status for job in newest.jobs.list(get_all=True)}


def git(*words: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs git with nobody's settings and without asking for passwords."""
    environment = {
        **git_environment(),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Test",
        "GIT_AUTHOR_EMAIL": "test@example.com",
        "GIT_COMMITTER_NAME": "Test",
        "GIT_COMMITTER_EMAIL": "test@example.com",
    }
    done = subprocess.run(
        ["git", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done
