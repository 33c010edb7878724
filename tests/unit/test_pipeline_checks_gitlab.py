"""What others' tools say of every rendered `.gitlab-ci.yml`: GitLab's JSON schema, and gitlab-ci-verify with ShellCheck."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from ci_runners.connection import DaemonKind
from tests.unit.pipelines import SPECS, every_text, rendered

PIPELINES = dict(enumerate(every_text()))


def refused(texts: Iterable[str], folder: Path) -> list[str]:
    """The texts that the JSON schema of `.gitlab-ci.yml`, as check-jsonschema brings it along, does not accept."""
    files = {f"{number}.yml": text for number, text in enumerate(texts)}
    for name, text in files.items():
        (folder / name).write_text(text)
    options = ["--builtin-schema", "vendor.gitlab-ci", "--output-format", "json"]
    command = [sys.executable, "-m", "check_jsonschema", *options, *files]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return [files[error["filename"]] for error in json.loads(result.stdout)["errors"]]


def findings(text: str, folder: Path) -> list[tuple[str, str]]:
    """What gitlab-ci-verify finds, as code and message. Only GitLab itself is not asked."""
    (folder / ".gitlab-ci.yml").write_text(text)
    # It looks for GitLab's address in the repository, and for credentials in the home folder.
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    ran = subprocess.run(
        [Path(sys.executable).with_name("gitlab-ci-verify"), "--no-lint-api", "--format", "json"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [(finding["code"], finding["message"]) for finding in json.loads(ran.stdout)]
    assert (ran.returncode != 0) is bool(found), ran.stderr
    return found


def test_gitlabs_schema_accepts_every_pipeline(tmp_path: Path) -> None:
    assert refused(PIPELINES.values(), tmp_path) == []


def test_gitlabs_schema_would_refuse_a_keyword_that_is_none(tmp_path: Path) -> None:
    misspelled = rendered(DaemonKind.DIND, SPECS["everything set"]).replace("script:", "skript:")

    assert set(refused([misspelled], tmp_path)) == {misspelled}


@pytest.mark.parametrize("number", PIPELINES)
def test_gitlab_ci_verify_finds_nothing(number: int, tmp_path: Path) -> None:
    assert findings(PIPELINES[number], tmp_path) == []


def test_nothing_is_told_to_gitlab_ci_verify_to_look_away() -> None:
    assert [text for text in PIPELINES.values() if re.search(r"gitlab-ci-verify|shellcheck", text)] == []


def test_gitlab_ci_verify_would_find_a_word_without_quotes(tmp_path: Path) -> None:
    careless = rendered(DaemonKind.DIND, SPECS["everything set"]).replace('push "$IMAGE"', "push $IMAGE")

    assert [code for code, _ in findings(careless, tmp_path)] == ["SC-2086"]


@pytest.mark.parametrize("way", ["buildkit", "dind-service"])
def test_the_document_shows_what_is_printed(way: str) -> None:
    words = ["-m", "ci_runners", "render", "gitlab", "--way", way]
    printed = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True).stdout

    text = (Path(__file__).parents[2] / "docs" / "pipelines-gitlab.md").read_text()
    command = f"python {' '.join(words)}"
    assert f"<!-- begin: {command} -->\n```yaml\n{printed}```\n<!-- end: {command} -->" in text
