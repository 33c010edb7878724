"""The key of a built part: the same for the same content, another for any change that could matter."""

import re
from pathlib import Path

import pytest

from bootstrap.fingerprint import fingerprint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "part" / "inner").mkdir(parents=True)
    (tmp_path / "part" / "a.txt").write_text("one")
    (tmp_path / "part" / "inner" / "b.txt").write_text("two")
    return tmp_path / "part"


def test_a_key_is_twelve_hexadecimal_digits_and_the_same_every_time(folder: Path) -> None:
    key = fingerprint(["text", b"bytes", folder])

    assert re.fullmatch("[0-9a-f]{12}", key)
    assert fingerprint(["text", b"bytes", folder]) == key


def test_the_same_folder_elsewhere_has_the_same_key(folder: Path, tmp_path: Path) -> None:
    before = fingerprint([folder])
    (tmp_path / "elsewhere").mkdir()

    assert fingerprint([folder.rename(tmp_path / "elsewhere" / "part")]) == before


def test_a_changed_file_changes_the_key(folder: Path) -> None:
    before = fingerprint([folder])
    (folder / "inner" / "b.txt").write_text("three")

    assert fingerprint([folder]) != before


def test_a_renamed_file_changes_the_key(folder: Path) -> None:
    before = fingerprint([folder])
    (folder / "a.txt").rename(folder / "c.txt")

    assert fingerprint([folder]) != before


def test_a_new_file_changes_the_key(folder: Path) -> None:
    before = fingerprint([folder])
    (folder / "inner" / "empty").touch()

    assert fingerprint([folder]) != before


def test_compiled_python_changes_nothing(folder: Path) -> None:
    before = fingerprint([folder])
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"compiled")

    assert fingerprint([folder]) == before


def test_a_single_file_counts_by_name_and_content(folder: Path) -> None:
    file = folder / "a.txt"
    before = fingerprint([file])
    renamed = file.rename(folder / "c.txt")
    after = fingerprint([renamed])
    renamed.write_text("changed")

    assert len({before, after, fingerprint([renamed])}) == 3


def test_where_one_part_ends_and_the_next_begins_counts() -> None:
    assert fingerprint(["ab", "c"]) != fingerprint(["a", "bc"])
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
