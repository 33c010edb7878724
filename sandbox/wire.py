"""What every API handler shares: the call, its parameters, GitLab's error forms, pages of results."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.context import Sandbox
from sandbox.models import JsonObject, Namespace, Project, Record
from sandbox.repositories import GitError

R = TypeVar("R", bound=Record)
T = TypeVar("T")
_PER_PAGE = 20
_MOST_PER_PAGE = 100


class ApiError(Exception):
    """An answer that is not a success, in one of GitLab's forms."""

    def __init__(self, status: int, body: JsonObject, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers

    def response(self) -> Response:
        """The answer itself."""
        return JSONResponse(self.body, self.status, headers=self.headers)


def not_found(what: str) -> ApiError:
    """404, for example `404 Project Not Found`."""
    return ApiError(404, {"message": f"404 {what} Not Found"})


def invalid(**problems: str) -> ApiError:
    """400 for values that GitLab's models refuse, by field."""
    return ApiError(400, {"message": {field: [text] for field, text in problems.items()}})


def bad_request(text: str) -> ApiError:
    """400 with one sentence."""
    return ApiError(400, {"message": f"400 Bad request - {text}"})


class Params:
    """Parameters of a call, from the query, a form or a JSON body, as GitLab takes them from anywhere."""

    def __init__(self, given: JsonObject) -> None:
        self.given = given

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def require(self, *names: str) -> None:
        """Refuses a call that lacks any of these, and names all that it lacks."""
        if missing := [name for name in names if self.given.get(name) is None]:
            raise ApiError(400, {"error": ", ".join(f"{name} is missing" for name in missing)})

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self.given.get(name)
        if value is None:
            return default
        if isinstance(value, bool | dict | list):
            raise ApiError(400, {"error": f"{name} is invalid"})
        return str(value)

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """One of these words."""
        value = self.text(name, default)
        if value not in allowed:
            raise ApiError(400, {"error": f"{name} does not have a valid value"})
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false, in JSON or as a word."""
        value = self.given.get(name)
        if value is None:
            return default
        words = {"true": True, "1": True, "false": False, "0": False}
        found = words.get(str(value).lower())
        if found is None:
            raise ApiError(400, {"error": f"{name} is invalid"})
        return found

    def number(self, name: str) -> int | None:
        """A whole number, or None if it is not given."""
        value = self.given.get(name)
        if value is None or value == "":
            return None
        try:
            return int(str(value))
        except ValueError as why:
            raise ApiError(400, {"error": f"{name} is invalid"}) from why

    def words(self, name: str) -> list[str]:
        """A list, or one string with commas."""
        value = self.given.get(name)
        items = value if isinstance(value, list) else str(value or "").split(",")
        return [text for item in items if (text := str(item).strip())]

    def objects(self, name: str) -> list[JsonObject]:
        """A list of objects."""
        value = self.given.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ApiError(400, {"error": f"{name} is invalid"})
        return value


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the API."""

    sandbox: Sandbox
    request: Request
    params: Params
    body: bytes = b""
    """The body, unless it was a form."""

    def part(self, name: str) -> str:
        """A part of the path, decoded: `group%2Fproject` is one part."""
        return unquote(str(self.request.path_params[name]))

    def project(self) -> Project:
        """The project that the path names, by number or by its full path."""
        return self._named(Project, "project")

    def group(self) -> Namespace:
        """The group that the path names, by number or by its full path."""
        group = self._named(Namespace, "group")
        if group.kind != "group":
            raise not_found("Group")
        return group

    def record(self, kind: type[R], name: str, what: str) -> R:
        """The record whose number the path gives."""
        number = self.part(name)
        found = self.sandbox.store.get(kind, int(number)) if number.isdecimal() else None
        if found is None:
            raise not_found(what)
        return found

    def within(self, kind: type[R], name: str, what: str, project: Project) -> R:
        """The record whose number the path gives, if it is this project's."""
        found = self.record(kind, name, what)
        if getattr(found, "project_id", None) != project.id:
            raise not_found(what)
        return found

    def _named(self, kind: type[R], name: str) -> R:
        what = name.capitalize()
        wanted = self.part(name)
        if wanted.isdecimal():
            return self.record(kind, name, what)
        found = self.sandbox.store.first(kind, path=wanted)
        if found is None:
            raise not_found(what)
        return found


Handler = Callable[[Call], Response]


def api(method: str, path: str, handler: Handler, *, root_only: bool = True) -> Route:
    """A route of the API, by default for holders of the root token."""

    async def answer(request: Request) -> Response:
        call = await read_call(request)
        await request.close()
        if root_only and not has_root_token(call):
            return ApiError(401, {"message": "401 Unauthorized"}).response()
        return run(call, handler)

    return Route(f"/api/v4{path}", answer, methods=[method])


async def read_call(request: Request) -> Call:
    """Reads a call to its end. Parameters come from the query, a form or a JSON body; files are left alone."""
    given: JsonObject = {}
    body = b""
    kind = request.headers.get("content-type", "").partition(";")[0]
    pairs: list[tuple[str, object]] = list(request.query_params.multi_items())
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form()
        pairs += [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    else:
        body = await request.body()
    if kind == "application/json":
        given = _json_object(body)
    for name, value in pairs:
        below = given.setdefault(name.removesuffix("[]"), []) if name.endswith("[]") else None
        if isinstance(below, list):
            below.append(value)
        else:
            given[name] = value
    return Call(sandbox=request.app.state.sandbox, request=request, params=Params(given), body=body)


def run(call: Call, handler: Handler) -> Response:
    """Lets a handler do its work: all of its changes are kept, or none.

    Handlers run to their end on the event loop, one at a time, so none ever sees another's half-done work.
    """
    try:
        with call.sandbox.store.transaction():
            return handler(call)
    except ApiError as error:
        return error.response()
    except GitError as error:
        return bad_request(f"git: {error}").response()


def has_root_token(call: Call) -> bool:
    """Whether the call carries the root token."""
    headers = call.request.headers
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    token = headers.get("private-token") or bearer or call.params.text("private_token")
    return same_token(token, call.sandbox.settings.root_token)


def same_token(given: str, expected: str) -> bool:
    """Compares two tokens in a time that tells nothing about them."""
    return secrets.compare_digest(given.encode(), expected.encode())


def _json_object(body: bytes) -> JsonObject:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return JSONResponse(body, status, headers=headers)


def nothing() -> Response:
    """204."""
    return Response(status_code=204)


def page(call: Call, items: Sequence[T], show: Callable[[T], JsonObject]) -> Response:
    """One page of results, with the headers that clients turn pages by (GitLab docs, "Pagination")."""
    number = max(call.params.number("page") or 1, 1)
    size = min(max(call.params.number("per_page") or _PER_PAGE, 1), _MOST_PER_PAGE)
    pages = max(-(-len(items) // size), 1)
    shown = [show(item) for item in items[(number - 1) * size : number * size]]
    headers = {
        "X-Page": str(number),
        "X-Per-Page": str(size),
        "X-Total": str(len(items)),
        "X-Total-Pages": str(pages),
        "X-Prev-Page": str(number - 1) if number > 1 else "",
        "X-Next-Page": str(number + 1) if number < pages else "",
        "Link": _links(call, number, size, pages),
    }
    return JSONResponse(shown, headers=headers)


def _links(call: Call, number: int, size: int, pages: int) -> str:
    places = {"first": 1, "last": pages}
    if number > 1:
        places["prev"] = number - 1
    if number < pages:
        places["next"] = number + 1
    kept = {
        key: value
        for key, value in call.params.given.items()
        if key not in {"page", "per_page", "private_token"}
    }
    base = f"{call.sandbox.settings.external_url}{call.request.url.path}"
    return ", ".join(
        f'<{base}?{urlencode({**kept, "page": place, "per_page": size}, doseq=True)}>; rel="{name}"'
        for name, place in places.items()
    )
