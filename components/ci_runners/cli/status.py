"""`status`: the health of a station, of daemon, runner, certificates and upkeep, as its engine says it."""

import argparse
import sys
from datetime import UTC, datetime

from ci_runners.cli.exit_codes import NEEDS_ATTENTION, NOT_WELL, NOTHING_READ
from ci_runners.status import Severity, as_json, read_containers, status_rows, status_table, worst

ENDS = {Severity.WELL: 0, Severity.WARNING: NEEDS_ATTENTION, Severity.ERROR: NOT_WELL}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "status",
        help="the health of a station",
        description="Says of everything that ci-runners made on a Docker host whether it is well: daemon, runner,"
        " certificates, cleanup, drain and metrics. It changes nothing."
        f" Exit code: 0 when all is well, {NEEDS_ATTENTION} when something needs attention soon, {NOT_WELL} when something"
        f" does not work or nothing is there, {NOTHING_READ} when the engine could not be asked. It needs the Docker SDK:"
        " pip install 'ci-runners[preflight]'.",
    )
    parser.set_defaults(run=_run, prog=parser.prog)
    parser.add_argument(
        "name", nargs="?", default="", metavar="NAME", help="a station or a component (default: all of them)"
    )
    parser.add_argument(
        "--host", metavar="ADDRESS", help="unix://, tcp:// or ssh:// (default: the environment's DOCKER_HOST)"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text", help="default: text")


def _run(given: argparse.Namespace) -> int:
    facts = read_containers(given.host)
    if facts.failure:
        sys.stderr.write(f"{given.prog}: error: {facts.failure}\n")
        return NOTHING_READ
    now = datetime.now(UTC)
    rows = status_rows(facts.containers, now, given.name)
    if not rows:
        what = f"nothing named {given.name!r}" if given.name else "nothing of ci-runners"
        sys.stderr.write(f"{given.prog}: error: {what} is on {facts.docker_host}\n")
        return NOT_WELL
    sys.stdout.write(as_json(facts, rows) if given.format == "json" else status_table(facts, rows, now))
    return ENDS[worst(rows)]
