"""The ground and what its jobs saw, once for all attacks."""

from collections.abc import Iterator

import pytest

from tests.attacks.grounds import Grounds, deployed
from tests.attacks.jobs import Saw, attacked


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    with deployed(tmp_path_factory.mktemp("attacks")) as one:
        yield one


@pytest.fixture(scope="session")
def jobs(grounds: Grounds, tmp_path_factory: pytest.TempPathFactory) -> Saw:
    """What the jobs of one pipeline saw: the same attacks on each kind of daemon and on the runner set up by hand."""
    return attacked(grounds, tmp_path_factory.mktemp("pipeline"))
