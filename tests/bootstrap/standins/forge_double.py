"""A forge's REST API in memory, for the plugins' tests: it keeps what it is sent, tells it again, and records calls.

It knows no more of GitLab or GitHub than `places` and `answers` say.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as it came in. `path` is as sent, still escaped."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a POST at a collection puts the new object: below `under`, by its property `key`."""

    under: str
    key: str = "id"


Answer = Callable[["ForgeDouble", Call], tuple[int, Any]]


@dataclass(kw_only=True)
class ForgeDouble:
    """The objects by path, the calls so far, and what is answered otherwise."""

    places: dict[str, Place] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    """By "METHOD /path"."""
    objects: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last_id: int = 40

    @property
    def writes(self) -> list[Call]:
        """The calls that were no GET."""
        return [each for each in self.calls if each.method != "GET"]

    def answer(self, call: Call) -> tuple[int, Any]:
        """Record a call and answer it."""
        with self._lock:
            self.calls.append(call)
            if call.line in self.answers:
                return self.answers[call.line](self, call)
            return self._usual(call)

    def _usual(self, call: Call) -> tuple[int, Any]:
        path = call.path
        match call.method:
            case "POST":
                self._last_id += 1
                place = self.places.get(path, Place(under=path))
                made = {"id": self._last_id, **call.body}
                self.objects[f"{place.under}/{quote(str(made[place.key]), safe='')}"] = made
                return 201, made
            case "PUT" | "PATCH":
                self.objects[path] = {**self.objects.get(path, {}), **call.body}
                return 200, self.objects[path]
            case "DELETE":
                return (204, None) if self.objects.pop(path, None) else (404, {"message": "404 Not Found"})
            case _:
                return (
                    (200, self.objects[path]) if path in self.objects else (404, {"message": "404 Not Found"})
                )


class ForgeServer(ThreadingHTTPServer):
    """Serves a double on a free port of 127.0.0.1; each test puts in its own."""

    double: ForgeDouble

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: ForgeServer
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        double = self.server.double
        where = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        double.headers = dict(self.headers)
        call = Call(
            method=self.command,
            path=where.path,
            query=dict(parse_qsl(where.query)),
            body=json.loads(sent) if sent else None,
        )
        status, said = double.answer(call)
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing: the calls are recorded."""


@contextmanager
def serving() -> Iterator[ForgeServer]:
    """A running server."""
    with ForgeServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
