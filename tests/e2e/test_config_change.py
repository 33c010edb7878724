"""What a change costs: nothing but the change itself."""

import hashlib
import ssl
from typing import Any

import pytest
from docker.models.containers import Container

from tests.e2e.conftest import LABEL, RESOURCES, Station
from tests.e2e.pulumi_cli import counts

pytestmark = pytest.mark.e2e

CONFIG = "/etc/gitlab-runner/config.toml"
SENTINEL = "/var/lib/docker/sentinel"
ALL = RESOURCES + 1


def life(container: Container) -> tuple[str, str]:
    """The container, and since when it runs."""
    return container.id or "", container.attrs["State"]["StartedAt"]


def said(container: Container, *words: str) -> str:
    code, output = container.exec_run(list(words))
    assert code == 0, output
    return bytes(output).decode()


def wait_for_line(container: Container, text: str) -> str:
    """The first line of its log with this text; the engine's own read timeout ends the waiting."""
    rest = ""
    for piece in container.logs(stream=True, follow=True):
        *lines, rest = (rest + piece.decode()).split("\n")
        for line in lines:
            if text in line:
                return line
    raise AssertionError(f"the container ended without a line with {text!r}")


def test_a_change_of_config_toml_leaves_the_runner_alone(station: Station) -> None:
    station.declare(runner={"concurrent": 1})
    station.cli.up()
    before = life(station.runner())
    assert "concurrent = 1\n" in said(station.runner(), "cat", CONFIG)

    station.declare(runner={"concurrent": 4})
    shown = counts(station.cli.up())
    print(shown)
    assert "concurrent = 4\n" in said(station.runner(), "cat", CONFIG)
    print(wait_for_line(station.runner(), "Configuration loaded"))
    print(station.runner().logs().decode())
    assert life(station.runner()) == before
    assert 0
