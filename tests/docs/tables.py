"""Markdown that says what a text says, whatever is in it."""

import re

CODE = re.compile(r"(`[^`]*`)")
MARKUP = re.compile(r"([*<\[\]]|(?<!\w)_|_(?!\w))")


WIDTH = 120
"""Letters in a line of prose."""
NOTHING = "\u2013"
"""What stands in a cell that has nothing to say."""


def cell(text: str) -> str:
    """A text in a table: outside of code nothing of it is markup."""
    parts = CODE.split(" ".join(text.split()))
    plain = [part if part.startswith("`") else MARKUP.sub(r"\\\1", part) for part in parts]
    return "".join(plain).replace("|", "\\|")


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a table; a line that says so where there are no rows."""
    if not rows:
        return ["None."]
    return [f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows)]


def lines_of(text: str) -> list[str]:
    """Paragraphs and lists of a docstring as they are: it is Markdown of our own, in lines that are short enough."""
    return text.splitlines()
