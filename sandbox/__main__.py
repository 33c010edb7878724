"""Starts the sandbox: `python -m sandbox --listen 127.0.0.1:8929 --external-url http://… --data DIR`."""

import argparse
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.server import Server
from sandbox.settings import Settings

_SHORTEST_TOKEN = 20


def main(words: list[str] | None = None) -> int:
    """Reads the command line and serves until told to stop. 2 for a command line that makes no sense."""
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:8929", help="host:port (127.0.0.1:8929)")
    parser.add_argument("--external-url", required=True, help="address that runners and jobs use")
    parser.add_argument("--data", required=True, type=Path, help="folder for everything that is kept")
    parser.add_argument("--registry", default="", help="container registry given to jobs, host:port (none)")
    parser.add_argument(
        "--long-poll", type=float, default=50.0, help="seconds that a job request is held (50)"
    )
    given = parser.parse_args(words)
    host, _, port = given.listen.rpartition(":")
    token = os.environ.get("SANDBOX_ROOT_TOKEN", "")
    if problems := _problems(given.external_url, port, token):
        for problem in problems:
            print(f"sandbox: {problem}", file=sys.stderr)
        return 2
    settings = Settings(
        data=given.data,
        external_url=given.external_url.rstrip("/"),
        root_token=token,
        registry=given.registry,
        long_poll_seconds=given.long_poll,
    )
    try:
        listening = socket.create_server((host, int(port)))
    except OSError as why:
        print(f"sandbox: cannot listen on {given.listen}: {why}", file=sys.stderr)
        return 1
    with listening:
        Server(settings).run(sockets=[listening])
    return 0


def _problems(external_url: str, port: str, token: str) -> list[str]:
    problems = []
    address = urlsplit(external_url)
    if address.scheme not in {"http", "https"} or not address.hostname or address.path.strip("/"):
        problems.append(f"--external-url {external_url!r}: expected http://host:port without a path")
    if not port.isdecimal():
        problems.append("--listen: expected host:port, such as 127.0.0.1:8929")
    if len(token) < _SHORTEST_TOKEN:
        problems.append(
            f"SANDBOX_ROOT_TOKEN in the environment: expected {_SHORTEST_TOKEN} characters or more, "
            f"got {len(token)}; for example glpat- and a random string"
        )
    return problems


if __name__ == "__main__":
    sys.exit(main())
