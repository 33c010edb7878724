"""`explain` beside a living station: by running a preview, by a pipe and by a file."""

import json
import subprocess
import sys
from typing import Any

import pytest

from ci_runners.cli.exit_codes import SOMETHING_IS_LOST, SOMETHING_STOPS
from tests.e2e.conftest import Station

pytestmark = pytest.mark.e2e


def explained(station: Station, *words: str, said: str | None = None) -> tuple[int, dict[str, Any]]:
    """The exit code of the command, and what it writes."""
    done = subprocess.run(
        [sys.executable, "-m", "ci_runners", "explain", *words, "--format", "json"],
        cwd=station.cli.directory,
        env=station.cli.environment,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["resource"] for each in found]


def test_what_a_living_station_would_stop_and_lose_is_told_before_it_does(station: Station) -> None:
    runner, daemon = station.runner_name, station.daemon_name
    station.declare(daemon={"stop_grace_seconds": 20}, runner={"drain_seconds": 90})
    station.cli.up()

    station.declare(daemon={"stop_grace_seconds": 20, "labels": {"team": "a"}}, runner={"drain_seconds": 90})
    code, told = explained(station, "--stack", "dev")
    assert (code, names(told["stops"])) == (SOMETHING_STOPS, [runner, daemon])
    assert ([each["seconds"] for each in told["stops"]], told["seconds"]) == ([90, 20], 110)
    assert told["losses"] == []

    station.declare(daemon={"stop_grace_seconds": 20}, runner={"drain_seconds": 90, "concurrent": 4})
    file = station.cli.directory / "preview.json"
    file.write_text(station.cli.run("preview", "--json", "--refresh"))
    code, told = explained(station, str(file))
    assert (code, told["stops"], names(told["appearances"])) == (0, [], [f"{runner}-config-writer"])

    code, told = explained(station, "-", said=station.cli.run("destroy", "--preview-only", "--json"))
    assert (code, names(told["stops"])) == (SOMETHING_IS_LOST, [runner, daemon])
    assert names(told["losses"]) == [f"{daemon}-storage"]
