"""`preflight`: what a Docker host can do, and which ways to build can work there."""

import argparse
import sys

from ci_runners.cli.exit_codes import NO_WAY_FITS, NOTHING_READ
from ci_runners.connection import SOCKET, DaemonKind
from ci_runners.preflight import Way, facts_table, preflight, read_facts, ways_table
from ci_runners.preflight import show as preflight_show
from ci_runners.preflight.way import PRIVILEGED, ROOTLESS, SYSBOX


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "preflight",
        help="what a Docker host can do, and which ways to build can work there",
        description="Looks at a Docker host, through its engine and one short-lived container there, and says which ways to"
        " build can work on it."
        f" Exit code: 0 when one of the asked ways can, {NO_WAY_FITS} when none can, {NOTHING_READ} when the engine"
        " could not be asked. It needs the Docker SDK: pip install 'ci-runners[preflight]'.",
    )
    parser.set_defaults(run=_run, error=parser.error, prog=parser.prog)
    parser.add_argument(
        "--host", metavar="ADDRESS", help="unix://, tcp:// or ssh:// (default: the environment's DOCKER_HOST)"
    )
    parser.add_argument(
        "--socket",
        metavar="PATH",
        default=SOCKET,
        help=f"the engine's socket on its host (default: {SOCKET})",
    )
    parser.add_argument("--way", choices=[kind.value for kind in DaemonKind], help="default: all of them")
    parser.add_argument(
        "--variant", choices=[PRIVILEGED, ROOTLESS, SYSBOX], help=f"of DinD (default: {PRIVILEGED})"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text", help="default: text")


def _run(given: argparse.Namespace) -> int:
    kinds = [DaemonKind(given.way)] if given.way else list(DaemonKind)
    if given.variant and DaemonKind.DIND not in kinds:
        given.error(f"--variant is DinD's: it says nothing of --way {given.way}")
    facts = read_facts(given.host, socket=given.socket)
    if facts.engine_version is None:
        sys.stderr.writelines(f"{given.prog}: error: {note}\n" for note in facts.notes)
        return NOTHING_READ
    ways = [Way(kind=kind, variant=given.variant or PRIVILEGED) for kind in kinds]
    found = {way: preflight(facts, way) for way in ways}
    if given.format == "json":
        sys.stdout.write(preflight_show.as_json(facts, found))
    elif given.way:
        sys.stdout.write(facts_table(facts, ways[0], found[ways[0]]) + "\n")
    else:
        sys.stdout.write(ways_table(facts, found) + "\n")
    return 0 if any(not one.errors for one in found.values()) else NO_WAY_FITS
