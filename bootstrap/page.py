"""`make page`: the sandbox's page on this machine's loopback, where a browser can see it.

An engine of our own has its addresses in a namespace that a browser is not in. A socket keeps the namespace that it
was opened in, so this one is opened outside, and what answers on it runs inside.
"""

import asyncio
import os
import socket
import sys
from urllib.parse import urlsplit

from bootstrap.engine import SANDBOX_PORT, recorded
from bootstrap.layout import layout

LISTENER = "CI_RUNNERS_LISTENER"
"""Names the inherited socket to the process inside."""
CHUNK = 65536


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Everything from one side to the other, then the end."""
    try:
        while piece := await source.read(CHUNK):
            target.write(piece)
            await target.drain()
    except ConnectionError:
        pass  # a browser that leaves is no fault
    finally:
        target.close()


async def forward(listener: socket.socket, url: str) -> None:
    """Answer every connection with one to the sandbox, until told to stop."""
    parts = urlsplit(url)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

    async with await asyncio.start_server(connected, sock=listener) as server:
        await server.serve_forever()


def inside() -> None:
    """The half that runs in the namespace."""
    with socket.socket(fileno=int(os.environ[LISTENER])) as listener:
        host, port = listener.getsockname()
        print(f"the sandbox's page: http://{host}:{port}/  (Ctrl-C ends this)", flush=True)
        try:
            asyncio.run(forward(listener, os.environ["CI_RUNNERS_SANDBOX_URL"]))
        except KeyboardInterrupt:
            return


def outside() -> None:
    """Open the socket here and go on in the namespace."""
    engine = recorded(layout())
    if engine is None:
        sys.exit("nothing is up. Fix: run `make up`")
    try:
        listener = socket.create_server(("127.0.0.1", SANDBOX_PORT))
    except OSError as problem:
        if not engine.namespace:
            sys.exit(f"the sandbox's page: http://127.0.0.1:{SANDBOX_PORT}/")
        sys.exit(f"127.0.0.1:{SANDBOX_PORT}: {problem}. Fix: end what listens there, then run this again")
    listener.set_inheritable(True)
    environment = {**os.environ, LISTENER: str(listener.fileno())}
    words = [sys.executable, "-m", "bootstrap.cli", "run", sys.executable, "-m", "bootstrap.page"]
    os.execve(words[0], words, environment)


if __name__ == "__main__":
    inside() if LISTENER in os.environ else outside()
