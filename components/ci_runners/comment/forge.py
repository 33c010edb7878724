"""Writes a comment by a forge's REST API, and finds the one that was written before.

GitHub docs, REST API, Issue comments; GitLab docs, Notes API. A comment is ours when it begins with our marker and the
token's owner wrote it: anyone may write a marker, and a token that may edit comments may edit anyone's.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any

from ci_runners.comment.place import Forge, Place

_TIMEOUT_S = 30
_PAGE = 100
_FORBIDDEN = 403
_NOT_ALLOWED = {401, 403, 404}
"""A forge also says of what a token may not see that it is not there."""
_NEEDS = {
    Forge.GITHUB: "the job's token needs `permissions: pull-requests: write`; one of a pull request from a fork never has it",
    Forge.GITLAB: "the token needs the scope api and, in the project, the role Reporter",
}


class NotWritten(Exception):
    """The forge has refused, or was not reached. It says what and why, and never the token."""


class _Refused(Exception):
    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status} {said}")
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the token would go along, wherever that is."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:  # noqa: ANN401  as urllib has it
        return None


def write(place: Place, mark: str, body: str) -> str:
    """Write the comment, or edit the one that begins with this mark; returns `made` or `edited`.

    Raises `NotWritten`.
    """
    try:
        ours = _ours(place, mark)
        if ours is None:
            _ask(place, "POST", place.comments_url, {"body": body})
            return "made"
        method = "PATCH" if place.forge is Forge.GITHUB else "PUT"
        _ask(place, method, f"{place.edit_url}/{ours}", {"body": body})
    except _Refused as refusal:
        needs = f"; {_NEEDS[place.forge]}" if refusal.status in _NOT_ALLOWED else ""
        raise NotWritten(f"{place.comments_url}: {refusal}{needs}") from None
    except (OSError, HTTPException, ValueError) as problem:
        raise NotWritten(f"{place.comments_url}: {problem}") from None
    return "edited"


def _ours(place: Place, mark: str) -> int | None:
    """The number of the oldest comment that is ours."""
    marked = [each for each in _comments(place) if str(each.get("body") or "").startswith(mark)]
    if not marked:
        return None
    author = _author(place)
    return next((int(each["id"]) for each in marked if _wrote(author, each)), None)


def _comments(place: Place) -> Iterator[Mapping[str, Any]]:
    """All of them, oldest first."""
    # Only GitLab knows `order_by`, and begins with the newest; GitHub always begins with the oldest.
    order = "" if place.forge is Forge.GITHUB else "&order_by=created_at&sort=asc"
    number = 1
    while page := _ask(place, "GET", f"{place.comments_url}?per_page={_PAGE}&page={number}{order}"):
        if not isinstance(page, list):
            raise ValueError("the answer is no list of comments")  # noqa: TRY004  not the caller's mistake
        yield from page
        if len(page) < _PAGE:
            return
        number += 1


def _author(place: Place) -> Mapping[str, Any] | None:
    """Whose token it is. None for a job's own at GitHub, which may not ask: what it writes, a bot has written."""
    try:
        found: Mapping[str, Any] = _ask(place, "GET", place.user_url)
    except _Refused as refusal:
        if place.forge is Forge.GITHUB and refusal.status == _FORBIDDEN:
            return None
        raise
    return found


def _wrote(author: Mapping[str, Any] | None, comment: Mapping[str, Any]) -> bool:
    """Whether somebody, or where nobody may ask a bot, has written a comment. A person cannot be a bot."""
    name = comment.get("user") or comment.get("author") or {}
    return bool(name.get("type") == "Bot" if author is None else name.get("id") == author["id"])


def _ask(place: Place, method: str, url: str, body: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
    if not url.startswith(("https://", "http://")):
        raise ValueError("not the address of an API")
    who = (
        {"Authorization": f"Bearer {place.token}", "Accept": "application/vnd.github+json"}
        if place.forge is Forge.GITHUB
        else {"PRIVATE-TOKEN": place.token}
    )
    request = urllib.request.Request(  # noqa: S310  looked at above
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={**who, "Content-Type": "application/json", "User-Agent": "ci-runners"},
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise _Refused(refusal.code, _said(refusal)) from None


def _said(refusal: urllib.error.HTTPError) -> str:
    """The forge's own words, or the protocol's."""
    try:
        told = json.load(refusal)
        words = told.get("message") or told.get("error")
    except (ValueError, AttributeError):
        words = None
    return str(words or refusal.reason)
