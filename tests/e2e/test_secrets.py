"""The runner's token is in config.toml, and readable nowhere else."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import RESOURCES, Station, said
from tests.e2e.pulumi_cli import counts

pytestmark = pytest.mark.e2e

VERBOSE = ("-v=4", "--logtostderr", "--logflow")
"""From 5 on plugins write what they are given to their debug log, secrets too (pulumi-terraform-bridge)."""


def in_container(station: Station, *words: str) -> str:
    # Privileged: root without capabilities, as the runner is, may not read every folder.
    return said(station.runner(), *words, privileged=True)


def files_with(station: Station, text: str) -> list[str]:
    """Files of the runner's container, its volumes included, that hold the text."""
    places = ["/certs", "/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/var"]
    return in_container(station, "grep", "--recursive", "--files-with-matches", text, *places).split()


def what_docker_tells(station: Station) -> dict[str, str]:
    told = {}
    for container in station.containers():
        told[f"docker logs {container.name}"] = container.logs().decode()
        told[f"docker inspect {container.name}"] = json.dumps(container.attrs)
    assert len(told) == 2 * len(("daemon", "certificate maker", "config writer", "runner"))
    return told


def backend_files(state: Path) -> dict[str, str]:
    files = {str(file): file.read_text(errors="replace") for file in state.rglob("*") if file.is_file()}
    assert any("docker:index/container:Container" in text for text in files.values())
    return files


def with_marker(told: dict[str, str], *markers: str) -> list[str]:
    return [name for name, text in told.items() if any(marker in text for marker in markers)]


@pytest.mark.case(
    number=26, component="GitLabRunner", title="in config.toml (0600) and nowhere else, up to `-v=4`"
)
def test_the_token_is_in_config_toml_and_nowhere_else(station: Station) -> None:
    cli, first = station.cli, station.token
    told = {
        "preview --diff": cli.run("preview", "--diff"),
        "preview --json": cli.run("preview", "--json"),
        "up with a verbose log": cli.run("up", "--yes", "--skip-preview", "--diff", *VERBOSE),
        "up, nothing changed": cli.run("up", "--yes", "--skip-preview", "--diff", "--show-sames"),
    }
    config = in_container(station, "sh", "-c", 'echo "$CONFIG_FILE"').strip()
    assert in_container(station, "stat", "-c", "%a %U", config).split() == ["600", "root"]
    assert files_with(station, first) == [config]
    told |= {f"first: {name}": text for name, text in what_docker_tells(station).items()}

    second = station.renew_token()
    told["preview --diff of another token"] = cli.run("preview", "--diff")
    told["up --refresh of another token, with a verbose log"] = cli.run(
        "up", "--yes", "--skip-preview", "--diff", "--refresh", *VERBOSE
    )
    assert all('"v":3' in text for name, text in told.items() if "verbose" in name)
    assert files_with(station, second) == [config]
    told[config] = in_container(station, "cat", config)
    told["stack export"] = cli.run("stack", "export")
    told["stack output"] = cli.run("stack", "output", "--json")
    told |= what_docker_tells(station)
    told |= backend_files(cli.directory.parent / "state")
    told["destroy"] = cli.run("destroy", "--yes", "--skip-preview", "--diff")
    assert counts(told["destroy"]) == {"deleted": RESOURCES + 1}
    assert with_marker(told, first, second) == [config]
