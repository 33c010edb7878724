"""Starts the sandbox: `python -m sandbox.github --listen 127.0.0.1:8930 --external-url http://… --data DIR`."""

import argparse
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.github.server import Server
from sandbox.github.settings import Settings

_SHORTEST_TOKEN = 20


def main(words: list[str] | None = None) -> int:
    """Reads the command line and serves until told to stop. 2 for a command line that makes no sense."""
    parser = argparse.ArgumentParser(prog="sandbox.github", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:8930", help="host:port (127.0.0.1:8930)")
    parser.add_argument("--external-url", required=True, help="address that runners and jobs use")
    parser.add_argument("--data", required=True, type=Path, help="folder for everything that is kept")
    parser.add_argument("--user", default="sandbox", help="login of the site's administrator (sandbox)")
    parser.add_argument(
        "--offline-after", type=float, default=60.0, help="seconds of silence until a runner is offline (60)"
    )
    given = parser.parse_args(words)
    host, _, port = given.listen.rpartition(":")
    token = os.environ.get("SANDBOX_GITHUB_TOKEN", "")
    if problems := _problems(given.external_url, port, token, given.offline_after):
        for problem in problems:
            print(f"sandbox.github: {problem}", file=sys.stderr)
        return 2
    settings = Settings(
        data=given.data,
        external_url=given.external_url.rstrip("/"),
        root_token=token,
        user=given.user,
        offline_seconds=given.offline_after,
    )
    try:
        listening = socket.create_server((host, int(port)))
    except OSError as why:
        print(f"sandbox.github: cannot listen on {given.listen}: {why}", file=sys.stderr)
        return 1
    with listening:
        Server(settings).run(sockets=[listening])
    return 0


def _problems(external_url: str, port: str, token: str, offline_after: float) -> list[str]:
    problems = []
    address = urlsplit(external_url)
    if address.scheme not in {"http", "https"} or not address.hostname or address.path.strip("/"):
        problems.append(f"--external-url {external_url!r}: expected http://host:port without a path")
    if not port.isdecimal():
        problems.append("--listen: expected host:port, such as 127.0.0.1:8930")
    if offline_after <= 0:
        problems.append(f"--offline-after {offline_after:g}: expected seconds, more than 0")
    if len(token) < _SHORTEST_TOKEN:
        problems.append(
            f"SANDBOX_GITHUB_TOKEN in the environment: expected {_SHORTEST_TOKEN} characters or more, "
            f"got {len(token)}; for example ghp_ and a random string"
        )
    return problems


if __name__ == "__main__":
    sys.exit(main())
