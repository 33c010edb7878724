"""Runs the application with uvicorn."""

from sandbox.app import create_app
from sandbox.app_server import AppServer
from sandbox.context import Sandbox
from sandbox.settings import Settings


class Server(AppServer):
    """The stand-in GitLab's server."""

    def __init__(self, settings: Settings) -> None:
        self.sandbox = Sandbox.open(settings)
        super().__init__(
            create_app(self.sandbox),
            wakeups=self.sandbox.wakeups,
            greeting=f"sandbox ready at {settings.external_url} (a stand-in, not GitLab)",
        )
