"""Runs the application with uvicorn."""

from sandbox.app_server import AppServer
from sandbox.github.app import create_app
from sandbox.github.context import GitHub
from sandbox.github.settings import Settings


class Server(AppServer):
    """The stand-in GitHub's server."""

    def __init__(self, settings: Settings) -> None:
        self.github = GitHub.open(settings)
        super().__init__(
            create_app(self.github),
            wakeups=self.github.wakeups,
            greeting=f"sandbox ready at {settings.external_url} (a stand-in, not GitHub)",
        )
