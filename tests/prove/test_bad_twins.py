"""Every example's bad twin is stopped by the policy pack in the real CLI, with the right words."""

from collections.abc import Iterator

import pytest

from tests.bad_twins.expected import EXPECTED, SECRETS, programs, twin
from tests.e2e.policy_previews import Previews, previews

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Previews]:
    with previews(tmp_path_factory.mktemp("examples")) as made:
        yield made


@pytest.mark.parametrize("example", programs())
def test_its_bad_twin_is_stopped(real: Previews, example: str) -> None:
    done = real.preview(example, twin(example))

    assert done.returncode != 0
    assert [words for words in EXPECTED[example].values() if words not in done.stdout] == []
    assert [secret for secret in SECRETS if secret in done.stdout] == []
