"""A running GitHub sandbox whose every call is held against GitHub's description, a fake runner, and ways to call it."""

import base64
import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import requests
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.app_server import AppServer
from sandbox.github.app import create_app
from sandbox.github.context import GitHub
from sandbox.github.settings import Settings
from tests.sandbox.github.description import Exchange, github_description

ROOT_TOKEN = "ghp_made_up_for_these_tests"
API = "/api/v3"
# Calls of the sandbox that GitHub has, but does not describe.
_UNDESCRIBED = ("/repositories/",)
_TIMEOUT = 20

FILE = ".github/workflows/ci.yml"
LABELS = ["self-hosted", "linux", "x64"]

# What a JSON answer holds, and what is sent as one.
Json: TypeAlias = Any


@dataclass
class Checked:
    """An application whose exchanges are held against the description."""

    app: ASGIApp
    problems: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path", b"").decode("ascii")
        if scope["type"] != "http" or not raw.startswith(f"{API}/"):
            await self.app(scope, receive, send)
            return
        sent, answered = bytearray(), bytearray()
        head: dict[str, Json] = {}

        async def hear() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.update(message)
            answered.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._check(scope, raw.removeprefix(API), bytes(sent), head, bytes(answered))
            await send(message)

        await self.app(scope, hear, say)

    def _check(self, scope: Scope, path: str, sent: bytes, head: Message, answered: bytes) -> None:
        if path.startswith(_UNDESCRIBED) or path.endswith("/log.txt"):
            return
        kinds = dict(head["headers"])
        exchange = Exchange(
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode(),
            sent=sent,
            status=head["status"],
            content_type=kinds.get(b"content-type", b"").decode(),
            answered=answered,
        )
        self.problems += [f"{exchange.line}: {why}" for why in github_description().problems(exchange)]


class ReadyServer(AppServer):
    """The sandbox's server, which says to another thread when it listens."""

    def __init__(self, settings: Settings) -> None:
        self.github = GitHub.open(settings)
        self.checked = Checked(create_app(self.github))
        self.ready = threading.Event()
        super().__init__(self.checked, wakeups=self.github.wakeups, greeting="ready")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A running sandbox."""

    url: str
    problems: list[str]
    """What the description does not allow, so far."""


@contextlib.contextmanager
def running_github(data: Path, *, port: int = 0, **settings: Json) -> Iterator[Running]:
    """A sandbox on loopback in a thread of its own."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = ReadyServer(Settings(data=data, external_url=url, root_token=ROOT_TOKEN, **settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            assert server.ready.wait(_TIMEOUT), "the sandbox did not start"
            yield Running(url=url, problems=server.checked.problems)
        finally:
            server.should_exit = True
            thread.join(_TIMEOUT)


class Client:
    """Calls the API with a token."""

    def __init__(self, url: str, token: str = ROOT_TOKEN) -> None:
        self.url = url
        self.token = token
        self.http = requests.Session()

    def call(self, method: str, path: str, body: Json = None, **query: str) -> requests.Response:
        """The answer, whatever it is. Paths that start with `/_` are not below /api/v3."""
        where = self.url if path.startswith("/_") else f"{self.url}{API}"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.request(
            method,
            f"{where}{path}",
            params=query,
            json=body,
            headers=headers,
            timeout=_TIMEOUT,
            allow_redirects=False,
        )

    def get(self, path: str, **query: str) -> Json:
        return self._good(self.call("GET", path, None, **query))

    def post(self, path: str, body: Json = None) -> Json:
        return self._good(self.call("POST", path, body))

    def put(self, path: str, body: Json = None) -> Json:
        return self._good(self.call("PUT", path, body))

    def patch(self, path: str, body: Json = None) -> Json:
        return self._good(self.call("PATCH", path, body))

    def delete(self, path: str, body: Json = None) -> Json:
        return self._good(self.call("DELETE", path, body))

    def refusal(self, method: str, path: str, body: Json = None, **query: str) -> tuple[int, str]:
        """Status and message of an answer that is no success."""
        answer = self.call(method, path, body, **query)
        assert answer.status_code >= 400, f"expected a refusal, got {answer.status_code} {answer.text[:300]}"
        told = answer.json()
        more = [error["message"] for error in told.get("errors", ())]
        return answer.status_code, "; ".join([told["message"], *more])

    def acting_for(
        self, account: str, repository_ids: list[int] | None = None, /, **permissions: str
    ) -> "Client":
        """A client with a fine-grained token for an account's repositories, all or some."""
        body: Json = {"account": account, "permissions": permissions}
        if repository_ids is not None:
            body["repository_ids"] = repository_ids
        return Client(self.url, self.post("/_admin/tokens", body)["token"])

    @staticmethod
    def _good(answer: requests.Response) -> Json:
        assert answer.status_code < 300, (
            f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:500]}"
        )
        return answer.json() if answer.content else None


class FakeRunner:
    """Speaks the stand-in protocol, no more than a test asks for."""

    def __init__(self, config: Json) -> None:
        self.config = config
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {config['token']}"

    @classmethod
    def just_in_time(
        cls, client: Client, where: str, name: str, labels: list[str], group: int = 1
    ) -> "FakeRunner":
        """A runner of a repository (`/repos/…`) or organization (`/orgs/…`) with a session."""
        body = {"name": name, "runner_group_id": group, "labels": labels}
        made = client.post(f"{where}/actions/runners/generate-jitconfig", body)
        runner = cls(json.loads(base64.b64decode(made["encoded_jit_config"])))
        assert runner.send("POST", "/session").status_code == 200
        return runner

    def send(self, method: str, path: str, **more: Json) -> requests.Response:
        return self.http.request(method, f"{self.config['url']}/_runner{path}", timeout=_TIMEOUT, **more)

    def ask(self, wait: float = 0) -> Json | None:
        """A job, or None."""
        answer = self.send("GET", "/job", params={"wait": wait})
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.status_code == 200 else None

    def take(self) -> Json:
        job = self.ask()
        assert job is not None, "expected a job"
        return job

    @contextlib.contextmanager
    def asking(self) -> Iterator["Future[Json | None]"]:
        """A request for a job that is held while something else happens."""
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(self.ask, _TIMEOUT)

    def until_cancelled(self, job: Json) -> None:
        """Sends signs of life until the answer is to end the job."""
        until(lambda: bool(self.send("POST", f"/jobs/{job['id']}/heartbeat").json()["cancel"]))

    def complete(self, job: Json, conclusion: str = "success") -> None:
        answer = self.send("POST", f"/jobs/{job['id']}/complete", json={"conclusion": conclusion})
        assert answer.status_code == 200, answer.text


def until(happened: Callable[[], bool]) -> None:
    """Waits for something that comes with time."""
    deadline = time.monotonic() + _TIMEOUT
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def commit_file(client: Client, repo: str, path: str, text: str, **more: str) -> Json:
    """Commits a file, new or not, and gives the commit's hash."""
    where = f"/repos/{repo}/contents/{path}"
    there = client.call("GET", where, None, **({"ref": more["branch"]} if "branch" in more else {}))
    if there.status_code == 200:
        more["sha"] = there.json()["sha"]
    content = base64.b64encode(text.encode()).decode()
    return client.put(where, {"message": f"change {path}", "content": content} | more)["commit"]["sha"]


def workflow(jobs: str, on: str = "push", **more: str) -> str:
    """The text of a workflow file; jobs are written without their indentation below `jobs`."""
    head = "".join(f"{key.replace('_', '-')}: {value}\n" for key, value in more.items())
    body = "".join(f"  {line}\n" for line in jobs.strip("\n").splitlines())
    return f"name: CI\non: {on}\n{head}jobs:\n{body}"


BUILD = """
build:
  runs-on: [self-hosted, linux]
  steps:
    - run: make
"""


def runs(client: Client, repo: Json, **query: str) -> list[Json]:
    return list(client.get(f"/repos/{repo['full_name']}/actions/runs", **query)["workflow_runs"])


def statuses(client: Client, repo: Json) -> dict[str, str]:
    """Of the newest run's jobs by name: the conclusion, or how things stand."""
    newest = runs(client, repo)[0]
    jobs = client.get(f"/repos/{repo['full_name']}/actions/runs/{newest['id']}/jobs")["jobs"]
    return {job["name"]: job["conclusion"] or job["status"] for job in jobs}


def runner_of(client: Client, repo: Json, name: str = "r1") -> FakeRunner:
    return FakeRunner.just_in_time(client, f"/repos/{repo['full_name']}", name, LABELS)
