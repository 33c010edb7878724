"""From a component's arguments, as Python or the plugin form hands them over, to its frozen spec.

In the plugin form every number arrives as a float (a protobuf Struct has no other), so a float without a fraction is
taken for the integer that it was.
"""

import dataclasses
import typing
from collections.abc import Callable, Iterable, Mapping
from types import NoneType
from typing import TypeVar

from ci_runners.problems import Problem, refuse
from ci_runners.validate import Rules

S = TypeVar("S")


def spec_from_args(
    kind: type[S], args: Mapping[str, object], rules: Rules, check: Callable[[S], Iterable[Problem]]
) -> S:
    """Make the spec and check it.

    Raises `InvalidInput` with every argument that is unknown, missing or of a wrong type, or else with all that
    `check` says.
    """
    problems: list[Problem] = []
    values = _values(kind, args, rules, "", problems)
    refuse(problems)
    spec = kind(**values)
    refuse(check(spec))
    return spec


def _values(
    kind: type, args: Mapping[str, object], rules: Rules, path: str, problems: list[Problem]
) -> dict[str, object]:
    hints = typing.get_type_hints(kind)
    known = f"use one of {', '.join(hints)}"
    unknown = [name for name in args if name not in hints]
    problems += [
        rules.problem(f"{path}{name}", _shown(args[name]), "no such argument", known) for name in unknown
    ]
    values: dict[str, object] = {}
    for field in dataclasses.fields(kind):
        given = args.get(field.name)
        if given is not None:
            values[field.name] = _value(hints[field.name], given, rules, f"{path}{field.name}", problems)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(
                rules.problem(f"{path}{field.name}", None, "a value", "give it: it has no default")
            )
    return values


def _value(hint: object, given: object, rules: Rules, path: str, problems: list[Problem]) -> object:
    some = [part for part in typing.get_args(hint) if part is not NoneType]
    if NoneType in typing.get_args(hint):
        return _value(some[0], given, rules, path, problems)
    kind = typing.get_origin(hint) or hint
    if dataclasses.is_dataclass(kind) and isinstance(given, Mapping):
        inner = _values(typing.cast(type, kind), given, rules, f"{path}.", problems)
        return kind(**inner) if not problems and isinstance(kind, type) else None
    if kind is tuple and isinstance(given, list | tuple):
        return tuple(_value(some[0], item, rules, f"{path}[{at}]", problems) for at, item in enumerate(given))
    if kind is dict and isinstance(given, Mapping):
        return {
            name: _value(some[1], item, rules, f"{path}.{name}", problems) for name, item in given.items()
        }
    return _scalar(kind, given, rules, path, problems)


def _scalar(kind: object, given: object, rules: Rules, path: str, problems: list[Problem]) -> object:
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        try:
            return kind(given)
        except ValueError:
            choices = ", ".join(str(member.value) for member in kind.__members__.values())
            shown = given if isinstance(given, str) else _shown(given)
            problems.append(rules.problem(path, shown, f"one of {choices}", "choose one of them"))
            return None
    if kind is int and isinstance(given, float) and given.is_integer():
        return int(given)
    if kind is float and type(given) is int:
        return float(given)
    if type(given) is kind or (kind is str and isinstance(given, str)):
        return given
    words = {int: "a whole number", float: "a number", bool: "True or False", str: "text"}
    expected = words[kind] if isinstance(kind, type) and kind in words else "another shape"
    fix = "give the plain value, not an Output: it is checked before anything is created"
    problems.append(rules.problem(path, _shown(given), expected, fix))
    return None


def _shown(given: object) -> object:
    """A value that came where it does not belong. A text may be a secret, so it is named by its type."""
    if isinstance(given, float) and given.is_integer():
        return int(given)
    return given if isinstance(given, int | float) else type(given).__name__
