"""The processes that the language host starts: programs and component plugins."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

GRACE_S = 5.0
"""How long a child may take to end after SIGINT before it is killed; Pulumi's own host waits as long."""

CHUNK_BYTES = 65536


class Child:
    """One running process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait(self) -> int:
        """Its exit code, when it has one; negative where a signal ended it."""
        return self._process.wait()

    def end(self) -> None:
        """Interrupt it, and kill it if it does not end in time. Does nothing to one that has ended."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def end_soon(self) -> None:
        """As `end`, without waiting for it: gRPC's callbacks hold up every other call."""
        threading.Thread(target=self.end, daemon=True).start()

    def output(self) -> Iterator[tuple[str, bytes]]:
        """What it writes, as it writes it: ("stdout", data) or ("stderr", data), until both are closed."""
        written: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        streams = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        for name, stream in streams.items():
            threading.Thread(target=_pump, args=(name, stream, written), daemon=True).start()
        still_open = len(streams)
        while still_open:
            name, data = written.get()
            if data:
                yield name, data
            else:
                still_open -= 1


def _pump(name: str, stream: IO[bytes], into: queue.SimpleQueue[tuple[str, bytes]]) -> None:
    with stream:
        while data := os.read(stream.fileno(), CHUNK_BYTES):
            into.put((name, data))
    into.put((name, b""))


class Children:
    """All of them, so that none outlives the host."""

    def __init__(self) -> None:
        self._started: list[Child] = []
        self._lock = threading.Lock()

    def start(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: str, piped: bool = False
    ) -> Child:
        """Start a process in `cwd` with `env` added to our own environment. `piped`: its output is read."""
        pipe = subprocess.PIPE if piped else None
        process = subprocess.Popen(
            command,
            cwd=cwd or None,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
        )
        child = Child(process)
        with self._lock:
            self._started.append(child)
        return child

    def stop(self) -> None:
        """End every one that still runs."""
        with self._lock:
            started = tuple(self._started)
        for child in started:
            child.end()
