"""The recorded previews are what Pulumi says today, on the real engine: every verdict is found again."""

import pytest

from ci_runners.explain import explain, read_preview
from ci_runners.explain.show import as_json
from tests.prove.preview_stacks import BASES, RECORDED, recorded

pytestmark = pytest.mark.e2e


def meaning(said: str) -> str:
    """What a preview means. Of a refused one only the reasons: how far Pulumi comes, and in which order, is chance."""
    found = explain(read_preview(said))
    return "\n".join(sorted(found.errors)) or as_json(found)


@pytest.mark.parametrize("base", BASES)
def test_every_change_means_today_what_was_recorded(base: str) -> None:
    told, expected = {}, {}
    for name, said in BASES[base].previews():
        told[name] = meaning(recorded(said))
        expected[name] = meaning((RECORDED / f"{base}-{name}.json").read_text())

    assert told == expected
