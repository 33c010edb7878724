"""As much of GitLab's API of runners as a drain asks, on loopback, and the drain's script beside it."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.unit.fake_github import PATIENCE_S, wait_for

TOKEN = "glpat-a-token-that-nobody-has"
NUMBER = "7"
SEARCH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(kw_only=True)
class FakeGitLab:
    """Runners, whether they are paused, how many jobs run on them, and what was asked."""

    url: str = ""
    paused: dict[str, bool] = field(default_factory=lambda: {NUMBER: False})
    running: int = 0
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, token: str) -> tuple[int, object]:
        """What GitLab says to one request."""
        self.asked.append(f"{method} {path}")
        if self.broken:
            return 502, {"message": "Bad Gateway"}
        if token not in self.tokens:
            return 401, {"message": "401 Unauthorized"}
        parts = urlsplit(path)
        number, _, rest = parts.path.removeprefix("/api/v4/runners/").partition("/")
        if number not in self.paused:
            return 404, {"message": "404 Not found"}
        if rest == "jobs":
            assert parse_qs(parts.query)["status"] == ["running"]
            return 200, [{"id": job} for job in range(self.running)][:1]
        if method == "PUT":
            (word,) = parse_qs(parts.query)["paused"]
            self.paused[number] = word == "true"
        return 200, {"id": int(number), "description": 'one "paused":true', "paused": self.paused[number]}

    def times(self, request: str) -> int:
        """How often something was asked."""
        return sum(asked.startswith(request) for asked in self.asked)


class _Handler(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        gitlab: FakeGitLab = self.server.gitlab  # type: ignore[attr-defined]
        status, said = gitlab.answer(self.command, self.path, self.headers.get("PRIVATE-TOKEN", ""))
        text = json.dumps(said, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = _serve  # noqa: N815  the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing: tests read what was asked."""


@contextmanager
def fake_gitlab() -> Iterator[FakeGitLab]:
    """A GitLab on loopback."""
    gitlab = FakeGitLab()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.gitlab = gitlab  # type: ignore[attr-defined]
        gitlab.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield gitlab
        server.shutdown()
        thread.join()


@dataclass(kw_only=True)
class Drain:
    """The script, running."""

    process: subprocess.Popen[bytes]
    folder: Path

    def said(self) -> str:
        """Its log."""
        return (self.folder / "log").read_text()

    def is_fine(self) -> bool:
        """What its health check asks."""
        return (self.folder / "scratch" / "fine").exists()

    def register(self, registration: str) -> None:
        """Put another registration in the place of the first, as the writer does."""
        fresh = self.folder / "new"
        fresh.write_text(registration)
        fresh.rename(self.folder / "registration")

    def ask_to_stop(self) -> None:
        """As Docker does first."""
        self.process.terminate()

    def ended(self) -> bool:
        """Whether it let go by itself."""
        return self.process.poll() is not None

    def end(self) -> None:
        """Wait for that; it must be well."""
        assert self.process.wait(PATIENCE_S) == 0, self.said()


@contextmanager
def drain(
    folder: Path, command: list[str], environment: dict[str, str], registration: str
) -> Iterator[Drain]:
    """The script with folders of its own. What is there already, stays."""
    for name in ("state", "scratch"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "scratch" / "fine").unlink(missing_ok=True)
    places = {
        "REGISTRATION": str(folder / "registration"),
        "STATE": str(folder / "state"),
        "SCRATCH": str(folder / "scratch"),
        "PATH": SEARCH,
    }
    (folder / "registration").write_text(registration)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(["/bin/bash", *command], env={**environment, **places}, stderr=log)
    try:
        yield Drain(process=process, folder=folder)
    finally:
        process.kill()
        process.wait()


def until_open(gitlab: FakeGitLab, running: Drain) -> None:
    """Until the runner may take jobs, and the drain knows."""
    wait_for(lambda: "may take jobs" in running.said(), "the first request")
    assert gitlab.paused[NUMBER] is False
