"""What each stand-in's resource type is tried with."""

from dataclasses import dataclass, field
from typing import Any

from tests.bootstrap.standins.forge_double import Answer, Place


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Inputs that set much of one type, and the calls that have to come of them.

    `made` are the calls of a create that are no GET; `changed` is a change that must not replace.
    """

    type_name: str
    inputs: dict[str, Any]
    identity: str
    made: tuple[tuple[str, Any], ...]
    changed: dict[str, Any]
    places: dict[str, Place] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    is_removed: bool = True
    """Whether a delete leaves nothing; otherwise it leaves the forge's defaults."""
