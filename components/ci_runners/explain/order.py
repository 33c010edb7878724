"""What uses what, and so what stops before what."""

from collections.abc import Iterable, Mapping

from ci_runners.explain.parts import Role, role
from ci_runners.explain.preview import Op, Preview, Step

Used = Mapping[str, frozenset[str]]
"""By URN: the URNs of all that something was made from, by however many between them."""


def all_used(preview: Preview) -> Used:
    """What each resource of a preview was made from."""
    direct = {step.urn: step.used for step in preview.steps}
    found: dict[str, frozenset[str]] = {}

    def reach(urn: str) -> frozenset[str]:
        if urn not in found:
            found[urn] = frozenset()  # a cycle ends here
            found[urn] = frozenset(direct.get(urn, ())).union(
                *(reach(other) for other in direct.get(urn, ()))
            )
        return found[urn]

    return {urn: reach(urn) for urn in direct}


def stopping(preview: Preview, used: Used) -> list[Step]:
    """The containers that stop, in the order in which they do: what uses another goes before it."""
    left = [step for step in preview.steps if step.goes and role(step) not in {None, Role.HELPER}]
    ordered: list[Step] = []
    while left:
        free = [step for step in left if not any(step.urn in used[other.urn] for other in left)]
        now = sorted(free or left, key=lambda step: step.name)
        ordered += now
        left = [step for step in left if step not in now]
    return ordered


def users(step: Step, among: Iterable[Step], used: Used) -> list[Step]:
    """Which of the steps use it."""
    return [other for other in among if step.urn in used[other.urn]]


def longest(stopped: list[Step], used: Used) -> int:
    """Seconds until the last of them has stopped, at most: those that do not use one another stop side by side."""
    ended: dict[str, int] = {}
    for step in stopped:
        before = [ended[other.urn] for other in users(step, stopped, used) if other.urn in ended]
        ended[step.urn] = max(before, default=0) + (grace(step) or 0)
    return max(ended.values(), default=0)


def start(stopped: list[Step]) -> int:
    """Seconds that what is made anew of them gets until it answers, at most."""
    anew = [step.new for step in stopped if step.op is Op.REPLACE and step.new.get("wait") is True]
    waits = [inputs.get("waitTimeout") for inputs in anew]
    return max((int(wait) for wait in waits if isinstance(wait, int | float)), default=0)


def grace(step: Step) -> int | None:
    """Seconds that a container's processes get to end. None: they are killed (pulumi-docker, destroyGraceSeconds)."""
    given = step.old.get("destroyGraceSeconds")
    return int(given) if isinstance(given, int | float) and given > 0 else None
