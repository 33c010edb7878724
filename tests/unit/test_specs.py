"""From arguments, as Python or the plugin form hands them over, to a spec."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from ci_runners.problems import InvalidInput
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

RULES = Rules(component="Thing 'a'")


class Colour(str, Enum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spec:
    count: int = 1
    limit: int | None = None
    share: float | None = None
    on: bool = False
    name: str = "a"
    colours: tuple[Colour, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    inner: Inner | None = None


def read(args: dict[str, Any]) -> Spec:
    return spec_from_args(Spec, args, RULES, lambda _: [])


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, Spec()),
        ({"count": 4.0}, Spec(count=4)),
        ({"limit": 4.0}, Spec(limit=4)),
        ({"limit": None}, Spec()),
        ({"share": 2}, Spec(share=2.0)),
        ({"share": 0.5}, Spec(share=0.5)),
        ({"colours": ["red"]}, Spec(colours=(Colour.RED,))),
        ({"colours": (Colour.RED,)}, Spec(colours=(Colour.RED,))),
        ({"flags": {"a": True}}, Spec(flags={"a": True})),
        ({"inner": {"size": 3.0, "names": ["x"]}}, Spec(inner=Inner(size=3, names=("x",)))),
    ],
    ids=str,
)
def test_an_argument_becomes_the_value_that_was_meant(args: dict[str, Any], expected: Spec) -> None:
    assert repr(read(args)) == repr(expected)


@pytest.mark.parametrize(
    ("args", "field", "expected"),
    [
        ({"count": 4.5}, "count", "a whole number"),
        ({"count": "4"}, "count", "a whole number"),
        ({"count": True}, "count", "a whole number"),
        ({"share": "half"}, "share", "a number"),
        ({"on": 1}, "on", "True or False"),
        ({"on": "false"}, "on", "True or False"),
        ({"name": 3}, "name", "text"),
        ({"colours": "red"}, "colours", "another shape"),
        ({"colours": ["blue"]}, "colours[0]", "one of red"),
        ({"labels": ["a"]}, "labels", "another shape"),
        ({"labels": {"a": 1}}, "labels.a", "text"),
        ({"inner": {"size": 1.5}}, "inner.size", "a whole number"),
        ({"inner": {}}, "inner.size", "a value"),
        ({"inner": {"size": 1, "names": [1]}}, "inner.names[0]", "text"),
        ({"inner": {"size": 1, "other": 1}}, "inner.other", "no such argument"),
        ({"inner": "small"}, "inner", "another shape"),
        ({"other": 1}, "other", "no such argument"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_named_by_its_path(args: dict[str, Any], field: str, expected: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(args)

    assert [(problem.field, problem.expected) for problem in caught.value.problems] == [(field, expected)]


def test_every_wrong_argument_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        read({"count": 4.5, "other": 1, "inner": {"size": "x", "another": 2}})

    fields = sorted(problem.field for problem in caught.value.problems)
    assert fields == ["count", "inner.another", "inner.size", "other"]


def test_what_the_check_says_is_raised() -> None:
    problem = RULES.problem("count", 3, "2", "lower it")

    with pytest.raises(InvalidInput) as caught:
        spec_from_args(Spec, {"count": 3}, RULES, lambda spec: [problem] if spec.count == 3 else [])

    assert caught.value.problems == (problem,)


@pytest.mark.parametrize("field", ["count", "tokken"], ids=["of a wrong type", "under an unknown name"])
def test_a_misplaced_text_is_not_shown_because_it_may_be_a_secret(field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read({field: "glrt-secret"})

    assert "glrt-secret" not in str(caught.value)


@pytest.mark.parametrize("args", [{"count": 4.5}, {"counts": 4.5}], ids=str)
def test_a_misplaced_number_is_shown(args: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"got 4\.5"):
        read(args)
