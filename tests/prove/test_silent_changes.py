"""What the provider takes for done and does not do: with our setting it is done."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.e2e.conftest import Station
from tests.e2e.pulumi_cli import PulumiCli, counts

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi_docker as docker

from ci_runners import DindDaemon

given = json.loads(Path("given.json").read_text())
name = given["name"]
DindDaemon(f"{name}-daemon", {"variant": "rootless", "cpus": given["number"]})
docker.Container(
    f"{name}-by-hand",
    name=f"{name}-by-hand",
    image="debian:13.1-slim",
    command=["sleep", "600"],
    network_mode="bridge",
    cpu_quota=given["number"] * 100000,
    healthcheck={"tests": ["CMD", "true"], "interval": "5s", "retries": given["number"]},
)
"""


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Station]:
    name = f"silent-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        station = Station(cli=cli, engine=engine, name=name, token="")
        try:
            yield station
        finally:
            station.cli.attempt("destroy", "--yes", "--skip-preview")
            station.remove()


def limits(station: Station, end: str) -> tuple[int, int]:
    """CPU time, and how often the health check may fail, as the engine has it."""
    made = station.engine.containers.get(f"{station.name}-{end}").attrs
    return int(made["HostConfig"]["CpuQuota"]), int(made["Config"]["Healthcheck"]["Retries"])


@pytest.mark.case(
    number=35, component="DindDaemon", title="what the provider would not apply replaces the container"
)
@pytest.mark.case(
    number=35,
    component="DindDaemon",
    title="without `replace_on_changes` Pulumi calls it updated, and the container is as before",
    baseline=True,
)
def test_what_the_provider_does_not_apply_is_applied(one: Station) -> None:
    seen: list[tuple[int, tuple[int, int]]] = []
    shown: dict[str, int] = {}
    for number in (1, 2):
        (one.cli.directory / "given.json").write_text(json.dumps({"name": one.name, "number": number}))
        shown = counts(one.cli.up())
        seen.append((limits(one, "daemon")[0], limits(one, "by-hand")))

    (before, by_hand), (after, still) = seen
    assert (before, after) == (100_000, 200_000)
    assert (shown["updated"], shown["replaced"]) == (1, 1)
    assert still == by_hand
