"""The policy pack in the real CLI: an example that passes, its bad twin that does not, exceptions and zones.

All twins are in tests/prove/test_bad_twins.py, all examples beside it, and both without an engine in
tests/graph/test_policies.py.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bad_twins.expected import EXPECTED, SECRETS, twin
from tests.e2e.policy_previews import Previews, previews
from tests.e2e.pulumi_cli import counts

pytestmark = pytest.mark.e2e

EXAMPLE = "gitlab-dind"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Previews]:
    with previews(tmp_path_factory.mktemp("policies")) as made:
        yield made


def test_an_example_passes_and_what_it_accepts_is_said_aloud(real: Previews) -> None:
    done = real.preview(EXAMPLE)

    assert done.returncode == 0, done.stdout
    assert counts(done.stdout)["to create"] > 0
    assert "[mandatory]" not in done.stdout
    assert "this declared exception of DindDaemon: docker:dind runs privileged" in done.stdout


def test_its_bad_twin_is_stopped_with_every_reason(real: Previews) -> None:
    done = real.preview(EXAMPLE, twin(EXAMPLE))

    assert done.returncode != 0
    assert [words for words in EXPECTED[EXAMPLE].values() if words not in done.stdout] == []
    assert "(CIS 5.5)" in done.stdout
    assert "Remediation: Build with BuildkitDaemon or Kaniko" in done.stdout


def test_an_exception_needs_a_reason_and_is_shown(real: Previews) -> None:
    done = real.preview("dood-container")

    assert done.returncode == 0, done.stdout
    assert "[exempted]  docker-socket  (1 violation)" in done.stdout


def test_in_an_untrusted_zone_no_accepting_word_counts_and_levels_can_be_set(
    real: Previews, tmp_path: Path
) -> None:
    zone = tmp_path / "zone.json"
    zone.write_text(json.dumps({"trust-zone": {"zone": "untrusted"}, "declared-exceptions": "disabled"}))

    done = real.preview(EXAMPLE, config=zone)

    assert done.returncode != 0
    assert (
        "'ci-dind-container': privileged: got 'untrusted', expected a zone that trusts its jobs"
        in done.stdout
    )
    assert "this declared exception" not in done.stdout
    assert [secret for secret in SECRETS if secret in done.stdout] == []
