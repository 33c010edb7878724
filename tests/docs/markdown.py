"""The project's pages, read for tests: their blocks of code, their links, and what a link may lead to."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^ *```(?P<language>[a-z]*)( .*)?$")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+)$")
ANCHOR = re.compile(r'<a id="(?P<id>[^"]+)">')
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^()\s]+(?:\([^()]*\)[^()\s]*)?)\)")
CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of code: where it begins, its language, its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every page that is written for people, by path."""
    tops = [*ROOT.glob("*.md"), ROOT / "components/README.md"]
    folders = [path for folder in ("bench", "docs", "examples") for path in (ROOT / folder).rglob("*.md")]
    return sorted(path for path in {*tops, *folders} if path.is_file())


def name_of(page: Path) -> str:
    """A page's path from the repository's root."""
    return str(page.relative_to(ROOT))


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """The blocks of a page, in order."""
    return tuple(_blocks(page))


def all_blocks(*languages: str) -> list[Block]:
    """The blocks of every page that are in one of these languages."""
    return [block for page in pages() for block in blocks(page) if block.language in languages]


def links(page: Path) -> list[str]:
    """What a page's links lead to, those in code left out."""
    text = "\n".join(CODE.sub("", line) for line in prose(page))
    return [found["target"] for found in LINK.finditer(text)]


@cache
def anchors(page: Path) -> frozenset[str]:
    """What a link can lead to within a page: headings as GitHub names them, and named places."""
    found: dict[str, int] = {}
    named: set[str] = set()
    for line in prose(page):
        named.update(match["id"] for match in ANCHOR.finditer(line))
        if heading := HEADING.match(line):
            slug = _slug(heading["text"])
            found[slug] = found.get(slug, -1) + 1
            named.add(slug if found[slug] == 0 else f"{slug}-{found[slug]}")
    return frozenset(named)


def _slug(heading: str) -> str:
    """GitHub's name of a heading: its words in lower case, hyphens between them."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def prose(page: Path) -> Iterator[str]:
    """A page's lines outside of its blocks of code."""
    inside = False
    for line in page.read_text().splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            yield line


def _blocks(page: Path) -> Iterator[Block]:
    opened: re.Match[str] | None = None
    first, held = 0, list[str]()
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened, first, held = fence, number, []
        elif opened is not None and line.strip() == "```":
            text = textwrap.dedent("\n".join(held)) + "\n"
            yield Block(page=name_of(page), line=first, language=opened["language"], text=text)
            opened = None
        elif opened is not None:
            held.append(line)
    assert opened is None, f"{name_of(page)}:{first}: the block does not end"
