"""A forge that a preview asks: it passes everything on and keeps what is answered, or answers what was kept."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

TIMEOUT_S = 60
PASSED_ON = ("Accept", "Authorization", "Content-Type", "Private-Token")


@dataclass(frozen=True, kw_only=True)
class Forge:
    """Its address, and what it answered to each GET that succeeded."""

    url: str
    answers: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    """What it was asked and has no answer to."""


Answer = Callable[[Forge, BaseHTTPRequestHandler], tuple[int, bytes]]


@contextmanager
def passing_on(upstream: str) -> Iterator[Forge]:
    """A forge that asks another one."""

    def answer(forge: Forge, asked: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        headers = {name: asked.headers[name] for name in PASSED_ON if name in asked.headers}
        method = asked.command
        told = requests.request(
            method, f"{upstream}{asked.path}", data=body, headers=headers, timeout=TIMEOUT_S
        )
        if method == "GET" and told.ok:
            forge.answers[asked.path] = told.json()
        return told.status_code, told.content

    with _served(answer) as forge:
        yield forge


@contextmanager
def answering(answers: Mapping[str, Any]) -> Iterator[Forge]:
    """A forge that knows these answers, and changes nothing."""

    def answer(forge: Forge, asked: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if asked.command == "GET" and asked.path in answers:
            return HTTPStatus.OK, json.dumps(answers[asked.path]).encode()
        forge.unknown.append(f"{asked.command} {asked.path}")
        return HTTPStatus.NOT_FOUND, b'{"message": "404 Not Found"}'

    with _served(answer) as forge:
        yield forge


@contextmanager
def _served(answer: Answer) -> Iterator[Forge]:
    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            code, body = answer(served, self)
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815  the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
            """Nothing: the test says what matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = Forge(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
