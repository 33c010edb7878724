"""Every place of a component's arguments, as the plugin's schema has them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ITEM, NAME = "[0]", "NAME"
"""The path into a list, and into a mapping by names."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a value may stand."""

    component: str
    path: tuple[str, ...]
    is_plain: bool
    is_section: bool
    """Whether it has other places in it."""

    @property
    def field(self) -> str:
        """How the component's errors name it."""
        words = [
            each if each in {ITEM, NAME} else re.sub(r"([A-Z])", r"_\1", each).lower() for each in self.path
        ]
        return ".".join(words).replace(f".{ITEM}", ITEM)

    @property
    def key(self) -> str:
        """The place in one word, for a table."""
        return f"{self.component}.{'.'.join(self.path)}"

    def holding(self, value: object) -> dict[str, Any]:
        """Arguments with a value there and nothing else."""
        inner: Any = value
        for step in reversed(self.path):
            inner = [inner] if step == ITEM else {step: inner}
        found: dict[str, Any] = inner
        return found


def places(schema: Mapping[str, Any]) -> Iterator[Place]:
    """All of them, sections before what is in them."""
    for token, resource in schema["resources"].items():
        for name, said in resource["inputProperties"].items():
            yield from _places(schema, token.rpartition(":")[2], (name,), said, below_output=False)


def _places(
    schema: Mapping[str, Any],
    component: str,
    path: tuple[str, ...],
    said: Mapping[str, Any],
    *,
    below_output: bool,
) -> Iterator[Place]:
    may_be_output = below_output or not said.get("plain")
    section = schema["types"].get(said.get("$ref", "").removeprefix("#/types/"), {})
    inner = {
        **{(name,): each for name, each in section.get("properties", {}).items()},
        **({(ITEM,): said["items"]} if "items" in said else {}),
        **({(NAME,): said["additionalProperties"]} if "additionalProperties" in said else {}),
    }
    yield Place(component=component, path=path, is_plain=not may_be_output, is_section=bool(inner))
    for step, each in inner.items():
        yield from _places(schema, component, (*path, *step), each, below_output=may_be_output)
