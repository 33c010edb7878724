import contextlib
import os
from collections.abc import Iterator

import docker
import pytest

from tests.e2e.conftest import RESOURCES, Station
from tests.e2e.option_sets import MATRIX, OptionSet, document
from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli, counts

pytestmark = pytest.mark.e2e

AT_ONCE = 5
"""Option sets that share a stack: most of a command's time is Pulumi's own start."""

KEPT = next(each for each in MATRIX if each.name == "kept")
REST = [each for each in MATRIX if each is not KEPT]
BATCHES = [REST[start : start + AT_ONCE] for start in range(0, len(REST), AT_ONCE)]


@pytest.fixture
def network(station: Station, engine: docker.DockerClient) -> Iterator[str]:
    name = f"{station.name}-extra"
    made = engine.networks.create(name)
    try:
        yield name
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            station.remove()
        made.remove()


def declare(station: Station, sets: list[OptionSet], network: str) -> int:
    """Declare stations with these options; returns the number of resources, the stack and its provider included."""
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    station.declare_several({each.name: each.filled_in(network=network, registry=registry) for each in sets})
    return RESOURCES * len(sets) + 1


def deploy_and_stay(cli: PulumiCli, resources: int) -> None:
    assert counts(cli.run("preview")) == {"to create": resources}
    assert counts(cli.up()) == {"created": resources}
    assert counts(cli.up("--expect-no-changes")) == {"unchanged": resources}
    for _ in range(5):
        assert counts(cli.up("--refresh", "--expect-no-changes")) == {"unchanged": resources}


@pytest.mark.parametrize("sets", BATCHES, ids=lambda sets: "+".join(each.name for each in sets))
@pytest.mark.case(
    number=34, component="every station of option-sets.md", title="five `up --refresh` change nothing"
)
def test_a_station_stays_as_declared_and_leaves_nothing(
    sets: list[OptionSet], station: Station, network: str
) -> None:
    resources = declare(station, sets, network)
    deploy_and_stay(station.cli, resources)
    volumes = station.volumes()
    assert len(volumes) >= 4 * len(sets)
    assert counts(station.cli.run("destroy", "--yes", "--skip-preview")) == {"deleted": resources}
    assert station.left(volumes) == {}


def test_kept_data_stays_where_everything_else_is_destroyed(station: Station, network: str) -> None:
    resources = declare(station, [KEPT], network)
    deploy_and_stay(station.cli, resources)
    refused = station.cli.attempt("destroy", "--yes", "--skip-preview")
    assert refused.returncode != 0
    assert "protected" in refused.stdout
    station.cli.run("state", "unprotect", "--all", "--yes")
    station.cli.run("destroy", "--yes", "--skip-preview")
    kept = [f"{station.name}-kept-{part}" for part in ("daemon-ca", "daemon-storage", "runner-config")]
    assert station.left(set()) == {"volumes": kept}


def test_what_someone_changed_by_hand_is_a_change(station: Station) -> None:
    station.cli.up()
    station.runner().update(mem_limit="300m", memswap_limit="300m")
    refused = station.cli.attempt("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes")
    assert refused.returncode != 0
    assert counts(refused.stdout) == {"updated": 1, "unchanged": RESOURCES}
    assert station.runner().attrs["HostConfig"]["Memory"] == 256 << 20


def test_the_documented_matrix_is_the_tested_one() -> None:
    assert (REPOSITORY / "docs" / "option-sets.md").read_text() == document()
