"""The host's engine, killed and started again: only where it is our own, in a network namespace of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bootstrap import engine
from bootstrap.layout import Layout, layout
from bootstrap.services import OWNER
from tests.faults.signs import WAIT_S, Clock, until

START = "from bootstrap import engine, layout; engine.start_own(layout.layout())"
AS_SYSTEMD = """
import os, sys

os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Become a program that is handed a socket as systemd hands it over: file descriptor 3 (sd_listen_fds)."""


class OwnEngine:
    """dockerd of the bootstrap. A test may start it with flags of its own; at the end it is as it was."""

    def __init__(self, places: Layout) -> None:
        self._places = places
        self._child: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._file = Path(engine.own_engine(places).host.removeprefix("unix://"))

    def end(self, how: signal.Signals) -> Clock:
        """End it by a signal, and wait until its process is gone."""
        pid = int((self._places.run / "docker.pid").read_text())
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        since = Clock()
        if self._child:
            self._child.wait(WAIT_S)
            self._child = None
        else:
            until("the engine's end", lambda: not Path(f"/proc/{pid}").exists())
        return since

    def hold_socket(self) -> None:
        """Hold the engine's socket from now on, as systemd does with `docker.socket`: it outlives the engine."""
        self._file.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self._file))
        os.chown(self._file, 0, engine.GROUP)
        self._file.chmod(0o660)
        self._socket.listen()

    def start(self, *flags: str) -> None:
        """Start it again, until it answers."""
        (self._places.run / "docker.pid").unlink(missing_ok=True)
        words = [*engine._dockerd(self._places), *flags]
        if self._socket:
            words = [word for word in words if not word.startswith("--host=")]
            words = [sys.executable, "-c", AS_SYSTEMD, str(self._socket.fileno()), *words, "--host=fd://"]
        self._launch(words)
        until("the engine", lambda: self._is_up(words))
        self._start_services()

    def _launch(self, words: Sequence[str]) -> None:
        with (self._places.logs / "dockerd.log").open("ab") as log:
            self._child = subprocess.Popen(
                words,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[self._socket.fileno()] if self._socket else [],
            )

    def _is_up(self, words: Sequence[str]) -> bool:
        """Whether it answers. One that gave up waiting for its containerd is started again, as systemd does."""
        if self._child and self._child.poll() is not None:
            self._launch(words)
        return self._listens() and engine.answers(engine.own_engine(self._places).host)

    def _start_services(self) -> None:
        """The sandbox and the registry, which no component looks after."""
        with contextlib.closing(engine.own_engine(self._places).client()) as client:
            for container in client.containers.list(all=True, filters={"label": OWNER}):
                container.start()

    def _listens(self) -> bool:
        """Whether somebody takes connections. The SDK would leave a refused one's socket open."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._file))
            except OSError:
                return False
            return True

    def restore(self) -> None:
        """As the bootstrap starts it, to outlive the tests."""
        if (self._places.run / "docker.pid").is_file():
            self.end(signal.SIGTERM)
        if self._socket:
            self._socket.close()
            self._file.unlink(missing_ok=True)
        environment: dict[str, str] = {**os.environ, "PYTHONPATH": os.pathsep.join(_folders(self._places))}
        # Started by a process that ends, it is nobody's child, and nobody has to wait for it. That process may give up
        # before the engine has stopped what ran on without it.
        subprocess.run([sys.executable, "-c", START], check=False, env=environment)
        until("the engine", lambda: self._listens() and engine.answers(f"unix://{self._file}"))
        self._start_services()


def _folders(places: Layout) -> Sequence[str]:
    return str(places.root), str(places.root / "components")


@contextlib.contextmanager
def own_engine() -> Iterator[OwnEngine]:
    """The engine, if it is ours to end; else the test is skipped."""
    places = layout()
    found = engine.recorded(places)
    if found is None or not found.namespace:
        pytest.skip("the engine of this machine is not ours to kill")
    own = OwnEngine(places)
    try:
        yield own
    finally:
        own.restore()
