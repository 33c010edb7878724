"""How a test sees that something broke, and that it is well again."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from docker.models.containers import Container
from requests.exceptions import RequestException

WAIT_S = 300
"""For what never comes: a busy machine takes minutes for the slowest part."""


def until(what: str, found: Callable[[], Any], *, within: float = WAIT_S) -> Any:  # noqa: ANN401  what was waited for
    """Ask again until there is something; an engine that is away for a moment is asked again too."""
    deadline = time.monotonic() + within
    while True:
        with contextlib.suppress(DockerException, RequestException):
            if answer := found():
                return answer
        assert time.monotonic() < deadline, f"{what} did not come in {within} s"
        time.sleep(0.2)


class Clock:
    """Seconds since a fault."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def seconds(self) -> float:
        return round(time.monotonic() - self._started, 1)


def is_well(container: Container) -> bool:
    """Whether it runs, and is healthy if it can tell."""
    container.reload()
    state = container.attrs["State"]
    healthy = state.get("Health", {"Status": "healthy"})["Status"] == "healthy"
    return bool(state["Status"] == "running" and healthy)


def runs(command: str) -> bool:
    """Whether a process with exactly these words runs anywhere on the engine's host."""
    wanted = command.split()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if file.read_text(errors="replace").rstrip("\0").split("\0") == wanted:
                return True
    return False


def kill(container: Container) -> Clock:
    """SIGKILL its first process, as the kernel does that is out of memory.

    `docker kill` would not do: to the engine it says that a person wants the container down.
    """
    container.reload()
    os.kill(container.attrs["State"]["Pid"], signal.SIGKILL)
    return Clock()


def has_started_anew(container: Container, before: tuple[str, str]) -> bool:
    """Whether the same container runs, since a later moment than before, and is well."""
    return (
        is_well(container)
        and container.id == before[0]
        and container.attrs["State"]["StartedAt"] != before[1]
    )
