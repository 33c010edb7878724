"""What actionlint, which `bootstrap` builds, says of every rendered workflow."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ci_runners.connection import DaemonKind
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from tests.unit.pipelines import CONNECTIONS
from tests.unit.workflows import KINDS, every_text, rendered

pytestmark = pytest.mark.e2e


def actionlint(folder: Path, *labels: str) -> list[str]:
    """Its findings on a folder's files, one a line; it is told the labels of one's own runners, as it wants them."""
    program = shutil.which("actionlint")
    assert program, "actionlint is not on PATH; `make test` puts it there"
    config = folder / "actionlint.yaml"
    config.write_text(yaml.safe_dump({"self-hosted-runner": {"labels": list(labels)}}))
    files = sorted(str(file) for file in folder.glob("*.yml"))
    words = [program, "-config-file", str(config), "-oneline", "-no-color", *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.splitlines()


def labels() -> list[str]:
    return [tag for kind in KINDS for tag in CONNECTIONS[kind].tags]


def test_it_finds_nothing_in_any_workflow(tmp_path: Path) -> None:
    for name, text in every_text():
        (tmp_path / name).write_text(text)

    assert list(tmp_path.glob("*.yml")) != []
    assert actionlint(tmp_path, *labels()) == []


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("timeout-minutes:", "timeout:", "syntax-check"),
        ("github.ref }}", "github.reff }}", "expression"),
        ("${{ runner.temp }}/docker", "${{ steps.none.outputs.folder }}", "expression"),
        ("contents: read", "contents: reed", "permissions"),
    ],
)
def test_it_would_find_what_is_wrong(right: str, wrong: str, rule: str, tmp_path: Path) -> None:
    text = rendered(DaemonKind.DIND, GitHubWorkflowSpec())
    assert right in text
    (tmp_path / "wrong.yml").write_text(text.replace(right, wrong))

    found = actionlint(tmp_path, *labels())
    assert [line.rsplit(" ", 1)[1] for line in found] == [f"[{rule}]"]


def test_it_would_find_a_label_that_no_runner_has(tmp_path: Path) -> None:
    (tmp_path / "workflow.yml").write_text(rendered(DaemonKind.DOOD, GitHubWorkflowSpec()))

    (found,) = actionlint(tmp_path, "another")
    assert 'label "dood" is unknown' in found
