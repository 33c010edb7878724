"""Reading plain data (YAML, as Pulumi hands it over) into frozen dataclasses, every mistake in one pass.

Nothing is converted: `"true"` is no boolean and `4.0` is no whole number. A value that has to be guessed at is a
value that somebody did not mean, and the message says how to write it.
"""

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from ci_runners.problems import Problem

Section = TypeVar("Section")

COMPONENT = "settings"
"""What problems are filed under; their field is the key's whole path."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Plain:
    """How a person writes a plain type, and how `pulumi config set --type` calls it."""

    words: str
    option: str
    example: str
    meant: str
    """What a value of another type looks like when it is a slip: its first group is the right way to write it."""


_PLAIN = {
    bool: _Plain(words="true or false", option="bool", example="true", meant="(true|false)"),
    int: _Plain(words="a whole number", option="int", example="4", meant=r"(\d+)(?:\.0)?"),
    float: _Plain(words="a number", option="float", example="1.5", meant=r"(\d+(?:\.\d+)?)"),
    str: _Plain(words="text that is not empty", option="string", example="<text>", meant=r"([\d.]+)"),
}
_SECRET_NAME = re.compile("token|password|passwd|secret|credential|key", re.IGNORECASE)


class _Wrong(Enum):
    """The one value that is none: what is wrong with it is noted already."""

    VALUE = "wrong"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads one object of a stack's configuration, and remembers what was wrong with it."""

    project: str
    """The Pulumi project: on the command line a key is `project:path`."""

    root: type
    """The dataclass of the whole object."""

    root_path: str
    """The configuration key of the whole object: the first part of every path."""

    problems: list[Problem] = dataclasses.field(default_factory=list)

    def section(self, kind: type[Section], given: object, path: str) -> Section:
        """Read a mapping into a dataclass.

        What is missing or wrong becomes the field's default, or else an empty value, so that the components' own rules
        can look at the rest. While there are problems the result is good for nothing else.
        """
        fields = {field.name: field for field in dataclasses.fields(cast(Any, kind))}
        if not isinstance(given, Mapping):
            self._note(
                path, given, _words(kind), f"indent its keys below it; or {self._replace(path, '.<key>')}"
            )
            return dataclasses.replace(self, problems=[]).section(kind, {}, path)
        for key in given:
            if key not in fields:
                self._unknown(key, given[key], kind, path)
        hints = get_type_hints(kind)
        read = {name: self._field(field, hints[name], given, path) for name, field in fields.items()}
        return kind(**{name: value for name, value in read.items() if value is not _Wrong.VALUE})

    def take_over(self, found: Iterable[Problem]) -> None:
        """Remember what a component's rules found, but for what was noted of the same key, or of a part of it."""
        noted = [problem.field for problem in self.problems]
        for problem in found:
            if not any(_holds(field, problem.field) or _holds(problem.field, field) for field in noted):
                self.problems.append(dataclasses.replace(problem, component=COMPONENT))

    def _note(self, path: str, value: object, expected: str, fix: str) -> _Wrong:
        self.problems.append(
            Problem(component=COMPONENT, field=path, value=value, expected=expected, fix=fix)
        )
        return _Wrong.VALUE

    def _unknown(self, key: object, value: object, kind: type, path: str) -> None:
        names = [field.name for field in dataclasses.fields(kind)]
        # A secret in the wrong place must not end up in a log as well.
        secret = _SECRET_NAME.search(str(key)) is not None
        near = difflib.get_close_matches(str(key), names, n=1)
        elsewhere = sorted(_places(str(key), self.root, self.root_path))
        if near:
            fix = f"did you mean `{near[0]}`?"
        elif elsewhere:
            fix = f"move it to {' or '.join(elsewhere)}"
        elif secret:
            fix = f"remove it: `{self.root_path}` holds no secrets, they are set with `pulumi config set --secret`"
        else:
            fix = f"use one of {', '.join(names)}"
        self.problems.append(
            Problem(
                component=COMPONENT,
                field=f"{path}.{key}",
                value=value,
                expected="a key that there is",
                fix=fix,
                secret=secret,
            )
        )

    def _field(
        self, field: dataclasses.Field[Any], hint: object, given: Mapping[Any, object], path: str
    ) -> object:
        at = f"{path}.{field.name}"
        if field.name in given:
            value = self._value(hint, given[field.name], at)
        elif not _is_required(field):
            return _Wrong.VALUE
        elif dataclasses.is_dataclass(hint):
            value = self.section(cast(type, hint), {}, at)
        else:
            value = self._note(at, None, _words(hint), f"add it, it has no default; or {self._set(at, hint)}")
        return _empty(hint) if value is _Wrong.VALUE and _is_required(field) else value

    def _value(self, hint: object, given: object, path: str) -> object:
        kind = _without_none(hint)
        if dataclasses.is_dataclass(kind):
            return self.section(cast(type, kind), given, path)
        if given is None:
            return self._note(path, None, _words(kind), "fill it in, or leave the key out for its default")
        if get_origin(kind) is tuple:
            return self._items(kind, given, path)
        if get_origin(kind) is dict:
            return self._entries(kind, given, path)
        if issubclass(cast(type, kind), Enum):
            return self._member(cast(type[Enum], kind), given, path)
        return self._plain(cast(type, kind), given, path)

    def _items(self, kind: object, given: object, path: str) -> object:
        hint = get_args(kind)[0]
        if not isinstance(given, Sequence) or isinstance(given, str):
            fix = f"write one `- item` a line, or [one, two]; or {self._replace(path, '[0]', hint)}"
            return self._note(path, given, _words(kind), fix)
        items = [self._value(hint, item, f"{path}[{index}]") for index, item in enumerate(given)]
        return tuple(_empty(hint) if item is _Wrong.VALUE else item for item in items)

    def _entries(self, kind: object, given: object, path: str) -> object:
        hint = get_args(kind)[1]
        if not isinstance(given, Mapping):
            fix = f"indent its names below it; or {self._replace(path, '.<name>', hint)}"
            return self._note(path, given, _words(kind), fix)
        return {str(key): self._value(hint, value, f"{path}.{key}") for key, value in given.items()}

    def _member(self, kind: type[Enum], given: object, path: str) -> object:
        for member in kind:
            if member.value == given:
                return member
        near = difflib.get_close_matches(str(given), [member.value for member in kind], n=1)
        return self._note(
            path, given, _words(kind), f"did you mean `{near[0]}`?" if near else "choose one of them"
        )

    def _plain(self, kind: type, given: object, path: str) -> object:
        # A boolean is a whole number to Python, and a whole number is a number to people.
        if given != "" and (type(given) is kind or (kind is float and type(given) is int)):
            return given
        if given == "" and kind is str:
            return self._note(path, given, _words(kind), "fill it in, or leave the key out")
        meant = _meant(kind, given)
        fix = f"write {meant!r}" if kind is str else f"write {meant}, without quotes"
        if meant is None:
            fix = f"write it like {_PLAIN[kind].example}"
        return self._note(path, given, _words(kind), f"{fix}; or {self._replace(path, '', kind, meant)}")

    def _set(self, path: str, hint: object = None, value: str | None = None) -> str:
        """What to type instead of editing the file. `--type`, because Pulumi takes 1.5 for text."""
        plain = _PLAIN.get(cast(type, _without_none(hint)))
        option = f" --type {plain.option}" if plain else ""
        written = value or (plain.example if plain else "<value>")
        return f"`pulumi config set --path{option} '{self.project}:{path}' {written}`"

    def _replace(self, path: str, below: str, hint: object = None, value: str | None = None) -> str:
        """The same where there is a value: it must go first, for Pulumi would keep its quotes or refuse its shape."""
        return (
            f"`pulumi config rm --path '{self.project}:{path}'`, then {self._set(path + below, hint, value)}"
        )


def _places(key: str, kind: type, path: str) -> Iterator[str]:
    """Where else in the settings a key of this name stands."""
    for name, hint in get_type_hints(kind).items():
        if name == key:
            yield f"{path}.{name}"
        if dataclasses.is_dataclass(_without_none(hint)):
            yield from _places(key, cast(type, _without_none(hint)), f"{path}.{name}")


def _holds(outer: str, inner: str) -> bool:
    """Whether a path is another one, or lies inside it."""
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _without_none(hint: object) -> object:
    """`X` for `X | None`."""
    some = [argument for argument in get_args(hint) if argument is not NoneType]
    return some[0] if len(some) < len(get_args(hint)) else hint


def _empty(hint: object) -> object:
    """A value of a type where the right one is not known."""
    return next(iter(hint)) if isinstance(hint, type) and issubclass(hint, Enum) else cast(type, hint)()


def _words(hint: object) -> str:
    """A type as a person would call it."""
    kind = _without_none(hint)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(member.value for member in kind)}"
    if dataclasses.is_dataclass(kind):
        return f"a mapping with the keys {', '.join(field.name for field in dataclasses.fields(kind))}"
    if get_origin(kind) is tuple:
        return f"a list, each item {_words(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return f"a mapping of names, each to {_words(get_args(kind)[1])}"
    return _PLAIN[cast(type, kind)].words


def _meant(kind: type, given: object) -> str | None:
    """What was probably meant, where it is plain to see."""
    found = re.fullmatch(_PLAIN[kind].meant, str(given).strip().lower())
    return found[1] if found else None
