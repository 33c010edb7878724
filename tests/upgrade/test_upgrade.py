"""What an upgrade does to stacks that earlier versions, and this one, made: their programs, previewed on their states."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.upgrade.forge import answering
from tests.upgrade.recordings import STATES, Recorded, recorded, release

pytestmark = pytest.mark.e2e

EVERY = [one for folder in sorted(STATES.iterdir()) for one in recorded(folder)]
HARMLESS = {"create", "same", "update"}
"""What a new version may do to a resource of an old one: leave it, change it in place, or add one beside it."""
MACHINES = re.compile(
    rf"{re.escape(str(Path.home()))}/\.|/site-packages/|\.machine|/run/ci-runners-[0-9a-f]{{8}}|172\.17\.0\.1:\d"
)
"""What would name the machine where a state was recorded."""
OLD, NEW = "up-kaniko-runner-config-writer", "up-kaniko-runner-writer"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What Pulumi would do: every step that is not nothing, and how many resources there are of each operation."""

    steps: list[tuple[str, str]]
    """Operation and URN."""
    counts: dict[str, int]

    @property
    def harm(self) -> list[tuple[str, str]]:
        """What is neither left, nor changed in place, nor added beside it."""
        return [step for step in self.steps if step[0] not in HARMLESS]


def upgraded(one: Recorded, folder: Path, state: dict[str, Any]) -> Preview:
    """A preview of today's code on a state that was recorded."""
    file = folder / "recorded.json"
    file.write_text(json.dumps(state))
    with answering(one.answered()) as forge:
        cli = one.stack(folder, forge)
        cli.run("stack", "import", "--file", str(file))
        shown = cli.run("preview", "--json")
        assert forge.unknown == []
    plain = json.loads(shown[shown.index("{\n") :])
    steps = [(step["op"], step["urn"]) for step in plain["steps"]]
    return Preview(steps=steps, counts=plain["changeSummary"])


def count(one: Recorded) -> int:
    """How many resources a state has. A default provider is none that a preview counts."""
    resources = one.exported()["deployment"]["resources"]
    return sum(not each["type"].startswith("pulumi:providers:") for each in resources)


def test_this_version_has_a_recorded_state_of_each_of_its_programs() -> None:
    programs = recorded(release())

    assert programs, "record them: python -m tests.upgrade.record"
    assert [one.name for one in programs if not (one.state.is_file() and one.answers.is_file())] == []


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.program.parent.name}-{one.name}")
def test_an_upgrade_replaces_and_deletes_nothing(one: Recorded, tmp_path: Path) -> None:
    preview = upgraded(one, tmp_path, one.exported())

    assert preview.harm == []
    assert sum(preview.counts.get(kind, 0) for kind in ("same", "update")) == count(one)


def test_a_resource_with_another_name_and_no_alias_would_be_noticed(tmp_path: Path) -> None:
    (one,) = (each for each in recorded(release()) if each.name == "gitlab-kaniko")
    text = json.dumps(one.exported())
    assert f"::{OLD}" in text
    renamed = json.loads(text.replace(f"::{OLD}", f"::{NEW}"))

    preview = upgraded(one, tmp_path, renamed)

    (urn,) = (each["urn"] for each in renamed["deployment"]["resources"] if NEW in each["urn"])
    assert preview.harm == [("delete", urn)]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.program.parent.name}-{one.name}")
def test_a_recorded_state_names_no_machine_and_shows_no_secret(one: Recorded) -> None:
    texts = (one.state.read_text(), one.answers.read_text())

    assert [found[0] for text in texts for found in MACHINES.finditer(text)] == []
    assert [word for text in texts for word in ('"plaintext"', "of-no-one", "glrt-") if word in text] == []
