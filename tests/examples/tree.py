"""A first preview as text: plain operations, types and names, each below its parent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

HEAD = "$ pulumi preview --stack {stack}\n"
STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True, kw_only=True, order=True)
class Step:
    """What a preview would do with one resource. `parent` is empty below the stack itself."""

    type: str
    name: str
    parent: str = ""
    operation: str = "create"


def tree(stack: str, steps: Iterable[Step]) -> str:
    """The text for one stack."""
    ordered = sorted(steps)
    lines = [HEAD.format(stack=stack), *_below("", ordered, ""), f"{len(ordered)} to create\n"]
    return "".join(lines)


def _below(parent: str, steps: list[Step], indent: str) -> Iterator[str]:
    for step in steps:
        if step.parent == parent:
            yield f"{indent}{step.operation} {step.type} {step.name}\n"
            if step.type.startswith("ci-runners:"):
                yield from _below(step.name, steps, f"{indent}  ")


def steps_of(preview: dict[str, Any]) -> list[Step]:
    """What `pulumi preview --json` says, but for the stack, the providers that Pulumi adds, and what is only read."""
    states = [(each["op"], each["newState"]) for each in preview["steps"] if each["op"] != "read"]
    return [
        Step(
            type=state["type"],
            name=_name(state["urn"]),
            parent=""
            if STACK_TYPE in state["parent"].rpartition("::")[0].split("$")[-1]
            else _name(state["parent"]),
            operation=operation,
        )
        for operation, state in states
        if state["type"] != STACK_TYPE and not _name(state["urn"]).startswith("default")
    ]


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
