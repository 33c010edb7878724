"""`recommend`: which way to build images fits a team."""

import argparse
import dataclasses
import sys
from enum import Enum
from typing import Any, get_type_hints

from ci_runners.cli.exit_codes import NO_WAY_FITS
from ci_runners.recommend import Needs, recommend
from ci_runners.recommend.show import as_json, as_text, option, written
from ci_runners.recommend.tables import as_markdown

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


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "recommend",
        help="which way to build images fits a team",
        description="Says which way to build images fits a team, why, and what it costs."
        f" Exit code: 0 with a way, {NO_WAY_FITS} when none fits.",
    )
    parser.set_defaults(run=_run, error=parser.error)
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


def _run(given: argparse.Namespace) -> int:
    answers = {name: _answer(name, text) for name, text in vars(given).items() if name in QUESTIONS}
    if given.table:
        if answers:
            given.error("--table shows typical teams: it takes no answers")
        sys.stdout.write(as_markdown())
        return 0
    found = recommend(Needs(**answers))
    sys.stdout.write(as_json(found) if given.format == "json" else as_text(found))
    return 0 if found.way else NO_WAY_FITS


def _possible(field: str) -> list[Any]:
    """Every answer to a question."""
    kind = get_type_hints(Needs)[field]
    return list(kind) if issubclass(kind, Enum) else [True, False]


def _answer(field: str, text: str) -> Any:  # noqa: ANN401  a field of Needs has a type of its own
    return next(answer for answer in _possible(field) if written(answer) == text)
