"""Each example's preview, as it lies beside the example. tests/prove/test_examples.py asks the real CLI for the same."""

import pytest

from tests.examples.catalog import Program, catalog
from tests.examples.recorded import expected_preview


@pytest.mark.parametrize("program", catalog(), ids=lambda program: program.name)
def test_the_preview_beside_an_example_is_what_its_program_declares(program: Program) -> None:
    assert program.preview.read_text() == expected_preview(program), "python -m tests.examples writes it anew"


@pytest.mark.parametrize("program", catalog(), ids=lambda program: program.name)
def test_every_setting_of_an_example_is_described(program: Program) -> None:
    said = program.project.get("config") or {}

    assert [key for key, each in said.items() if not each.get("description")] == []
    assert [key for key in said if f'"{key}"' not in (program.folder / "__main__.py").read_text()] == []
