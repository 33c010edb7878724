"""A forge's REST API: one call at a time, with errors that say which call failed and what the forge answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from requests.auth import AuthBase

TIMEOUT_S = 60
PER_PAGE = 100
NOT_FOUND = 404


class ApiError(Exception):
    """A call that the forge refused, or that did not reach it. `status` is 0 then."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_not_found(self) -> bool:
        """Whether the forge has no such thing."""
        return self.status == NOT_FOUND


class _Headers(AuthBase):
    """The headers that authenticate. As `auth`, so that no .netrc of the machine takes their place."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


@dataclass(frozen=True, kw_only=True)
class RestApi:
    """Where the API is and how to call it.

    Paths are templates: `{project}` is replaced by that value, from the values of a call or from `constants`, with
    everything escaped, so that `group/name` is one segment; `{file:/}` keeps the slashes.
    """

    title: str
    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    constants: Mapping[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        values: Mapping[str, Any],
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,  # noqa: ANN401  whatever is JSON
    ) -> Any:  # noqa: ANN401  as above
        """Make one call; returns the decoded answer, None where there is no body. Raises `ApiError`."""
        where = self.path(path, values)
        try:
            answer = requests.request(
                method,
                self.base_url.rstrip("/") + where,
                params=query,
                json=body,
                auth=_Headers(self.headers),
                timeout=TIMEOUT_S,
            )
        except requests.RequestException as error:
            cause = getattr(error.args[0], "reason", error) if error.args else error
            raise ApiError(
                f"{self.title} at {self.base_url} could not be reached for {method} {where}: {cause}"
            ) from error
        if not answer.ok:
            raise ApiError(
                f"{self.title} answered {answer.status_code} to {method} {where}: {_reason(answer)}",
                status=answer.status_code,
            )
        return answer.json() if answer.content else None

    def find(self, path: str, values: Mapping[str, Any], *, query: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        """GET; None where the forge has no such thing."""
        try:
            return self.call("GET", path, values, query=query)
        except ApiError as error:
            if error.is_not_found:
                return None
            raise

    def remove(
        self,
        path: str,
        values: Mapping[str, Any],
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
    ) -> None:
        """DELETE; content where it was gone already."""
        try:
            self.call("DELETE", path, values, query=query, body=body)
        except ApiError as error:
            if not error.is_not_found:
                raise

    def every(self, path: str, values: Mapping[str, Any], *, inside: str = "") -> list[Any]:
        """All pages of a list; `inside`: the key under which a page holds its part."""
        found: list[Any] = []
        page = 1
        while True:
            answer = self.call("GET", path, values, query={"per_page": PER_PAGE, "page": page})
            part = answer[inside] if inside else answer
            found.extend(part)
            if len(part) < PER_PAGE:
                return found
            page += 1

    def path(self, template: str, values: Mapping[str, Any]) -> str:
        """The template with its names replaced."""
        known = {**values, **self.constants}
        return template.format_map({name: _Escaped(value) for name, value in known.items()})


class _Escaped:
    """A value in a path. Its format is what stays unescaped: `{file:/}` keeps its slashes."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __format__(self, unescaped: str) -> str:
        return quote(str(self._value), safe=unescaped)


def _reason(answer: requests.Response) -> str:
    """What the forge says of its refusal: GitLab's `message` or `error`, GitHub's `message`."""
    try:
        said = answer.json()
    except requests.JSONDecodeError:
        return answer.reason
    if isinstance(said, dict):
        said = said.get("message") or said.get("error") or said
    return said if isinstance(said, str) else json.dumps(said)
