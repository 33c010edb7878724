"""Secrets of a checkout."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bootstrap.layout import Layout
from bootstrap.services import secret_file


@pytest.fixture
def places(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path, cache=tmp_path / "cache")


def test_a_secret_is_made_once_and_only_its_owner_reads_it(places: Layout) -> None:
    first = secret_file(places, "token", prefix="ghp_")
    text = first.read_text()

    assert secret_file(places, "token", prefix="ghp_").read_text() == text
    assert text.startswith("ghp_")
    assert first.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in first.parent.iterdir()] == ["token"]


def test_steps_that_ask_for_a_new_secret_at_once_get_the_same_one(places: Layout) -> None:
    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(lambda _: secret_file(places, "token").read_text(), range(64)))

    assert len(told) == 1
