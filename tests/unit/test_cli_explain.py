"""`explain` on the command line: where a preview comes from, and how the command ends."""

import io
import json
import os
import stat
from pathlib import Path

import pytest

from ci_runners.__main__ import main
from ci_runners.cli.exit_codes import (
    NOTHING_READ,
    PRIVILEGE_GAINED,
    SOMETHING_IS_LOST,
    SOMETHING_STOPS,
    WRONG_INPUT,
)

PREVIEWS = Path(__file__).parent / "previews"


def fake_pulumi(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of that name on PATH."""
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("dind-nothing", 0),
        ("dind-concurrent", 0),
        ("dind-daemon-image", SOMETHING_STOPS),
        ("dind-destroy", SOMETHING_IS_LOST),
        ("dood-no-proxy", PRIVILEGE_GAINED),
        ("dind-destroy-protected", NOTHING_READ),
    ],
)
def test_the_exit_code_is_that_of_the_gravest_finding(
    name: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(PREVIEWS / f"{name}.json")]) == code
    assert capsys.readouterr().out.startswith("ci-runners/dev: ")


def test_a_pipe_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO((PREVIEWS / "dind-nothing.json").read_text()))

    assert main(["explain", "-"]) == 0
    assert capsys.readouterr().out == "ci-runners/dev: nothing changes.\n"


def test_without_a_file_a_preview_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = PREVIEWS / "dind-destroy.json"
    fake_pulumi(tmp_path, f'echo "$@" > {tmp_path}/words; cat {recorded}', monkeypatch)

    assert main(["explain", "--stack", "prod", "--format", "json"]) == SOMETHING_IS_LOST
    assert (tmp_path / "words").read_text() == "preview --json --non-interactive --stack prod\n"
    assert json.loads(capsys.readouterr().out)["severity"] == "loses"


def test_a_preview_that_cannot_be_run_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_pulumi(tmp_path, "echo no stack >&2; exit 255", monkeypatch)

    assert main(["explain"]) == NOTHING_READ
    assert "ended with exit code 255 and wrote no preview" in capsys.readouterr().err


def test_without_pulumi_the_missing_program_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main(["explain"]) == NOTHING_READ
    assert "'pulumi'" in capsys.readouterr().err


def test_a_missing_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(tmp_path / "none.json")]) == NOTHING_READ
    assert "none.json" in capsys.readouterr().err


def test_what_is_no_preview_is_refused_with_the_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("Previewing update (dev)")

    assert main(["explain", str(tmp_path / "text")]) == WRONG_INPUT
    shown = capsys.readouterr()
    assert "Fix: give it what `pulumi preview --json` writes" in shown.err
    assert shown.out == ""


def test_a_stack_is_refused_beside_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", "-", "--stack", "dev"])

    assert ended.value.code == WRONG_INPUT
    assert "--stack is for a preview that is run" in capsys.readouterr().err
