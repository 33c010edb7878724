"""The pages of docs/reference and the code cannot disagree."""

import dataclasses
import re
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi
import pytest

import ci_runners
from ci_runners.problems import InvalidInput, Problem
from tests.docs.reference import ABOUT, FOLDER, default_of, pages, unit_of
from tests.docs.refusals import UNKNOWN, refusals
from tests.docs.schema import Property, arguments, components, fields, outputs, schema
from tests.unit.test_args_match_specs import PAIRS

NAMES = [component.__name__ for component in components()]
COUNTS = {
    "concurrent",
    "keep_n",
    "limit",
    "log_max_files",
    "max_concurrent_downloads",
    "max_concurrent_uploads",
    "max_parallelism",
    "publish_port",
    "request_concurrency",
}
"""The numbers that have no unit."""
IN_WORDS = {"accept_host_root", "context", "docker_api", "image_name", "pull_policies"}
"""The defaults that a description tells in other words than their value."""
WIRING: dict[str, Any] = {
    "accept_host_root": True,
    "accept_privileged": True,
    "connection": "connection",
    "runner_container": "runner",
    "runner_id": "7",
    "token": "glrt-made-up",
    "api_token": "glpat-made-up",
    "url": "https://gitlab.example.com",
}
"""Arguments that are good."""
WRONG: list[Any] = [
    -1,
    10**9,
    -0.5,
    "",
    "no such thing \n",
    ["", ""],
    ["a b", "a b"],
    {"": ""},
    {"key": ["x"]},
]
"""Values of every type that no argument, or hardly one, takes."""


def numbers() -> list[tuple[str, Property]]:
    """Every number of every component and nested type, with its owner."""
    owners = {name: arguments(name) for name in NAMES}
    nested = [key.rsplit(":", 1)[-1] for key, said in schema()["types"].items() if "enum" not in said]
    owners |= {name: fields(name) for name in nested}
    kinds = {"integer", "number"}
    return [(owner, it) for owner, items in owners.items() for it in items if it.schema.get("type") in kinds]


class Accepted(Exception):
    """Raised in place of making a component whose arguments are good."""


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Components end when they have checked their arguments."""

    def accept(*_words: object, **_named: object) -> None:
        raise Accepted

    monkeypatch.setattr(pulumi.ComponentResource, "__init__", accept)


def problems(component: type[Any], given: dict[str, Any]) -> tuple[Problem, ...]:
    """What a component says of arguments, which it does before anything is made."""
    try:
        component("some-name", given)
    except InvalidInput as refused:
        return refused.problems
    except Accepted:
        return ()
    raise AssertionError("the component neither refused nor began")


def _like(written: str, said: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in written.split(UNKNOWN))
    return re.fullmatch(pattern, said, re.DOTALL) is not None


@pytest.mark.parametrize("path", [FOLDER / f"{name}.md" for name in NAMES], ids=lambda path: path.stem)
def test_a_page_is_what_the_code_makes_of_it(path: Path) -> None:
    assert path.read_text() == pages()[path], "run: python -m tests.docs.reference"


def test_the_index_and_the_other_pages_are_what_the_code_makes_of_them_and_none_is_left_over() -> None:
    made = {path: text for path, text in pages().items() if path.stem not in NAMES}

    assert {path: path.read_text() for path in made} == made, "run: python -m tests.docs.reference"
    assert set(FOLDER.iterdir()) == set(pages())


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_and_output_stands_on_the_page_in_both_spellings(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text()
    items = [*arguments(name), *outputs(name)]

    assert [it.python for it in items if f"`{it.python}`" not in text or f"`{it.other}`" not in text] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_page_that_says_when_and_why_speaks_of_the_component(name: str) -> None:
    assert name in (FOLDER / ABOUT[name]).read_text()


def test_every_number_has_a_unit_or_counts_something() -> None:
    without = {item.python for _, item in numbers() if not unit_of(item)}

    assert without == COUNTS


@pytest.mark.parametrize(
    ("args", "spec"), [(args, spec) for args, spec, _ in PAIRS], ids=lambda it: it.__name__
)
def test_a_default_that_is_written_is_the_code_s(args: Any, spec: Any) -> None:  # noqa: ANN401  classes
    owner = args.__name__.removesuffix("Args")
    items = arguments(owner) if owner in NAMES else fields(owner)
    written = {it.python: default_of(it) for it in items}
    held = {it.name: _shown(it.default) for it in dataclasses.fields(spec)}

    plain = {name: said for name, said in held.items() if said and name in written}
    assert {
        name: written[name] for name, said in plain.items() if said not in written[name]
    }.keys() <= IN_WORDS


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("component", components(), ids=lambda it: it.__name__)
def test_whatever_a_component_says_of_wrong_arguments_stands_on_its_page(component: type[Any]) -> None:
    items = arguments(component.__name__)
    good = {it.python: WIRING[it.python] for it in items if it.python in WIRING and it.required}
    said = {
        (problem.field, problem.expected)
        for item in items
        for value in WRONG
        for problem in problems(component, {**good, item.python: value})
    }
    known = refusals(component)
    general = {
        "a value",
        "another shape",
        "a whole number",
        "a number",
        "text",
        "True or False",
        "no such argument",
    }

    unsaid = [
        (field, expected)
        for field, expected in said
        if expected not in general
        and not expected.startswith("one of ")
        and not field.startswith("connection.")
        and not any(_like(row.field, field) and _like(row.expected, expected) for row in known)
    ]
    assert len(said) > 1
    assert unsaid == []


def test_a_page_shows_no_image_that_the_package_does_not_use() -> None:
    text = (FOLDER / "DindDaemon.md").read_text()

    assert f"`{ci_runners.images.DOCKER_DIND}`" in text
    assert "images.DOCKER" not in text


def _shown(default: object) -> str:
    """A default as a description writes it; empty for what needs words."""
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple) and default:
        return " ".join(str(part) for part in default) if len(default) == 1 else ""
    return str(default) if isinstance(default, int | float | str) else ""
