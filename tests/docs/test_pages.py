"""Links, pictures and the index of the pages."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.docs import pictures
from tests.docs.markdown import ROOT, anchors, links, name_of, pages, prose

DOCS = ROOT / "docs"
LONGEST = 125
OUT = ("http://", "https://", "mailto:")


def target(page: Path, link: str) -> tuple[Path, str]:
    """The file and the place in it that a link leads to."""
    path, _, place = link.partition("#")
    return ((page.parent / path).resolve() if path else page), place


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_leads_to_something(page: Path) -> None:
    inside = [link for link in links(page) if not link.startswith(OUT)]
    gone = [link for link in inside if not target(page, link)[0].exists()]
    nowhere = [
        link
        for link in inside
        if target(page, link)[1]
        and target(page, link)[0].suffix == ".md"
        and target(page, link)[1] not in anchors(target(page, link)[0])
    ]

    assert gone == []
    assert nowhere == []


def test_every_page_of_the_docs_is_in_their_index() -> None:
    index = DOCS / "README.md"
    led_to = {target(index, link)[0] for link in links(index)}
    made = {DOCS / "reference", DOCS / "proof"}

    missing = [name_of(page) for page in DOCS.rglob("*.md") if page != index and not made & set(page.parents)]
    assert [name for name in missing if ROOT / name not in led_to] == []
    assert DOCS / "reference/README.md" in led_to


@pytest.mark.parametrize("page", [page for page in pages() if DOCS in page.parents], ids=name_of)
def test_a_line_is_short_enough_to_be_read_in_an_editor(page: Path) -> None:
    # A table's row and a picture cannot be broken.
    long = [line for line in prose(page) if len(line) > LONGEST and not line.startswith(("|", "!["))]

    assert long == []


def test_the_pictures_are_what_their_code_draws() -> None:
    assert {path: path.read_text() for path in pictures.FOLDER.iterdir()} == pictures.files(), (
        "run: python -m tests.docs.pictures"
    )


@pytest.mark.parametrize("way", sorted(pictures.PICTURES))
def test_a_way_s_page_shows_its_picture_and_what_it_says_in_words(way: str) -> None:
    text = (DOCS / f"ways/{way}.md").read_text()
    drawing = ET.fromstring(pictures.PICTURES[way].svg())  # noqa: S314  our own text

    shown = re.search(rf"!\[(.+)\]\(pictures/{way}\.svg\)", text)
    assert shown is not None
    assert "\n## The trust boundary\n" in text
    assert "trust boundary" in shown[1]
    assert drawing.tag.endswith("svg")
    assert any("trust boundary" in (part.text or "") for part in drawing.iter())


@pytest.mark.parametrize("way", sorted(pictures.PICTURES))
def test_a_picture_s_texts_stay_within_their_boxes(way: str) -> None:
    boxes = [part for part in pictures.PICTURES[way].parts if isinstance(part, pictures.Box)]
    bold, plain = 7.6, 6.6  # pixels of a letter, on average

    wide = [box.head for box in boxes if len(box.head) * bold > box.width - 10]
    assert wide + [line for box in boxes for line in box.lines if len(line) * plain > box.width - 10] == []
