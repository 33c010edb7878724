"""Every command in the pages is run, or read by what would run it, or stands in a table with the reason."""

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from ci_runners.__main__ import main
from ci_runners.settings_stations import load_stations
from tests.docs.command_line import commands as parsers
from tests.docs.commands import RUN_WHOLE, TABLE, Fate, all_commands, commands, row_of
from tests.docs.markdown import ROOT, Block, all_blocks
from tests.docs.test_programs import STATION, secrets_for

PROGRAM = "python -m ci_runners"
SET = re.compile(r"pulumi config set --path 'ci-runners:station\.([a-z_.]+)' (.+)")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def of(*fates: Fate) -> list[str]:
    """The commands that have one of these fates, each once."""
    rows = {command: row_of(command) for _, command in all_commands()}
    return sorted(command for command, row in rows.items() if row is not None and row.fate in fates)


def test_every_command_has_its_row_in_the_table() -> None:
    without = [f"{block}: {command}" for block, command in all_commands() if row_of(command) is None]

    assert without == [], "give each one row in tests/docs/commands.py"


def test_every_row_has_a_command_and_what_it_names_is_there() -> None:
    told = {row_of(command) for _, command in all_commands()}
    named = [row.where for row in TABLE if row.fate is not Fate.NOT_RUN]

    assert [row.begins for row in TABLE if row not in told] == []
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", RUN_WHOLE)
def test_a_page_that_is_run_whole_is_read_by_that_test(page: str) -> None:
    assert Path(page).name in (ROOT / RUN_WHOLE[page]).read_text()


@pytest.mark.parametrize("command", of(Fate.RUN))
def test_a_command_that_needs_nothing_succeeds(command: str) -> None:
    words = shlex.split(command.split(" > ", maxsplit=1)[0].removeprefix(PROGRAM))

    with contextlib.redirect_stdout(io.StringIO()) as shown:
        assert main(words) == 0
    assert shown.getvalue() != ""


@pytest.mark.parametrize("command", of(Fate.PARSED))
def test_a_command_line_is_taken_by_its_parser(command: str) -> None:
    name, *words = shlex.split(command.removeprefix(PROGRAM))
    parser = next(found for said, found in parsers().items() if said.endswith(f" {name}"))

    assert parser.parse_args(words).run is not None


@pytest.mark.parametrize("command", of(Fate.TARGET))
def test_a_target_of_make_is_in_the_makefile(command: str) -> None:
    assert command.split("make ")[1].split(maxsplit=1)[0] in TARGETS


def settings_blocks() -> list[Block]:
    """The blocks that set more than one key of a station."""
    counted = {
        block: sum(1 for command in commands(block) if SET.match(command)) for block in all_blocks("sh")
    }
    return [block for block, count in counted.items() if count > 1]


@pytest.mark.parametrize("block", settings_blocks(), ids=str)
def test_the_settings_that_commands_make_are_a_station_s(block: Block) -> None:
    station: dict[str, Any] = {}
    for command in commands(block):
        if found := SET.match(command):
            *sections, key = found[1].split(".")
            inner = station
            for section in sections:
                inner = inner.setdefault(section, {})
            inner[key] = yaml.safe_load(shlex.split(found[2])[0])
    whole = {"name": "ci", **station} if "github" in station else {**STATION, **station}

    assert load_stations(whole, None, secrets_for(whole)).keys() == {"station"}


def test_there_are_settings_for_both_forges() -> None:
    assert {"gitlab", "github"} <= {
        word for block in settings_blocks() for word in ("gitlab", "github") if word in block.text
    }
