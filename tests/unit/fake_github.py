"""As much of GitHub's REST API as the registrar asks, on loopback, and the runner's side of its folders."""

import fcntl
import json
import os
import re
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import jwt

PATIENCE_S = 30
REPOSITORY = "owner/repository"
ORGANIZATION = "organization"


def wait_for(what: Callable[[], bool], why: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, f"{why}: not within {PATIENCE_S} s"
        time.sleep(0.05)


@dataclass(kw_only=True)
class FakeGitHub:
    """Runners that are registered, and what was asked."""

    url: str = ""
    scope: str = f"repos/{REPOSITORY}"
    tokens: set[str] = field(default_factory=lambda: {"github_pat_good"})
    public_key: str = ""
    runners: dict[int, dict[str, Any]] = field(default_factory=dict)
    groups: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    while_asked: Callable[[], None] = lambda: None
    """Called before each answer, while whoever asks is waiting for it."""

    def answer(self, method: str, path: str, bearer: str, body: dict[str, Any]) -> tuple[int, object]:
        """What GitHub says to one request."""
        self.asked.append(f"{method} {path}")
        self.while_asked()
        if path == "/app/installations/77/access_tokens":
            return self._exchange(bearer)
        if bearer not in self.tokens:
            self.refused += 1
            return 401, {"message": "Bad credentials"}
        if path == f"/{self.scope}/actions/runners/generate-jitconfig":
            return self._register(body)
        if found := re.fullmatch(rf"/{self.scope}/actions/runners/(\d+)", path):
            return self._runner(method, int(found[1]))
        return self._list(*path.split("?per_page=100&page="))

    def _list(self, path: str, page: str = "") -> tuple[int, object]:
        """A page of two, so that pages are turned."""
        lists = {"runners": list(self.runners.values()), "runner-groups": self.groups}
        kind = path.rpartition("/")[2]
        if path != f"/{self.scope}/actions/{kind}" or kind not in lists:
            return 404, {"message": "Not Found"}
        some = lists[kind][2 * int(page) - 2 : 2 * int(page)]
        return 200, {"total_count": len(lists[kind]), kind.replace("-", "_"): some}

    def _exchange(self, bearer: str) -> tuple[int, object]:
        try:
            claims = jwt.decode(bearer, self.public_key, algorithms=["RS256"], issuer="Iv1.client")
        except jwt.InvalidTokenError as wrong:
            return 401, {"message": f"A JSON web token could not be decoded: {wrong}"}
        assert claims["exp"] - time.time() <= 600
        token = f"ghs_{secrets.token_hex(8)}"
        self.tokens.add(token)
        return 201, {"token": token, "expires_at": "2030-01-01T00:00:00Z"}

    def _register(self, body: dict[str, Any]) -> tuple[int, object]:
        self.bodies.append(body)
        number = len(self.bodies)
        self.runners[number] = {"id": number, "name": body["name"], "status": "offline", "busy": False}
        return 201, {"runner": self.runners[number], "encoded_jit_config": f"configuration-{number}"}

    def _runner(self, method: str, number: int) -> tuple[int, object]:
        runner = self.runners.get(number)
        if runner is None:
            return 404, {"message": "Not Found"}
        if method == "GET":
            return 200, runner
        if runner["busy"]:
            return 422, {"message": f"Runner {runner['name']} is currently running a job"}
        del self.runners[number]
        return 204, None

    def times(self, request: str) -> int:
        """How often something was asked."""
        return sum(asked.startswith(request) for asked in self.asked)


class _Handler(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        github: FakeGitHub = self.server.github  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        status, said = github.answer(self.command, self.path, bearer, body)
        text = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815  the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing: tests read what was asked."""


@contextmanager
def fake_github() -> Iterator[FakeGitHub]:
    """A GitHub on loopback."""
    github = FakeGitHub()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.github = github  # type: ignore[attr-defined]
        github.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield github
        server.shutdown()
        thread.join()


@dataclass(kw_only=True)
class Slot:
    """A runner container's side of its folder: the lock of its first process, requests and answers."""

    folder: Path
    lock: IO[str] | None = None

    def start(self) -> None:
        """Hold the lock, as a container that runs."""
        self.lock = (self.folder / "lock").open("a")
        fcntl.flock(self.lock, fcntl.LOCK_EX)

    def die(self) -> None:
        """Let go of it, as the kernel does for a container that ended."""
        if self.lock is not None:
            self.lock.close()

    def ask(self, word: str) -> str:
        """Write a request and return its nonce."""
        nonce = secrets.token_hex(4)
        (self.folder / "answer").unlink(missing_ok=True)
        fresh = self.folder / "request.new"
        fresh.write_text(f"{word} {nonce}\n")
        fresh.rename(self.folder / "request")
        return nonce

    def answered(self, nonce: str) -> str | None:
        """The answer to a request, if it is there."""
        file = self.folder / "answer"
        to, _, word = file.read_text().partition(" ") if file.exists() else ("", "", "")
        return word.strip() if to == nonce else None

    def get(self, word: str) -> str:
        """Ask, wait, and return the answer."""
        nonce = self.ask(word)
        wait_for(lambda: self.answered(nonce) is not None, f"an answer to {word}")
        (self.folder / "request").unlink()
        return self.answered(nonce) or ""


@dataclass(kw_only=True)
class Registrar:
    """The script, running."""

    process: subprocess.Popen[bytes]
    log: Path
    slots: list[Slot]
    credential: Path
    trouble: Path

    def said(self) -> str:
        """Its log."""
        return self.log.read_text()

    def renew(self, credential: dict[str, str]) -> None:
        """Put another credential in the place of the first, as the writer does."""
        fresh = self.credential.with_name("new")
        fresh.write_text(json.dumps(credential))
        fresh.rename(self.credential)

    def stop(self) -> None:
        """End it as Docker does."""
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0


@contextmanager
def registrar(
    folder: Path,
    command: list[str],
    environment: dict[str, str],
    credential: dict[str, str],
    *,
    slots: int = 1,
) -> Iterator[Registrar]:
    """The script with folders of its own. What is there already, stays."""
    for name in ("state", "scratch", *(f"slots/{number}" for number in range(1, slots + 1))):
        (folder / name).mkdir(parents=True, exist_ok=True)
    file = folder / "credential.json"
    file.write_text(json.dumps(credential))
    places = {
        "CREDENTIAL": file,
        "STATE": folder / "state",
        "FOLDERS": folder / "slots",
        "SCRATCH": folder / "scratch",
    }
    said = folder / "log"
    with (
        said.open("ab") as log,
        subprocess.Popen(
            ["bash", *command],
            stdout=log,
            stderr=log,
            env={
                "PATH": os.environ["PATH"],
                **environment,
                **{key: str(place) for key, place in places.items()},
            },
        ) as process,
    ):
        mine = [Slot(folder=folder / "slots" / str(number)) for number in range(1, slots + 1)]
        try:
            yield Registrar(
                process=process,
                log=said,
                slots=mine,
                credential=file,
                trouble=folder / "scratch" / "trouble",
            )
        finally:
            process.kill()
            for slot in mine:
                slot.die()
