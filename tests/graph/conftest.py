import json
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.graph.plugin_process import Plugin, running
from tests.graph.recorder import Graph


@pytest.fixture
def graph() -> Graph:
    """Runs programs and says what they registered."""
    return Graph()


@pytest.fixture(scope="module")
def plugin() -> Iterator[Plugin]:
    """The components as a plugin, running."""
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def schema(plugin: Plugin) -> dict[str, Any]:
    """What the plugin says of itself."""
    found: dict[str, Any] = json.loads(plugin.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    return found
