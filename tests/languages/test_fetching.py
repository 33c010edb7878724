"""In an empty folder, following docs/languages.md only: a daemon and a runner on the real engine, in each language.

These fetch packages from npm, PyPI and Go's module proxy, and take longer; YAML's is in test_page.py.
"""

from pathlib import Path

import pytest

from tests.languages.programs import follow

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("language", ["go", "python", "typescript"])
def test_the_page_leads_from_an_empty_folder_to_a_runner_and_back(language: str, tmp_path: Path) -> None:
    followed = follow(language, tmp_path)

    assert "accept_privileged" in followed.refused
    assert followed.left_by_refused == []
    assert "13 created" in followed.first_up
    assert followed.running == {"dind": "healthy", "runner": "running"}
    assert "13 unchanged" in followed.second_up
    assert followed.token not in followed.first_up + followed.second_up + followed.exported
    assert followed.left == []
