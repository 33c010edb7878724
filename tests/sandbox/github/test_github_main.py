"""The GitHub sandbox as a program."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.github.__main__ import main
from tests.sandbox.github.harness import ROOT_TOKEN

ROOT = Path(__file__).parents[3]


def test_every_problem_of_the_command_line_is_told_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SANDBOX_GITHUB_TOKEN", "short")
    words = ["--listen", "here", "--external-url", "github.example/x", "--data", str(tmp_path / "data")]
    assert main([*words, "--offline-after", "0"]) == 2
    told = capsys.readouterr().err
    assert "--external-url 'github.example/x'" in told
    assert "--listen: expected host:port" in told
    assert "--offline-after 0" in told
    assert "SANDBOX_GITHUB_TOKEN" in told
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_taken_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SANDBOX_GITHUB_TOKEN", ROOT_TOKEN)
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
    environment = {"PATH": os.environ["PATH"], "SANDBOX_GITHUB_TOKEN": ROOT_TOKEN}
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox.github", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready == "sandbox ready at http://sandbox.example (a stand-in, not GitHub)\n"
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, -signal.SIGTERM}
