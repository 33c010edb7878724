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

from sandbox import artifacts, git_http, runner_api
from sandbox.context import Sandbox
from sandbox.models import Project
from sandbox.pages import views
from sandbox.pushes import absorb_pushes
from sandbox.rest import (
    commits,
    files,
    groups,
    job_token,
    jobs,
    merge_requests,
    pipelines,
    projects,
    protection,
    runners,
    schedules,
    variables,
)
from sandbox.schedules import run_due

# How often pipeline schedules are looked at; GitLab's own worker comes every few minutes.
_SCHEDULE_SECONDS = 15
_REST = (
    projects,
    groups,
    runners,
    variables,
    files,
    commits,
    protection,
    pipelines,
    jobs,
    schedules,
    job_token,
    merge_requests,
)


class _EncodedApiPaths:
    """Leaves `%2F` in API paths alone, so that `group%2Fproject` is one part of the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/v4/"):
            scope = {**scope, "path": scope["raw_path"].decode("ascii")}
        await self._app(scope, receive, send)


def create_app(sandbox: Sandbox) -> Starlette:
    """The sandbox as an ASGI application."""
    routes: list[BaseRoute] = [
        Route("/-/health", _health),
        Route("/-/readiness", _health),
        *runner_api.ROUTES,
        *artifacts.ROUTES,
        *(route for module in _REST for route in module.ROUTES),
        Route("/api/{rest:path}", _no_such_call, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        *git_http.ROUTES,
        *views.ROUTES,
    ]
    app = Starlette(routes=routes, middleware=[Middleware(_EncodedApiPaths)], lifespan=_beside)
    app.state.sandbox = sandbox
    return app


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok", "stand_in": "ci-runners sandbox, not GitLab"})


async def _no_such_call(request: Request) -> Response:
    return JSONResponse(
        {"error": f"404 Not Found: the sandbox has no {request.method} {request.url.path}"}, 404
    )


@contextlib.asynccontextmanager
async def _beside(app: Starlette) -> AsyncIterator[None]:
    """What runs while the application does: pushes that a killed sandbox missed, then schedules."""
    sandbox: Sandbox = app.state.sandbox
    for project in sandbox.store.find(Project):
        with sandbox.store.transaction():
            absorb_pushes(sandbox, project)
    clock = asyncio.ensure_future(_keep_schedules(sandbox))
    try:
        yield
    finally:
        clock.cancel()
        sandbox.store.close()


async def _keep_schedules(sandbox: Sandbox) -> None:
    while True:
        run_due(sandbox)
        await asyncio.sleep(_SCHEDULE_SECONDS)
