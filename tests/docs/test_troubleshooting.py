"""The page of error messages names arguments that exist."""

import re

from tests.docs.markdown import ROOT
from tests.docs.schema import arguments, components, fields, schema

PAGE = ROOT / "docs/troubleshooting.md"
NAME = re.compile(r"`([a-z]+(?:_[a-z]+)+|[a-z_]+\.[a-z_.]+)`")
"""A name as arguments have them: words with underscores, or a path of them."""
OF_OTHERS = {
    "ci_runners.status",
    "daemon.json",
    "docker_host",
    "no_such_argument",
    "runner_token",
    "wait_timeout",
}
"""Names of other things: files, keys of the settings, an argument of the Docker provider."""


def known() -> set[str]:
    """Every argument of every component and nested type."""
    named = {it.python for component in components() for it in arguments(component.__name__)}
    nested = [key.rsplit(":", 1)[-1] for key, said in schema()["types"].items() if "enum" not in said]
    return named | {it.python for name in nested for it in fields(name)}


def test_every_argument_in_what_to_do_is_one() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    written = {name for row in rows for name in NAME.findall(row[-1])}
    names = known()

    unknown = {name for name in written if not set(name.split(".")) <= names}
    assert "daemon_json.mtu" in written
    assert unknown <= OF_OTHERS


def test_every_row_has_a_message_a_cause_and_something_to_do() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]

    assert len(rows) > 40
    assert [row for row in rows if len([cell for cell in row.strip("| ").split(" | ") if cell]) != 3] == []


def test_no_message_stands_on_the_page_twice_with_two_answers() -> None:
    rows = [line.split(" | ")[0] for line in PAGE.read_text().splitlines() if line.startswith("| `")]

    assert sorted(set(rows)) == sorted(rows)
