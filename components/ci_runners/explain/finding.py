"""One thing that a preview means."""

from dataclasses import dataclass
from enum import Enum, IntEnum


class Severity(IntEnum):
    """How much thought a change is worth before it is made."""

    CALM = 0
    """Nothing that runs is stopped, and nothing that is kept is lost."""
    STOPS = 1
    """Something that runs is stopped, after its grace."""
    LOSES = 2
    """Something is gone for good: a cache, data, or work that gets no time to end."""
    GAINS = 3
    """Something gets a privilege that it did not have."""


class Topic(str, Enum):
    """What a finding is about, in the order in which they are shown."""

    STOPS = "stops"
    LOSSES = "losses"
    PRIVILEGES = "privileges"
    SECRETS = "secrets"
    CERTIFICATES = "certificates"
    FORGE = "forge"
    OTHERS = "others"
    APPEARANCES = "appearances"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What happens to one resource, in one sentence."""

    topic: Topic
    resource: str
    """Name of the resource as the engine or the forge has it, else Pulumi's."""

    urn: str
    sentence: str
    severity: Severity = Severity.CALM
    seconds: int | None = None
    """Of a stop: the grace. None for everything else, and for a stop without one."""

    cis: str = ""
    """Of a privilege: the rule of the CIS Docker Benchmark 1.6 that speaks of it."""
