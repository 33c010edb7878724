"""What the tests of the package share: it is built once."""

from pathlib import Path

import pytest

from tests.package import builds


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist and the wheel."""
    folder = tmp_path_factory.mktemp("built")
    builds.build(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    return builds.only_file(built, "*.whl")


@pytest.fixture(scope="session")
def sdist(built: Path) -> Path:
    return builds.only_file(built, "*.tar.gz")
