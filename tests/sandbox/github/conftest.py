from collections.abc import Iterator
from itertools import count

import pytest

from tests.sandbox.github.harness import Client, Json, Running, running_github

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One sandbox for all tests: each makes a repository or an organization of its own."""
    with running_github(tmp_path_factory.mktemp("github") / "data") as running:
        yield running


@pytest.fixture
def client(github: Running) -> Iterator[Client]:
    """The site's administrator. At the end every call of the test has to be one that GitHub describes."""
    del github.problems[:]
    yield Client(github.url)
    assert github.problems == []


@pytest.fixture
def repo(client: Client) -> Json:
    """A private repository of the administrator's."""
    return client.post("/user/repos", {"name": f"repo-{next(_NUMBERS)}", "private": True})


@pytest.fixture
def org(client: Client) -> str:
    """The login of an organization."""
    login = f"org-{next(_NUMBERS)}"
    client.post("/admin/organizations", {"login": login, "admin": "sandbox"})
    return login
