"""How things are said."""

import re
from collections.abc import Iterable, Mapping

from ci_runners.explain.preview import CONTAINER, NETWORK, SECRET, UNKNOWN, VOLUME, Step, holds

KINDS = {
    CONTAINER: "container",
    NETWORK: "network",
    VOLUME: "volume",
    "docker:index/remoteImage:RemoteImage": "image",
}
"""What the engine calls its things."""

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_SHORT_S = 120
"""Up to here seconds are said as they were written: 90 seconds, not 1 minute and 30 seconds."""
_LONGEST = 50
_NOT_SHOWN = frozenset({"content", "value"})
"""Texts of people's own, which may be secrets to them."""
_NAMES = ("label", "name", "file", "containerPath", "target", "host", "internal")
"""Fields that say which one of a list something is."""


def duration(seconds: float) -> str:
    """A span of time as a person says it, to two units."""
    whole = round(seconds)
    if whole < _SHORT_S and whole % 60:
        return _counted(whole, "second")
    said = []
    for size, unit in _UNITS:
        count, whole = divmod(whole, size)
        if count:
            said.append(_counted(count, unit))
    return " and ".join(said[:2]) or "0 seconds"


def listed(items: Iterable[str]) -> str:
    """A, B and C."""
    some = list(items)
    return f"{', '.join(some[:-1])} and {some[-1]}" if some[1:] else "".join(some)


def argument(field: str) -> str:
    """A provider's field as a program in Python writes it: destroy_grace_seconds."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", field)


def change(step: Step, field: str) -> str:
    """What becomes of a field, with both values where they are short and no secret."""
    old, new = step.old.get(field), step.new.get(field)
    if field in _NOT_SHOWN:
        return argument(field)
    if _is_short(old) and _is_short(new) and old != new:
        return f"{argument(field)} ({_value(old)} to {_value(new)})"
    if holds(new, UNKNOWN):
        return f"{argument(field)} (known only at `up`)"
    items = _differing(old or [], new or []) if isinstance(old or new, list) else []
    return f"{argument(field)} ({', '.join(items)})" if items else argument(field)


def changes(step: Step) -> str:
    """What becomes of all fields that differ."""
    return listed(change(step, field) for field in step.changed)


def _differing(old: object, new: object) -> list[str]:
    """The names of what is in one list and not in the other. A value may be a secret to people: it is not shown."""
    if not isinstance(old, list) or not isinstance(new, list):
        return []
    ours = [each for each in (*old, *new) if each not in old or each not in new]
    return sorted({name for each in ours if (name := _name(each))})


def _name(item: object) -> str:
    if isinstance(item, Mapping):
        return next((str(item[key]) for key in _NAMES if item.get(key)), "")
    name, _, value = str(item).partition("=")
    return name if value else ""


def _is_short(value: object) -> bool:
    plain = value is None or isinstance(value, str | int | float)
    return (
        plain and value not in {SECRET, *UNKNOWN} and len(str(value)) <= _LONGEST and "\n" not in str(value)
    )


def _value(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"
