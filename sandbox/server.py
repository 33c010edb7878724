"""Runs the application with uvicorn."""

import socket

import uvicorn

from sandbox.app import create_app
from sandbox.context import Sandbox
from sandbox.settings import Settings

_FAREWELL_SECONDS = 5


class Server(uvicorn.Server):
    """A uvicorn server that sends waiting runners away when it ends, and says when it is ready."""

    def __init__(self, settings: Settings) -> None:
        self.sandbox = Sandbox.open(settings)
        super().__init__(
            uvicorn.Config(
                create_app(self.sandbox),
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
            url = self.sandbox.settings.external_url
            print(f"sandbox ready at {url} (a stand-in, not GitLab)", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops listening. A held request for a job would otherwise hold up the end."""
        self.sandbox.wakeups.close()
        await super().shutdown(sockets)
