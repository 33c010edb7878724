"""A sandbox of a test's own, without an engine: GitLab's API alone."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gitlab

from sandbox.server import Server
from sandbox.settings import Settings

TOKEN = "glpat-made-up-for-this-test"


@contextmanager
def gitlab_sandbox(folder: Path) -> Iterator[gitlab.Gitlab]:
    """It serves until the end, and has the group `team`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = Server(Settings(data=folder / "sandbox", external_url=url, root_token=TOKEN))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with gitlab.Gitlab(url, private_token=TOKEN, keep_base_url=True, timeout=30) as client:
                client.groups.create({"name": "team", "path": "team"})
                yield client
        finally:
            server.should_exit = True
            thread.join()
