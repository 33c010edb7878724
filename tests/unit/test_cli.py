"""The command line: what it prints, how it ends, and what its documents say of it."""

import contextlib
import dataclasses
import io
import json
import re
import subprocess
import sys
from enum import Enum
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.__main__ import main
from ci_runners.cli.exit_codes import NO_WAY_FITS
from ci_runners.cli.recommend import QUESTIONS
from ci_runners.connection import DaemonKind
from ci_runners.recommend import Needs, recommend
from ci_runners.recommend.show import WIDTH, as_json, as_text, option, written
from ci_runners.recommend.tables import as_markdown

ROOT = Path(__file__).parents[2]
ANSWERS: dict[str, list[Any]] = {
    name: list(hint) if issubclass(hint, Enum) else [False, True]
    for name, hint in get_type_hints(Needs).items()
}
ALL = [recommend(Needs(**dict(zip(ANSWERS, answers, strict=True)))) for answers in product(*ANSWERS.values())]
NO_WAY = ["--docker-api", "yes"]


def printed(*words: str) -> tuple[int, str]:
    """Exit code and output of one command."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(words)
    return code, out.getvalue()


@given(st.fixed_dictionaries({}, optional={name: st.sampled_from(ANSWERS[name]) for name in ANSWERS}))
def test_the_options_are_the_answers(answers: dict[str, Any]) -> None:
    words = [word for name, answer in answers.items() for word in (option(name), written(answer))]
    expected = recommend(Needs(**answers))

    code, text = printed("recommend", *words, "--format", "json")

    assert text == as_json(expected)
    assert code == (0 if expected.way else NO_WAY_FITS)
    assert printed("recommend", *words) == (code, as_text(expected))


def test_the_json_holds_everything_in_plain_values() -> None:
    for found in ALL:
        plain = json.loads(as_json(found))
        assert Needs(**_typed(plain["needs"])) == found.needs
        assert plain["way"] == (found.way.value if found.way else None)
        assert [item["sentence"] for item in plain["reasons"]] == [item.sentence for item in found.reasons]
        assert [item["source"] for item in plain["costs"]] == [item.source for item in found.costs]
        assert set(plain["ruled_out"]) | set(plain["worse_fits"]) == set(DaemonKind) - {found.way}
        assert [item["way"] for item in plain["changes"]] == [item.way.value for item in found.changes]


def _typed(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: type(ANSWERS[name][0])(value) for name, value in plain.items()}


def test_the_text_fits_into_a_terminal_and_says_everything() -> None:
    for found in ALL:
        text = as_text(found)
        assert max(map(len, text.splitlines())) <= WIDTH
        said = [*found.reasons, *found.costs]
        said += [
            reason
            for ways in (found.ruled_out, found.worse_fits)
            for some in ways.values()
            for reason in some
        ]
        words = re.sub(r"\s+", " ", text)
        assert [str(reason) for reason in said if str(reason) not in words] == []
        assert [
            move.advice for change in found.changes for move in change.moves if move.advice not in words
        ] == []


def test_the_text_shows_which_answers_it_goes_by() -> None:
    _, text = printed("recommend", "--trust", "one-team")

    assert "--trust one-team\n" in text
    assert "--user-namespaces unknown\n" in text


def test_a_reason_names_its_document_once_and_ends_as_a_sentence() -> None:
    _, text = printed("recommend")

    assert "one (GitLab docs, Use Docker-in-Docker).\n" in text


def test_the_table_is_printed_as_the_documents_hold_it() -> None:
    assert printed("recommend", "--table") == (0, as_markdown())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["advise"], "invalid choice: 'advise'"),
        (["recommend", "--trust", "everybody"], "argument --trust: invalid choice: 'everybody'"),
        (["recommend", "--docker-api", "true"], "argument --docker-api: invalid choice: 'true'"),
        (["recommend", "--colour", "red"], "unrecognized arguments: --colour red"),
        (["recommend", "--table", "--format", "json"], "not allowed with argument --table"),
        (["recommend", "--table", *NO_WAY], "--table shows typical teams: it takes no answers"),
        (["preflight", "--way", "docker"], "argument --way: invalid choice: 'docker'"),
        (["preflight", "--variant", "rooted"], "argument --variant: invalid choice: 'rooted'"),
        (
            ["preflight", "--way", "dood", "--variant", "rootless"],
            "--variant is DinD's: it says nothing of --way dood",
        ),
    ],
    ids=str,
)
def test_a_wrong_command_line_gets_argparses_own_error(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert complaint in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(("words", "code"), [([], 0), (NO_WAY, NO_WAY_FITS)], ids=str)
def test_it_runs_as_a_module_without_an_account_or_any_environment(words: list[str], code: int) -> None:
    command = [sys.executable, "-m", "ci_runners", "recommend", *words]

    result = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False)

    assert (result.returncode, result.stderr) == (code, "")
    assert result.stdout == printed("recommend", *words)[1]


def test_every_question_is_asked_and_its_default_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["recommend", "--help"])

    help_text = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert ended.value.code == 0
    assert list(QUESTIONS) == [field.name for field in dataclasses.fields(Needs)]
    for field in dataclasses.fields(Needs):
        assert f"{QUESTIONS[field.name]} (default: {written(field.default)})" in help_text


def test_the_document_explains_every_answer_and_marks_the_default() -> None:
    rows = {
        row.split("`")[1]: row
        for row in (ROOT / "docs" / "choosing.md").read_text().splitlines()
        if row.startswith("| `--")
    }

    assert list(rows) == [option(name) for name in ANSWERS]
    for field in dataclasses.fields(Needs):
        row = rows[option(field.name)]
        assert [answer for answer in ANSWERS[field.name] if f"`{written(answer)}`" not in row] == []
        assert re.findall(r"\*\*`(.+?)`\*\*", row) == [written(field.default)]


@pytest.mark.parametrize("file", ["README.md", "docs/choosing.md"])
def test_the_tables_in_the_documents_are_the_ones_that_are_printed(file: str) -> None:
    _, _, rest = (
        (ROOT / file).read_text().partition("<!-- begin: python -m ci_runners recommend --table -->\n")
    )
    held, _, _ = rest.partition("<!-- end: python -m ci_runners recommend --table -->")

    assert held == as_markdown()
