"""The lists of the migration pages name arguments that exist, and the words of the file that they come from."""

import re

import pytest
import yaml

from tests.docs.markdown import ROOT, blocks
from tests.docs.schema import arguments

FOLDER = ROOT / "docs/migrating"
NAME = re.compile(r"`([a-z][a-z0-9_]*)`")
VALUES = {"connection", "docker", "false", "glrt", "id", "registration", "tls_names", "true"}
"""Words in code that are values or stand for outputs, beside what the components take."""
COMPONENTS = ["DindDaemon", "GitLabRunner"]


def rows(page: str) -> list[list[str]]:
    """The rows of a page's tables, as cells."""
    lines = (FOLDER / page).read_text().splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and "---" not in line]


@pytest.mark.parametrize("page", ["from-compose.md", "from-gitlab-runner-register.md"])
def test_what_stands_on_the_right_is_an_argument(page: str) -> None:
    known = {it.python for name in COMPONENTS for it in arguments(name)} | VALUES
    right = {name for row in rows(page) if len(row) == 2 for name in NAME.findall(row[1])}

    assert "job_image" in right or "memory_swap" in right
    assert right - known == set()


def test_every_argument_that_a_person_types_at_register_has_its_row() -> None:
    right = {name for row in rows("from-gitlab-runner-register.md") for name in NAME.findall(row[-1])}
    ours = {
        "cpus",
        "drain_seconds",
        "image",
        "labels",
        "memory",
        "memory_swap",
        "network_per_build",
        "networks",
        "retain_config",
    }

    assert {it.python for it in arguments("GitLabRunner")} - right == ours


def test_the_compose_file_has_what_the_components_take_over() -> None:
    (text,) = [block.text for block in blocks(FOLDER / "from-compose.md") if block.language == "yaml"]
    services = yaml.safe_load(text)["services"]

    assert services["dind"]["environment"]["DOCKER_TLS_CERTDIR"] == "/certs"
    assert services["runner"]["environment"]["DOCKER_HOST"] == f"tcp://{services['dind']['hostname']}:2376"
