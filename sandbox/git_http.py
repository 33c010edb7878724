"""Git over HTTP, by git's own `git http-backend`."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.context import Sandbox
from sandbox.job_tokens import may_push, may_read, project_of_token
from sandbox.models import Project
from sandbox.pushes import absorb_pushes
from sandbox.repositories import git_environment
from sandbox.variables import JOB_USER
from sandbox.wire import same_token

_CHUNK = 65536
_PUSH = "git-receive-pack"


async def serve_git(request: Request) -> Response:
    """One request of a git client: 401 without a known token, 404 for a project out of reach."""
    sandbox: Sandbox = request.app.state.sandbox
    tail = request.path_params["tail"]
    pushing = _PUSH in {tail, request.query_params.get("service")}
    project = sandbox.store.first(Project, path=request.path_params["path"])
    user, password = _credentials(request)
    is_root = same_token(password, sandbox.settings.root_token)
    job_project = project_of_token(sandbox, password) if user == JOB_USER and not is_root else None
    if not is_root and job_project is None:
        headers = {"WWW-Authenticate": 'Basic realm="GitLab"'}
        return PlainTextResponse("HTTP Basic: Access denied.\n", 401, headers)
    if project is None or (job_project and not may_read(sandbox, job_project, project)):
        return PlainTextResponse("The project you were looking for could not be found.\n", 404)
    if pushing and job_project and not may_push(job_project, project):
        return PlainTextResponse("You are not allowed to push code to this project.\n", 403)
    backend = await _start(sandbox, request, project, tail)
    if tail == _PUSH:
        return await _push(sandbox, project, backend, make_pipelines=is_root)
    status, headers = await backend.head()
    # Starlette watches for a client that leaves by reading what is left of the request: there must be nothing left.
    await backend.fed()
    return StreamingResponse(backend.body(), status, headers)


def _credentials(request: Request) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            user, _, password = base64.b64decode(encoded).decode().partition(":")
            return user, password
    return "", ""


async def _push(sandbox: Sandbox, project: Project, backend: "_Backend", *, make_pipelines: bool) -> Response:
    """Answers a push after its pipelines were made, so that a client that pushed finds them."""
    status, headers = await backend.head()
    body = b"".join([chunk async for chunk in backend.body()])
    # Read again: the push took its time, and others may have changed the project.
    fresh = sandbox.store.get(Project, project.id)
    if fresh is not None:
        with sandbox.store.transaction():
            absorb_pushes(sandbox, fresh, make_pipelines=make_pipelines)
    return Response(body, status, headers)


class _Backend:
    """A running `git http-backend` that is fed with a request's body."""

    def __init__(self, process: asyncio.subprocess.Process, request: Request) -> None:
        self._process = process
        self._feeding = asyncio.ensure_future(_feed(process, request))

    async def head(self) -> tuple[int, dict[str, str]]:
        """The status and headers that git answers with."""
        status, headers = 200, {}
        while line := (await _stdout(self._process).readline()).decode("latin-1").strip():
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split(" ")[0])
            else:
                headers[name] = value
        return status, headers

    async def fed(self) -> None:
        """Waits until git has the whole request."""
        await self._feeding

    async def body(self) -> AsyncIterator[bytes]:
        """What git answers, as it comes. Ends git when the client has gone."""
        try:
            while chunk := await _stdout(self._process).read(_CHUNK):
                yield chunk
            await self._feeding
        finally:
            self._feeding.cancel()
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.terminate()
            await self._process.wait()


def _stdout(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise RuntimeError("git http-backend was started without a pipe")
    return process.stdout


async def _start(sandbox: Sandbox, request: Request, project: Project, tail: str) -> _Backend:
    headers = request.headers
    environment = {
        **git_environment(),
        "GIT_PROJECT_ROOT": str(sandbox.repositories),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{project.id}.git/{tail}",
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.url.query,
        "CONTENT_TYPE": headers.get("content-type", ""),
        # A named user is what makes http-backend accept a push; who may was decided above.
        "REMOTE_USER": "sandbox",
        "REMOTE_ADDR": request.client.host if request.client else "",
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
    }
    # Without a length git reads to the end of the body, which is what a chunked request needs.
    if "content-length" in headers:
        environment["CONTENT_LENGTH"] = headers["content-length"]
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    return _Backend(process, request)


async def _feed(process: asyncio.subprocess.Process, request: Request) -> None:
    if process.stdin is None:
        raise RuntimeError("git http-backend was started without a pipe")
    # git may have read enough before the body ends, and a client may leave; git then finds its input cut short.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ClientDisconnect):
        async for chunk in request.stream():
            process.stdin.write(chunk)
            await process.stdin.drain()
    process.stdin.close()


ROUTES: list[BaseRoute] = [
    Route("/{path:path}.git/{tail:path}", serve_git, methods=["GET", "POST"]),
]
