"""What the tools that check workflows say of every rendered one: no finding, and none is waived."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ci_runners.connection import DaemonKind
from ci_runners.render.actions import ACTIONS
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from tests.unit.workflows import (
    every_text,
    rendered,
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every workflow."""
    folder = tmp_path_factory.mktemp("workflows")
    for name, text in every_text():
        (folder / name).write_text(text)
    return folder


def checked(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*words, *sorted(file.name for file in folder.glob("*.yml"))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


ZIZMOR = [
    str(Path(sys.executable).with_name("zizmor")),
    "--offline",
    "--no-config",
    "--no-ignores",
    "--pedantic",
]
SCHEMA = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]


def test_zizmor_finds_nothing_in_any_workflow_not_even_by_its_pedantic_rules(files: Path) -> None:
    found = checked(files, *ZIZMOR, "--format", "json")

    assert json.loads(found.stdout) == []
    assert found.returncode == 0


def test_githubs_schema_accepts_every_workflow(files: Path) -> None:
    found = checked(files, *SCHEMA, "--output-format", "json")

    assert json.loads(found.stdout)["errors"] == []
    assert found.returncode == 0


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        ('docker push "$IMAGE:$branch"', "docker push ${{ github.ref_name }}", "template-injection"),
    ],
)
def test_zizmor_would_find_what_is_wrong(right: str, wrong: str, rule: str, tmp_path: Path) -> None:
    text = rendered(DaemonKind.DIND, GitHubWorkflowSpec())
    assert right in text
    (tmp_path / "wrong.yml").write_text(text.replace(right, wrong))

    found = json.loads(checked(tmp_path, *ZIZMOR, "--format", "json").stdout)
    assert rule in {one["ident"] for one in found}


def test_githubs_schema_would_refuse_a_keyword_that_is_none(tmp_path: Path) -> None:
    text = rendered(DaemonKind.DIND, GitHubWorkflowSpec())
    (tmp_path / "wrong.yml").write_text(text.replace("runs-on:", "run-on:"))

    assert json.loads(checked(tmp_path, *SCHEMA, "--output-format", "json").stdout)["errors"] != []


def test_the_stand_in_actions_pass_too() -> None:
    folder = Path(__file__).parents[2] / "bootstrap" / "actions"
    files = [str(file) for file in sorted(folder.glob("*/*/action.yml"))]
    schema = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions"]

    found = subprocess.run([*ZIZMOR, "--format", "json", *files], capture_output=True, text=True, check=False)
    accepted = subprocess.run([*schema, *files], capture_output=True, text=True, check=False)
    assert len(files) == len(ACTIONS)
    assert json.loads(found.stdout) == []
    assert accepted.returncode == 0, accepted.stdout
