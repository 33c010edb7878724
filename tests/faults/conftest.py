"""What every fault needs: the stack that stands while it happens."""

import contextlib
from collections.abc import Iterator

import docker
import pytest

from tests.faults.standing import Standing, standing


@pytest.fixture(scope="session")
def _stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing")) as made:
        yield made


@pytest.fixture
def stack(_stack: Standing) -> Standing:
    """The one stack of the run, with nothing left of the fault before."""
    _stack.wait_until_well()
    return _stack


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.from_env(timeout=120)) as client:
        yield client
