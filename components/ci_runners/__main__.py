"""The command line, `python -m ci_runners COMMAND`. Nothing here needs an account or a stack."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from enum import Enum
from typing import Any, get_type_hints

from ci_runners.connection import SOCKET, DaemonKind
from ci_runners.preflight import Way, facts_table, preflight, read_facts, ways_table
from ci_runners.preflight import show as preflight_show
from ci_runners.preflight.way import PRIVILEGED, ROOTLESS, SYSBOX
from ci_runners.recommend import Needs, recommend
from ci_runners.recommend.show import as_json, as_text, option, written
from ci_runners.recommend.tables import as_markdown

NO_WAY_FITS = 3
"""Exit code of `recommend` when no way fits, and of `preflight` when none of the asked ones can work. 2 is argparse's
own, for a wrong command line."""
NOTHING_READ = 1
"""Exit code of `preflight` when it could not ask the engine."""
QUESTIONS = {
    "trust": "who can run code in jobs",
    "isolation": "what must not see one another",
    "platform": "what the jobs run on",
    "team_size": "how many people's jobs run side by side; up to ten is small",
    "privileged_allowed": "whether jobs may get a privileged container or the engine's socket, and with it the host",
    "docker_api": "whether jobs need docker run, Compose or Testcontainers",
    "buildkit_features": "whether Dockerfiles use cache mounts or secret mounts",
    "user_namespaces": "whether ordinary users of the host may make user namespaces",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. A wrong command line ends the process with argparse's message."""
    parser = argparse.ArgumentParser(
        prog="python -m ci_runners", description="Self-hosted CI runners that build images."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_recommend(commands)
    _add_preflight(commands)
    given = parser.parse_args(arguments)
    return int(given.run(given))


def _add_recommend(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "recommend",
        help="which way to build images fits a team",
        description="Says which way to build images fits a team, why, and what it costs."
        f" Exit code: 0 with a way, {NO_WAY_FITS} when none fits.",
    )
    parser.set_defaults(run=_recommend, error=parser.error)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    output.add_argument("--table", action="store_true", help="typical teams and all ways, as Markdown")
    answers = parser.add_argument_group("answers")
    for field in dataclasses.fields(Needs):
        answers.add_argument(
            option(field.name),
            choices=[written(answer) for answer in _possible(field.name)],
            default=argparse.SUPPRESS,
            help=f"{QUESTIONS[field.name]} (default: {written(field.default)})",
        )


def _recommend(given: argparse.Namespace) -> int:
    answers = {name: _answer(name, text) for name, text in vars(given).items() if name in QUESTIONS}
    if given.table:
        if answers:
            given.error("--table shows typical teams: it takes no answers")
        sys.stdout.write(as_markdown())
        return 0
    found = recommend(Needs(**answers))
    sys.stdout.write(as_json(found) if given.format == "json" else as_text(found))
    return 0 if found.way else NO_WAY_FITS


def _add_preflight(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "preflight",
        help="what a Docker host can do, and which ways to build can work there",
        description="Looks at a Docker host, through its engine and one short-lived container there, and says which ways to"
        " build can work on it."
        f" Exit code: 0 when one of the asked ways can, {NO_WAY_FITS} when none can, {NOTHING_READ} when the engine"
        " could not be asked. It needs the Docker SDK: pip install 'ci-runners[preflight]'.",
    )
    parser.set_defaults(run=_preflight, error=parser.error, prog=parser.prog)
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


def _preflight(given: argparse.Namespace) -> int:
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


def _possible(field: str) -> list[Any]:
    """Every answer to a question."""
    kind = get_type_hints(Needs)[field]
    return list(kind) if issubclass(kind, Enum) else [True, False]


def _answer(field: str, text: str) -> Any:  # noqa: ANN401  a field of Needs has a type of its own
    return next(answer for answer in _possible(field) if written(answer) == text)


if __name__ == "__main__":
    sys.exit(main())
