"""The recorded previews are what Pulumi says today, on the real engine: every verdict is found again."""

import pytest

from ci_runners.explain import explain, read_preview
from ci_runners.explain.show import as_json
from tests.prove.preview_stacks import BASES, RECORDED, recorded

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("base", BASES)
def test_every_change_means_today_what_was_recorded(base: str) -> None:
    told, expected = {}, {}
    for name, said in BASES[base].previews():
        told[name] = as_json(explain(read_preview(recorded(said))))
        expected[name] = as_json(explain(read_preview((RECORDED / f"{base}-{name}.json").read_text())))

    assert told == expected
