"""Filter patterns of branches and tags (GitHub docs, "Workflow syntax: filter pattern cheat sheet")."""

import re
from collections.abc import Sequence

_PIECES = (("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*"))
_SPECIAL = "?+[]-"


def regular(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression."""
    out, at = "", 0
    while at < len(pattern):
        for piece, expression in _PIECES:
            if pattern.startswith(piece, at):
                out += expression
                at += len(piece)
                break
        else:
            if pattern[at] == "\\" and at + 1 < len(pattern):
                at += 1
                out += re.escape(pattern[at])
            else:
                out += pattern[at] if pattern[at] in _SPECIAL else re.escape(pattern[at])
            at += 1
    return re.compile(out)


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is let in: the last pattern that fits decides, and `!` turns one around."""
    found = False
    for pattern in patterns:
        wanted = not pattern.startswith("!")
        if regular(pattern.removeprefix("!")).fullmatch(name):
            found = wanted
    return found
