"""Lets waiting runners know that there may be a job for them."""

import asyncio
import contextlib
import secrets


class Wakeups:
    """A version that changes whenever a job becomes pending, and a way to wait for that.

    GitLab's Workhorse holds a runner's request in the same way while `last_update` is current.
    """

    def __init__(self) -> None:
        # A version of an earlier run must not look current after a restart.
        self._run = secrets.token_hex(8)
        self._count = 0
        self._event = asyncio.Event()
        self._closed = False

    @property
    def version(self) -> str:
        """What runners get as X-GitLab-Last-Update."""
        return f"{self._run}-{self._count}"

    def notify(self) -> None:
        """Wakes everybody who waits."""
        self._count += 1
        self._event.set()
        self._event = asyncio.Event()

    def close(self) -> None:
        """Wakes everybody for good: the sandbox is about to end."""
        self._closed = True
        self.notify()

    async def wait(self, version: str, seconds: float) -> None:
        """Returns as soon as the version is another, or after so many seconds."""
        if version == self.version and not self._closed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._event.wait(), seconds)
