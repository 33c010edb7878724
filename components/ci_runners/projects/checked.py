"""Values that are only known later, checked all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar, cast

import pulumi

T = TypeVar("T")


def checked_secrets(
    values: Sequence[pulumi.Input[str]], check: Callable[[Mapping[int, str]], None]
) -> list[pulumi.Output[str]]:
    """The same values as secrets. None of them goes anywhere before `check` has seen all that are known.

    It gets them by their position, and raises what is wrong. An `Output.all` would do that too, but one value that a
    preview does not know would hide all the others from it.
    """
    outputs = [pulumi.Output.secret(value) for value in values]

    async def look() -> None:
        known = {at: await output.future() for at, output in enumerate(outputs) if await output.is_known()}
        check(cast("Mapping[int, str]", known))

    if not outputs:
        return []
    looked = asyncio.ensure_future(look())

    async def after_the_look(output: pulumi.Output[str]) -> str | None:
        await looked
        return await output.future()

    return [
        pulumi.Output(
            _task(output.resources()),
            # An unknown value has no future, which the constructor takes and its annotation does not say.
            cast("Awaitable[str]", _task(after_the_look(output))),
            _task(output.is_known()),
            _task(output.is_secret()),
        )
        for output in outputs
    ]


def _task(coroutine: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
    """A task that may go unasked: where one part of an output fails, nobody looks at the others."""
    task = asyncio.ensure_future(coroutine)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
