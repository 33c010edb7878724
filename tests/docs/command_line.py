"""The page of the command line, from the parsers of its commands."""

import argparse
import importlib
import pkgutil
import textwrap

import ci_runners.cli
from tests.docs.tables import NOTHING, WIDTH, cell, table

PROGRAM = "python -m ci_runners"


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of every command, and of every command below one, by its words."""
    parser = argparse.ArgumentParser(prog=PROGRAM)
    adder = parser.add_subparsers()
    for module in pkgutil.iter_modules(ci_runners.cli.__path__):
        found = importlib.import_module(f"ci_runners.cli.{module.name}")
        if hasattr(found, "add"):
            found.add(adder)
    return _below(adder)


def command_line_page(made: str) -> str:
    """The page; argparse's own layout of a help differs from one Python to the next."""
    parts = [
        made,
        "# The command line",
        "",
        f"`{PROGRAM}` comes with the package. No command needs a stack.",
        "",
    ]
    for words, parser in commands().items():
        parts += [
            f"## {words.removeprefix(f'{PROGRAM} ')}",
            "",
            *textwrap.wrap(cell(parser.description or ""), WIDTH),
            "",
        ]
        rows = [[_named(action), _choices(action), cell(_help(action))] for action in _options(parser)]
        parts += [*table(["option", "takes", "what it does"], rows), ""] if rows else []
    return "\n".join(parts)


def _below(
    adder: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for parser in adder.choices.values():
        found[parser.prog] = parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                found |= _below(action)
    return found


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    hidden = (argparse._HelpAction, argparse._SubParsersAction)
    return [action for action in parser._actions if not isinstance(action, hidden)]


def _named(action: argparse.Action) -> str:
    names = action.option_strings or [str(action.metavar or action.dest)]
    return ", ".join(f"`{name}`" for name in names)


def _choices(action: argparse.Action) -> str:
    if action.nargs == 0:
        return NOTHING
    choices = [f"`{choice}`" for choice in action.choices or ()]
    return ", ".join(choices) or f"`{action.metavar or action.dest.upper()}`"


def _help(action: argparse.Action) -> str:
    said = action.help or ""
    return said.replace("%(default)s", str(action.default)).replace("%%", "%")
