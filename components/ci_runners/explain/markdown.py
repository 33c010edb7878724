"""An explanation as Markdown, for a comment at a forge.

Names and values come from a program that somebody proposes, and a forge acts on what a comment says: it tells people who
are mentioned (`@name`), links what is referred to (`#1`, `!1`), loads pictures, and GitLab takes a line that begins with
a slash for an order (GitLab docs, Quick actions). Here they stay text.
"""

import re
from collections.abc import Iterator

from ci_runners.explain.explanation import Explanation
from ci_runners.explain.finding import Topic
from ci_runners.explain.show import TITLES, Item, items, verdict, whole_time

_JOINER = "\N{WORD JOINER}"
"""Has no width: after a sign that starts a mention or a reference, there is none."""
_HARMLESS = str.maketrans(
    {
        **{sign: f"{sign}{_JOINER}" for sign in "@#!"},
        **{sign: f"\\{sign}" for sign in "\\[]<>&*~|"},
    }
)


def as_markdown(explanation: Explanation) -> str:
    """The whole explanation: a heading with the verdict, then a section for each topic."""
    parts = [f"### {plain(explanation.stack or 'Preview')}: {verdict(explanation)}."]
    if explanation.errors:
        errors = "\n".join(f"- {plain(error)}" for error in explanation.errors)
        parts += ["**Its reasons; what follows may not be all:**", errors]
    for topic, title in TITLES.items():
        found = items(explanation, topic)
        if found:
            parts += [f"**{title}**", "\n".join(_lines(found, numbered=topic is Topic.STOPS))]
        if topic is Topic.STOPS and explanation.seconds:
            parts.append(whole_time(explanation))
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """A text on one line that does nothing where it is shown."""
    return " ".join(text.split()).translate(_HARMLESS)


def code(name: str) -> str:
    """A name as code, in which a forge looks for nothing."""
    return f"`{' '.join(name.split()).replace('`', chr(39)) or ' '}`"


def fenced(text: str) -> str:
    """Lines as a block of code that none of them can end, and none of which gives an order."""
    lines = [f" {line}" if line[:1] in {"/", "`", "~"} else line for line in text.strip("\n").splitlines()]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _lines(found: list[Item], *, numbered: bool) -> Iterator[str]:
    for number, item in enumerate(found, 1):
        names = ", ".join(map(code, item.resources))
        yield f"{f'{number}.' if numbered else '-'} {names}: {plain(item.sentence)}{item.remark}"
