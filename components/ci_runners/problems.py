"""What is wrong with an input: one shape for every component, the settings and the policies.

Every problem is collected before any is reported, so that a person mends a configuration in one go.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One wrong value, with what was expected and how to mend it.

    Set `secret` where the value must not be shown; the message then says only that there is one.
    """

    component: str
    field: str
    value: object
    expected: str
    fix: str
    secret: bool = False

    def __str__(self) -> str:
        shown = "a secret value" if self.secret else repr(self.value)
        return f"{self.component}: {self.field}: got {shown}, expected {self.expected}. Fix: {self.fix}"


class InvalidInput(ValueError):
    """Raised with every problem at once, before any resource is registered."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{count} problem{'' if count == 1 else 's'}; nothing was created or changed:"
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `InvalidInput` if there is any problem."""
    found = tuple(problems)
    if found:
        raise InvalidInput(found)
