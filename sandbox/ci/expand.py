"""CI/CD variables as the runner gets them, and what they are worth once `$NAME` in them is replaced."""

import re
from collections.abc import Mapping, Sequence

from sandbox.models import JsonObject

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def entry(key: str, value: str, *, raw: bool = False, masked: bool = False, file: bool = False) -> JsonObject:
    """One variable in the form of the job payload. Masked ones are not public."""
    return {"key": key, "value": value, "public": not masked, "file": file, "masked": masked, "raw": raw}


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replaces `$NAME` and `${NAME}`; a name that is not known stays as it is."""
    return _REFERENCE.sub(lambda match: values.get(match[1] or match[2], match[0]), text)


def values_of(entries: Sequence[JsonObject]) -> dict[str, str]:
    """What the variables are worth: of two with one name the later wins, then references are replaced.

    A variable that refers to itself keeps the reference.
    """
    last = {str(item["key"]): item for item in entries}
    done: dict[str, str] = {}

    def value(name: str, above: frozenset[str]) -> str:
        item = last[name]
        text = str(item["value"])
        if item["raw"]:
            return text

        def inner(match: re.Match[str]) -> str:
            other = match[1] or match[2]
            return value(other, above | {other}) if other in last and other not in above else match[0]

        return _REFERENCE.sub(inner, text)

    for name in last:
        done[name] = value(name, frozenset({name}))
    return done
