import pytest

from tests.graph.recorder import Graph


@pytest.fixture
def graph() -> Graph:
    """Runs programs and says what they registered."""
    return Graph()
