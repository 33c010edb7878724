"""The sandbox as a program."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.__main__ import main
from tests.sandbox.harness import ROOT_TOKEN

ROOT = Path(__file__).parents[2]


def test_every_problem_of_the_command_line_is_told_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SANDBOX_ROOT_TOKEN", "short")
    words = ["--listen", "here", "--external-url", "gitlab.example/x", "--data", str(tmp_path / "data")]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "--external-url 'gitlab.example/x'" in told
    assert "--listen: expected host:port" in told
    assert "SANDBOX_ROOT_TOKEN" in told
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_taken_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SANDBOX_ROOT_TOKEN", ROOT_TOKEN)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["--listen", place, "--external-url", f"http://{place}", "--data", str(tmp_path)]) == 1
    assert f"cannot listen on {place}" in capsys.readouterr().err


def test_it_says_when_it_is_ready_keeps_its_data_private_and_ends_when_asked(tmp_path: Path) -> None:
    words = [
        "--listen",
        "127.0.0.1:0",
        "--external-url",
        "http://sandbox.example",
        "--data",
        str(tmp_path / "data"),
    ]
    environment = {"PATH": os.environ["PATH"], "SANDBOX_ROOT_TOKEN": ROOT_TOKEN}
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert (
            process.stdout.readline() == "sandbox ready at http://sandbox.example (a stand-in, not GitLab)\n"
        )
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, -signal.SIGTERM}
