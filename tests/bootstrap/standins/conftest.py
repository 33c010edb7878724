from collections.abc import Iterator

import pytest

from bootstrap.standins.github_provider import GITHUB
from bootstrap.standins.gitlab_provider import GITLAB
from tests.bootstrap.standins.forge_double import ForgeDouble, ForgeServer, serving
from tests.bootstrap.standins.plugin_driver import Plugin, running


@pytest.fixture(scope="session")
def forge_server() -> Iterator[ForgeServer]:
    """A server without a forge."""
    with serving() as server:
        yield server


@pytest.fixture
def double(forge_server: ForgeServer) -> ForgeDouble:
    """A forge that knows whose token it is, and nothing else yet."""
    forge_server.double = ForgeDouble(
        url=forge_server.url, answers={"GET /api/v4/user": lambda *_: (200, {"id": 1})}
    )
    return forge_server.double


@pytest.fixture(scope="session")
def plugins() -> Iterator[dict[str, Plugin]]:
    """Both plugins, running; each test configures the one it needs."""
    with running(GITLAB) as gitlab, running(GITHUB) as github:
        yield {"gitlab": gitlab, "github": github}
