"""Killing the Pulumi CLI, and what there is of a station afterwards."""

import os
import signal
import subprocess

from tests.e2e.stations import Station


def inventory(one: Station) -> dict[str, list[str]]:
    """Names of everything on the engine that is the station's; a name that is there twice is there twice."""
    engine = one.engine
    found = {
        "containers": [each.name or "" for each in engine.containers.list(all=True, ignore_removed=True)],
        "networks": [each.name or "" for each in engine.networks.list()],
        "volumes": [each.name or "" for each in engine.volumes.list()],
    }
    return {kind: sorted(name for name in names if one.name in name) for kind, names in found.items()}


def kill_within(one: Station, seconds: float, *words: str) -> bool:
    """Start a command and kill the CLI at that moment. Says whether it was still running."""
    with one.cli.start(*words, "--yes", "--skip-preview") as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            if process.stdout:
                process.stdout.close()  # the plugins hold its other end
            process.wait()
            return True
        return False


def up_after_a_kill(one: Station) -> "subprocess.CompletedProcess[str]":
    """What a person does then: lift the lock that a killed command leaves, and `up --refresh`."""
    one.cli.attempt("cancel", "--yes")
    return one.cli.attempt("up", "--yes", "--skip-preview", "--refresh")
