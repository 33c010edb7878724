"""The web application: all routes, and what runs beside them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.github import git_http, pages, runner_protocol
from sandbox.github.actions.pushes import absorb_pushes
from sandbox.github.actions.watch import watch
from sandbox.github.context import GitHub
from sandbox.github.models import Repo
from sandbox.github.rest import (
    admin,
    apps,
    contents,
    deployments,
    environments,
    issues,
    permissions,
    refs,
    repos,
    runner_groups,
    runners,
    runs,
    secrets,
    users,
    variables,
)
from sandbox.github.wire import API, ApiError

_WATCH_SECONDS = 1.0
_REST = (
    admin,
    apps,
    users,
    repos,
    contents,
    refs,
    runners,
    runner_groups,
    runs,
    secrets,
    variables,
    environments,
    deployments,
    issues,
    permissions,
)


class _EncodedApiPaths:
    """Leaves `%2F` in API paths alone, so that the environment `prod%2Feu` is one part of the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(f"{API}/"):
            scope = {**scope, "path": scope["raw_path"].decode("ascii")}
        await self._app(scope, receive, send)


def create_app(github: GitHub) -> Starlette:
    """The sandbox as an ASGI application."""
    routes: list[BaseRoute] = [
        Route("/-/health", _health),
        *runner_protocol.ROUTES,
        *(route for module in _REST for route in module.ROUTES),
        Route("/api/{rest:path}", _no_such_call, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        *git_http.ROUTES,
        *pages.ROUTES,
    ]
    app = Starlette(routes=routes, middleware=[Middleware(_EncodedApiPaths)], lifespan=_beside)
    app.state.github = github
    return app


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok", "stand_in": "ci-runners sandbox, not GitHub"})


async def _no_such_call(request: Request) -> Response:
    return ApiError(404, f"Not Found: the sandbox has no {request.method} {request.url.path}").response()


@contextlib.asynccontextmanager
async def _beside(app: Starlette) -> AsyncIterator[None]:
    """What runs while the application does: pushes that a killed sandbox missed, then what comes with time."""
    github: GitHub = app.state.github
    for repo in github.store.find(Repo):
        with github.store.transaction():
            absorb_pushes(github, repo, pusher=github.settings.user)
    watching = asyncio.ensure_future(_keep_watching(github))
    try:
        yield
    finally:
        watching.cancel()
        github.store.close()


async def _keep_watching(github: GitHub) -> None:
    while True:
        watch(github)
        await asyncio.sleep(_WATCH_SECONDS)
