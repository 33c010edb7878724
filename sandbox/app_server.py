"""A uvicorn server for a sandbox: it says when it is ready, and sends waiting runners away when it ends."""

import socket

import uvicorn
from starlette.types import ASGIApp

from sandbox.wakeups import Wakeups

_FAREWELL_SECONDS = 5


class AppServer(uvicorn.Server):
    """Serves one application until told to stop."""

    def __init__(self, app: ASGIApp, *, wakeups: Wakeups, greeting: str) -> None:
        """Prepares the server.

        Args:
            app: what answers.
            wakeups: closed before the end, since a held request for a job would hold it up.
            greeting: the line that says the server is ready.
        """
        self._wakeups = wakeups
        self._greeting = greeting
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                # uvloop, where it is installed, answers a write to a git that has ended with an error of its own kind.
                loop="asyncio",
                timeout_graceful_shutdown=_FAREWELL_SECONDS,
                # A pause between two requests of a runner must not cost it its connection.
                timeout_keep_alive=75,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen."""
        for listening in sockets or []:
            # asyncio does this only for sockets it made: without it every answer waits 40 ms for the client's ACK.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await super().startup(sockets)
        if self.started:
            print(self._greeting, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops listening."""
        self._wakeups.close()
        await super().shutdown(sockets)
