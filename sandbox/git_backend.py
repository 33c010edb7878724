"""Git's own `git http-backend`, fed with the requests of git clients."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from sandbox.repositories import git_environment

PUSH = "git-receive-pack"
_CHUNK = 65536


def credentials(request: Request) -> tuple[str, str]:
    """User and password of a request with basic authentication; both empty without."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            user, _, password = base64.b64decode(encoded).decode().partition(":")
            return user, password
    return "", ""


class Backend:
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


async def start(request: Request, *, root: Path, path: str) -> Backend:
    """Starts git on a request of a git client. Who may do what was decided before.

    Args:
        request: the client's; its body is fed to git.
        root: folder of the bare repositories.
        path: the repository below it and what the client asks of it, such as `/7.git/info/refs`.
    """
    headers = request.headers
    environment = {
        **git_environment(),
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": request.url.query,
        "CONTENT_TYPE": headers.get("content-type", ""),
        # A named user is what makes http-backend accept a push.
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
    return Backend(process, request)


async def _feed(process: asyncio.subprocess.Process, request: Request) -> None:
    if process.stdin is None:
        raise RuntimeError("git http-backend was started without a pipe")
    # git may have read enough before the body ends, and a client may leave; git then finds its input cut short.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ClientDisconnect):
        async for chunk in request.stream():
            process.stdin.write(chunk)
            await process.stdin.drain()
    process.stdin.close()
