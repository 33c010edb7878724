"""What every API handler shares: the call, who makes it, GitHub's error forms, pages of results."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.github.access import Caller, identify
from sandbox.github.context import GitHub
from sandbox.github.models import Account, Repo
from sandbox.models import JsonObject, Record
from sandbox.repositories import GitError

R = TypeVar("R", bound=Record)
T = TypeVar("T")
API = "/api/v3"
_DOCS = "https://docs.github.com/rest"
_PER_PAGE = 30
_MOST_PER_PAGE = 100
_PUBLIC = {(permission, "read") for permission in ("metadata", "contents", "actions", "issues")}
"""What strangers may do in a public repository."""


class ApiError(Exception):
    """An answer that is not a success, in GitHub's form."""

    def __init__(self, status: int, message: str, errors: Sequence[JsonObject] = ()) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.errors = list(errors)

    def response(self) -> Response:
        """The answer itself."""
        body: JsonObject = {"message": self.message, "documentation_url": _DOCS, "status": str(self.status)}
        if self.errors:
            body["errors"] = self.errors
        return JSONResponse(body, self.status)


def not_found() -> ApiError:
    """404, which GitHub also says of what the caller may not see."""
    return ApiError(404, "Not Found")


def invalid(resource: str, field: str, message: str, code: str = "custom") -> ApiError:
    """422 for a value that GitHub refuses."""
    error: JsonObject = {"resource": resource, "field": field, "code": code, "message": message}
    return ApiError(422, "Validation Failed", [error])


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the API."""

    github: GitHub
    request: Request
    caller: Caller
    body: JsonObject

    @property
    def token(self) -> str:
        """The caller's credential."""
        return bearer(self.request)

    def part(self, name: str) -> str:
        """A part of the path, decoded."""
        return unquote(str(self.request.path_params[name]))

    def number(self, name: str) -> int:
        """A number in the path; 404 for anything else."""
        word = self.part(name)
        if not word.isdecimal():
            raise not_found()
        return int(word)

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.request.query_params.get(name, default)

    def text(self, name: str, default: str | None = None) -> str:
        """A string of the body; without a default it has to be there."""
        value = self.body.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise ApiError(422, f"Invalid request.\n\n{name!r} is not a string.")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false of the body."""
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            raise ApiError(422, f"Invalid request.\n\n{name!r} is not a boolean.")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number of the body; without a default it has to be there."""
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ApiError(422, f"Invalid request.\n\n{name!r} is not an integer.")
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of these words."""
        value = self.text(name, default)
        if value not in allowed:
            raise ApiError(422, f"Invalid request.\n\n{value!r} is not one of {', '.join(allowed)}.")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings of the body; empty if it is not there."""
        value = self.body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ApiError(422, f"Invalid request.\n\n{name!r} is not an array of strings.")
        return value

    def wholes(self, name: str) -> list[int]:
        """A list of whole numbers of the body; empty if it is not there. GitHub takes them as text as well."""
        value = self.body.get(name, [])
        if not isinstance(value, list) or not all(str(item).isdecimal() for item in value):
            raise ApiError(422, f"Invalid request.\n\n{name!r} is not an array of integers.")
        return [int(item) for item in value]

    def repo(self) -> Repo:
        """The repository that the path names; 404 if there is none or the caller may not see it."""
        found = self.github.find_repo(f"{self.part('owner')}/{self.part('repo')}")
        if found is None or not (self.caller.reaches(found) or not found.private):
            raise not_found()
        return found

    def org(self) -> Account:
        """The organization that the path names."""
        found = self.github.account(self.part("org"))
        if found is None or not found.is_organization:
            raise not_found()
        return found

    def record(self, kind: type[R], name: str, **equals: str | int | None) -> R:
        """The record whose number the path gives, if its fields have these values; else 404."""
        found = self.github.store.get(kind, self.number(name))
        if found is None or any(getattr(found, key) != value for key, value in equals.items()):
            raise not_found()
        return found


Handler = Callable[[Call], Response]


def api(method: str, path: str, handler: Handler, *, needs: str) -> Route:
    """A route of the API.

    Args:
        method: such as GET.
        path: as GitHub's description has it.
        handler: makes the answer.
        needs: permission and level, such as `secrets:write`, or several of which one is enough, with `or` between them;
            `any` for every known caller, `nobody` also for strangers, `root` for the site's administrator.
    """

    async def answer(request: Request) -> Response:
        call = await read_call(request)
        await request.close()
        return call if isinstance(call, Response) else run(call, handler, needs)

    return Route(f"{API}{path}", answer, methods=[method])


async def read_call(request: Request, *, caller: Caller | None = None, parse: bool = True) -> Call | Response:
    """Reads a call to its end, and finds out who makes it; the answer instead where that fails.

    Args:
        request: the call.
        caller: who makes it, where that is not to be found out here.
        parse: False for a body that is no JSON.
    """
    github: GitHub = request.app.state.github
    raw = await request.body()
    caller = caller or identify(github, bearer(request))
    if caller is None:
        return ApiError(401, "Bad credentials").response()
    body: object = {}
    if raw and parse:
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
    if not isinstance(body, dict):
        return ApiError(400, "Problems parsing JSON").response()
    return Call(github=github, request=request, caller=caller, body=body)


def bearer(request: Request) -> str:
    """The token of the Authorization header, with either word before it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "token"} else ""


def run(call: Call, handler: Handler, needs: str) -> Response:
    """Lets a handler do its work: all of its changes are kept, or none.

    Handlers run to their end on the event loop, one at a time, so none ever sees another's half-done work.
    """
    try:
        with call.github.store.transaction():
            _check(call, needs)
            return handler(call)
    except ApiError as error:
        return error.response()
    except GitError as error:
        return ApiError(409, f"git: {error}").response()


def _check(call: Call, needs: str) -> None:
    """Refuses a caller who may not do this."""
    caller = call.caller
    if needs == "nobody":
        return
    wanted = [tuple(each.split(":")) for each in needs.split(" or ") if ":" in each]
    public_read = any(each in _PUBLIC for each in wanted)
    if caller.kind == "anonymous" and not public_read:
        raise ApiError(401, "Requires authentication")
    if needs == "any":
        return
    if needs == "root":
        if caller.kind != "root":
            raise not_found()
        return
    if "repo" in call.request.path_params:
        repo = call.repo()
        allowed = caller.reaches(repo) and any(caller.may(*each) for each in wanted)
        allowed = allowed or (public_read and not repo.private)
    else:
        allowed = any(caller.may(*each) for each in wanted)
        if "org" in call.request.path_params:
            allowed = allowed and caller.reaches_account(call.part("org"))
    if not allowed:
        raise ApiError(403, f"Resource not accessible by {caller.title}")


def reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return JSONResponse(body, status, headers=headers)


def nothing() -> Response:
    """204."""
    return Response(status_code=204)


def page(call: Call, items: Sequence[T], show: Callable[[T], object], inside: str = "") -> Response:
    """One page of results, with the header that clients turn pages by (GitHub docs, "Using pagination").

    Args:
        call: says which page, and how long.
        items: all results.
        show: how one is told.
        inside: the property of the answer that holds them, beside `total_count`; none for a bare list.
    """
    number = _positive(call.query("page"), 1)
    size = min(_positive(call.query("per_page"), _PER_PAGE), _MOST_PER_PAGE)
    shown = [show(item) for item in items[(number - 1) * size : number * size]]
    body: object = {"total_count": len(items), inside: shown} if inside else shown
    link = _links(call, number, size, max(-(-len(items) // size), 1))
    return JSONResponse(body, headers={"Link": link} if link else None)


def _positive(word: str, default: int) -> int:
    return max(int(word), 1) if word.isdecimal() else default


def _links(call: Call, number: int, size: int, pages: int) -> str:
    places: dict[str, int] = {}
    if number > 1:
        places |= {"prev": number - 1, "first": 1}
    if number < pages:
        places |= {"next": number + 1, "last": pages}
    kept = {key: value for key, value in call.request.query_params.items() if key not in {"page", "per_page"}}
    base = f"{call.github.settings.external_url}{call.request.url.path}"
    return ", ".join(
        f'<{base}?{urlencode({**kept, "per_page": size, "page": place})}>; rel="{name}"'
        for name, place in places.items()
    )
