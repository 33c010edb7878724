"""Calls that GitHub doesn't have: people make tokens and Apps on its pages, which the sandbox has not."""

from datetime import UTC, datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import clock
from sandbox.github.access import LEVELS
from sandbox.github.context import new_token
from sandbox.github.models import App, Installation, Token
from sandbox.github.wire import ApiError, Call, Handler, not_found, nothing, read_call, reply, run


def create_token(call: Call) -> Response:
    """POST /_admin/tokens: a fine-grained token for an account's repositories, all or some."""
    account = _account(call, call.body.get("account"))
    seconds = call.body.get("seconds")
    expires = None
    if isinstance(seconds, int | float):
        expires = clock.stamp(datetime.now(UTC) + timedelta(seconds=seconds))
    token = Token(
        token=new_token("github_pat_"),
        kind="fine-grained",
        account=account,
        permissions=_permissions(call.body.get("permissions")),
        repository_ids=_ids(call.body.get("repository_ids")),
        expires_at=expires,
    )
    call.github.store.add(token)
    return reply({"token": token.token, "expires_at": expires}, 201)


def revoke_token(call: Call) -> Response:
    """DELETE /_admin/tokens."""
    found = call.github.store.first(Token, token=call.text("token"))
    if found is None:
        raise not_found()
    call.github.store.delete(found)
    return nothing()


def create_app(call: Call) -> Response:
    """POST /_admin/apps: an App with its public key, and where it is installed."""
    public_key = call.text("public_key")
    try:
        key = load_pem_public_key(public_key.encode())
    except (ValueError, UnsupportedAlgorithm) as why:
        raise ApiError(422, f"public_key: {why}") from why
    if not isinstance(key, RSAPublicKey):
        raise ApiError(422, "public_key: expected an RSA key")
    app = App(
        name=call.text("name"),
        client_id=new_token("Iv23li")[:20],
        public_key=public_key,
        created_at=clock.stamp(),
    )
    call.github.store.add(app)
    given = call.body.get("installations")
    installations = [_install(call, app, each) for each in (given if isinstance(given, list) else [])]
    told = [{"id": each.id, "account": each.account} for each in installations]
    return reply({"id": app.id, "client_id": app.client_id, "installations": told}, 201)


def _install(call: Call, app: App, given: object) -> Installation:
    body = given if isinstance(given, dict) else {}
    return call.github.store.add(
        Installation(
            app_id=app.id,
            account=_account(call, body.get("account")),
            permissions=_permissions(body.get("permissions")),
            repository_ids=_ids(body.get("repository_ids")),
            created_at=clock.stamp(),
        )
    )


def _account(call: Call, login: object) -> str:
    found = call.github.account(str(login))
    if found is None:
        raise ApiError(422, f"account: there is no {login}")
    return found.login


def _permissions(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or not given or not set(given.values()) <= set(LEVELS):
        raise ApiError(422, "permissions: expected a level for each, such as administration: write")
    return {"metadata": "read", **given}


def _ids(given: object) -> list[int] | None:
    return [int(number) for number in given] if isinstance(given, list) else None


def _route(method: str, path: str, handler: Handler) -> Route:
    async def answer(request: Request) -> Response:
        call = await read_call(request)
        await request.close()
        return call if isinstance(call, Response) else run(call, handler, "root")

    return Route(path, answer, methods=[method])


ROUTES: list[BaseRoute] = [
    _route("POST", "/_admin/tokens", create_token),
    _route("DELETE", "/_admin/tokens", revoke_token),
    _route("POST", "/_admin/apps", create_app),
]
