"""From a fresh checkout to a built image and back to nothing, with `make up` killed five times on the way.

Run outside every namespace: these tests install what a machine lacks, as a person's first `make up` does.
"""

import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.layout import Layout
from tests.machine.checkout import Checkout, moments

pytestmark = pytest.mark.e2e

KILLS = 5
LATEST_KILL_S = 40.0


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    made = Checkout.at(tmp_path_factory.mktemp("fresh") / "ci-runners")
    yield made
    with made.start("down") as process:
        process.communicate()


@pytest.fixture(scope="module")
def places(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return Layout(root=checkout.folder, cache=tmp_path_factory.mktemp("unused-cache"))


@pytest.fixture(scope="module")
def first_up(checkout: Checkout) -> str:
    """What the `make up` said that was allowed to end, after five that were not."""
    seed = secrets.randbelow(1_000_000)
    killed = 0
    for moment in moments(KILLS, seed=seed, most=LATEST_KILL_S):
        killed += checkout.kill_within(moment, "up")
    print(f"seed {seed}: {killed} of {KILLS} killed while running")
    assert killed
    return checkout.make("up")


def test_make_up_ends_with_the_image_in_the_registry_however_often_it_was_killed(
    first_up: str, checkout: Checkout
) -> None:
    image = re.search(r"image\s+│\s*(\S+)/demo/app:(\w{40})", first_up)
    digest = re.search(r"digest in the registry\s+│\s*(sha256:\w{64})", first_up)
    assert image, first_up
    assert digest, first_up
    registry, commit = image.groups()
    ask = (
        "import requests, sys; "
        "print(requests.get(sys.argv[1], headers={'Accept': sys.argv[2]}).headers['Docker-Content-Digest'])"
    )
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    url = f"http://{registry}/v2/demo/app/manifests/{commit}"
    python = str(checkout.folder / ".machine" / "venv" / "bin" / "python")
    assert checkout.inside(python, "-c", ask, url, kind).strip() == digest.group(1)


def test_the_summary_shows_the_jobs_trace_the_daemons_version_and_verified_tls(first_up: str) -> None:
    for part in ("docker build", "docker push", "Job succeeded", "TLS verified", "certificate until"):
        assert part in first_up


def test_nothing_but_the_station_and_what_stands_beside_it_runs(first_up: str, checkout: Checkout) -> None:
    assert first_up
    shown = checkout.inside("docker", "ps", "--all", "--format", "{{.Names}}")
    names = {re.sub(r"^ci-runners-\w+-", "", name) for name in shown.split()}
    assert names == {
        "registry",
        "sandbox",
        "dev-dind",
        "dev-dind-certificates",
        "dev-runner",
        "dev-runner-config-writer",
    }


def test_a_second_up_finds_everything_and_changes_nothing(first_up: str, checkout: Checkout) -> None:
    assert first_up
    again = checkout.make("up")
    assert "Job succeeded" in again
    assert " fetched " not in again
    changed = re.findall(r"\d+ (?:created|updated|replaced|deleted|changed)", again)
    assert not changed, again
    assert re.search(r"\d+ unchanged", again)


def test_a_preview_shows_the_plan(first_up: str, checkout: Checkout) -> None:
    assert first_up
    assert re.search(r"\d+ unchanged", checkout.make("preview"))


def test_make_down_leaves_nothing_and_says_so(first_up: str, checkout: Checkout, places: Layout) -> None:
    assert first_up
    said = checkout.make("down")
    assert "nothing of ours is left" in said, said
    assert not Path("/run/netns", places.namespace).exists()
    assert not places.run.exists()
    assert not places.engine_data.exists()
    processes = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert [line for line in processes.splitlines() if str(places.run) in line] == []
    mounts = Path("/proc/mounts").read_text()
    assert str(checkout.folder) not in mounts


def test_make_down_twice_is_no_error(first_up: str, checkout: Checkout) -> None:
    assert first_up
    assert "nothing is up" in checkout.make("down")


def test_the_checkout_keeps_no_trace_in_the_committed_files(first_up: str, checkout: Checkout) -> None:
    assert first_up
    config = (checkout.folder / "Pulumi.dev.yaml").read_text()
    assert "encryptionsalt" not in config
    assert not re.search(r"\bsecure:", config)
