"""Writing a comment: a forge on loopback, with its pages, its refusals and comments that only look like ours."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ci_runners.__main__ import main
from ci_runners.cli.exit_codes import NOT_WRITTEN
from ci_runners.comment import Forge, NotWritten, Place, write

MARK = "<!-- ci-runners preview: prod -->"
TOKEN = "a-token-that-nobody-has"
ME, BOT, OTHER = {"id": 1, "type": "User"}, {"id": 2, "type": "Bot"}, {"id": 3, "type": "User"}


@dataclass(kw_only=True)
class FakeForge:
    """Comments, oldest first, as either forge shows them; and what was asked."""

    url: str = ""
    who: dict[str, Any] | None = field(default_factory=lambda: ME)
    """Whose token it is; None for a job's at GitHub."""
    comments: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[int, object] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    shown: list[dict[str, str]] = field(default_factory=list)

    def has(self, body: str, by: dict[str, Any] = ME) -> None:
        self.comments.append({"id": len(self.comments) + 10, "body": body, "user": by})

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, object]:
        """What the forge says."""
        parts = urlsplit(path)
        self.asked.append(f"{method} {parts.path}")
        if self.refusal is not None:
            return self.refusal
        if parts.path == "/user":
            return (200, self.who) if self.who else (403, {"message": "Resource not accessible"})
        if method == "GET":
            size, number = (int(parse_qs(parts.query)[name][0]) for name in ("per_page", "page"))
            return 200, self.comments[(number - 1) * size : number * size]
        if method == "POST":
            self.has(body["body"], self.who or BOT)
            return 201, self.comments[-1]
        (one,) = (each for each in self.comments if each["id"] == int(parts.path.rpartition("/")[2]))
        one["body"] = body["body"]
        return 200, one

    def bodies(self) -> list[str]:
        return [each["body"] for each in self.comments]


class _Handler(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        forge: FakeForge = self.server.forge  # type: ignore[attr-defined]
        forge.shown.append(dict(self.headers.items()))
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, said = forge.answer(self.command, self.path, json.loads(sent or b"{}"))
        text = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in forge.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815  the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing: tests read what was asked."""


@pytest.fixture
def forge() -> Iterator[FakeForge]:
    fake = FakeForge()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.forge = fake  # type: ignore[attr-defined]
        fake.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield fake
        server.shutdown()
        thread.join()


def place(forge: FakeForge, kind: Forge = Forge.GITHUB) -> Place:
    return Place(
        forge=kind,
        comments_url=f"{forge.url}/comments",
        edit_url=f"{forge.url}/edit",
        user_url=f"{forge.url}/user",
        token=TOKEN,
        commit="",
        job_url="",
    )


@pytest.mark.parametrize("kind", Forge)
def test_the_first_time_a_comment_is_made_and_then_it_is_edited(forge: FakeForge, kind: Forge) -> None:
    forge.has("what a person says")

    assert write(place(forge, kind), MARK, f"{MARK}\none") == "made"
    assert write(place(forge, kind), MARK, f"{MARK}\ntwo") == "edited"
    assert forge.bodies() == ["what a person says", f"{MARK}\ntwo"]


def test_each_forge_gets_its_own_verb_and_its_own_header(forge: FakeForge) -> None:
    forge.has(f"{MARK}\none")
    for kind in Forge:
        write(place(forge, kind), MARK, f"{MARK}\ntwo")

    assert [asked for asked in forge.asked if asked.endswith("/edit/10")] == [
        "PATCH /edit/10",
        "PUT /edit/10",
    ]
    assert {each.get("Authorization") for each in forge.shown} == {f"Bearer {TOKEN}", None}
    assert {each.get("Private-Token") for each in forge.shown} == {TOKEN, None}


def test_a_comment_on_a_later_page_is_found(forge: FakeForge) -> None:
    for number in range(250):
        forge.has(f"comment {number}")
    forge.has(f"{MARK}\none")

    assert write(place(forge), MARK, f"{MARK}\ntwo") == "edited"
    assert forge.bodies()[-1] == f"{MARK}\ntwo"


def test_somebody_elses_comment_with_our_marker_is_left_alone(forge: FakeForge) -> None:
    forge.has(f"{MARK}\nnot by us", OTHER)
    assert write(place(forge), MARK, f"{MARK}\nours") == "made"
    assert forge.bodies() == [f"{MARK}\nnot by us", f"{MARK}\nours"]


def test_a_jobs_own_token_takes_a_bots_comment_and_no_persons(forge: FakeForge) -> None:
    forge.who = None
    forge.has(f"{MARK}\nnot by us", OTHER)
    forge.has(f"{MARK}\nones", BOT)

    assert write(place(forge), MARK, f"{MARK}\ntwo") == "edited"
    assert forge.bodies() == [f"{MARK}\nnot by us", f"{MARK}\ntwo"]


def test_a_marker_that_is_quoted_or_of_another_stack_is_none(forge: FakeForge) -> None:
    forge.has(f"> {MARK}")
    forge.has("<!-- ci-runners preview: prod-eu -->\nthe other one")

    assert write(place(forge), MARK, f"{MARK}\nours") == "made"


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (
            403,
            {"message": "Resource not accessible by integration"},
            "403 Resource not accessible by integration",
        ),
        (404, {"message": "Not Found"}, "`permissions: pull-requests: write`"),
        (422, {"message": "body is too long"}, "422 body is too long"),
        (502, b"<html>", "502 Bad Gateway"),
        (200, {"message": "a page of HTML would be no better"}, "no list of comments"),
        (200, b"<html>", "Expecting value"),
    ],
)
def test_a_refusal_says_what_the_forge_said_and_never_the_token(
    forge: FakeForge, status: int, said: object, told: str
) -> None:
    forge.refusal = (status, said)
    with pytest.raises(NotWritten) as refused:
        write(place(forge), MARK, f"{MARK}\none")
    assert told in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_a_token_follows_no_redirect(forge: FakeForge) -> None:
    forge.refusal, forge.headers = (302, b""), {"Location": f"{forge.url}/elsewhere"}
    with pytest.raises(NotWritten, match="302"):
        write(place(forge), MARK, f"{MARK}\none")
    assert forge.asked == ["GET /comments"]


def test_a_forge_that_is_not_there_is_said(forge: FakeForge) -> None:
    nowhere = Place(**{**vars(place(forge)), "comments_url": "http://127.0.0.1:1/comments"})
    with pytest.raises(NotWritten, match="Connection refused"):
        write(nowhere, MARK, MARK)
    strange = Place(**{**vars(place(forge)), "comments_url": "file:///etc/passwd"})
    with pytest.raises(NotWritten, match="not the address of an API"):
        write(strange, MARK, MARK)


def test_the_command_ends_by_what_became_of_the_comment(
    forge: FakeForge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 1, "head": {"sha": "a" * 40}}}))
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": forge.url,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_RUN_ID": "1",
        "GITHUB_SERVER_URL": forge.url,
        "GITHUB_TOKEN": TOKEN,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    preview = str(Path(__file__).parent / "previews" / "dind-nothing.json")

    assert main(["comment", preview, "--stack", "prod"]) == 0
    assert capsys.readouterr().out == "The comment of prod is made.\n"
    assert forge.bodies()[0].startswith(f"{MARK}\n### ci-runners/dev: nothing changes.")
    forge.refusal = (401, {"message": "Bad credentials"})
    assert main(["comment", preview, "--stack", "prod"]) == NOT_WRITTEN
    assert "401 Bad credentials" in capsys.readouterr().err
