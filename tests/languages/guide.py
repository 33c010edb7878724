"""docs/languages.md, taken at its word: its files, and its commands as a person would type them."""

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "languages.md"
PLUGIN = "plugin"
"""The block that stands for every language but Python."""

_BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A fenced block whose first line names, after the syntax, a language (commands) or a language and a file."""


@dataclass(frozen=True, kw_only=True)
class Guide:
    """What the page says of one language."""

    language: str
    files: dict[str, str]
    commands: tuple[str, ...]


def guide(language: str) -> Guide:
    """The page's files and commands for a language; a page that has none is a failure."""
    blocks = [(what, text) for _, what, text in _BLOCK.findall(PAGE.read_text())]
    files = {
        what.partition("/")[2]: text
        for what, text in blocks
        if what.partition("/")[0] == language and "/" in what
    }
    wanted = [language] if language == "python" else [PLUGIN, language]
    commands = [
        line for name in wanted for what, text in blocks if what == name for line in text.splitlines()
    ]
    assert files, f"{PAGE.name} shows no file of {language}"
    assert commands, f"{PAGE.name} shows no command of {language}"
    return Guide(language=language, files=files, commands=tuple(commands))
