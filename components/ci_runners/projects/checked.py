"""Values that are only known later, checked all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

import pulumi


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
            # As tasks, which may go unasked where the look has failed. An unknown value has no future, which the
            # constructor takes and its annotation does not say.
            asyncio.ensure_future(output.resources()),
            cast("Awaitable[str]", after_the_look(output)),
            asyncio.ensure_future(output.is_known()),
            asyncio.ensure_future(output.is_secret()),
        )
        for output in outputs
    ]
