"""What `make down` ends."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

from bootstrap.down import end_plugins, ours
from bootstrap.layout import Layout


def wait_for_arguments(process: int) -> None:
    """Wait until a program that was just started has its arguments: the kernel lets go of `Popen` a moment before."""
    deadline = time.monotonic() + 10
    while not Path(f"/proc/{process}/cmdline").read_bytes():
        assert time.monotonic() < deadline, f"process {process} has no arguments"
        time.sleep(0.01)


def test_a_plugin_that_outlived_its_pulumi_is_ended_and_nothing_else(tmp_path: Path) -> None:
    places = Layout(root=tmp_path, cache=tmp_path / "cache")
    places.bin.mkdir(parents=True)
    sleep = shutil.which("sleep")
    assert sleep
    names = ("pulumi-resource-docker", "gitlab-runner")
    for name in names:
        shutil.copy2(sleep, places.bin / name)
    started = {name: subprocess.Popen([places.bin / name, "600"], start_new_session=True) for name in names}
    try:
        for process in started.values():
            wait_for_arguments(process.pid)
        assert {process.pid for process in started.values()} <= ours(places).keys()

        end_plugins(places)

        assert started["pulumi-resource-docker"].wait(10) == -signal.SIGKILL
        assert started["gitlab-runner"].poll() is None
    finally:
        for process in started.values():
            process.kill()
            process.wait()
