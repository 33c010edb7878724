"""Every example passes the policy pack in the real CLI, and every bad twin is stopped with the right words."""

from collections.abc import Iterator

import pytest

from tests.bad_twins.expected import EXPECTED, SECRETS, twin
from tests.e2e.policy_previews import Previews, previews

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Previews]:
    with previews(tmp_path_factory.mktemp("examples")) as made:
        yield made


@pytest.mark.parametrize("example", sorted(EXPECTED))
def test_an_example_passes(real: Previews, example: str) -> None:
    done = real.preview(example)

    assert done.returncode == 0, done.stdout
    assert "[mandatory]" not in done.stdout
    assert "ci-runners@v1.0.0" in done.stdout


@pytest.mark.parametrize("example", sorted(EXPECTED))
def test_its_bad_twin_is_stopped(real: Previews, example: str) -> None:
    done = real.preview(example, twin(example))

    assert done.returncode != 0
    assert [words for words in EXPECTED[example].values() if words not in done.stdout] == []
    assert [secret for secret in SECRETS if secret in done.stdout] == []
