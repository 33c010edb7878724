"""The properties of a resource type, as a table, and what follows from the table alone: checks, defaults, differences.

Plain data and pure functions: nothing here knows of Pulumi's protocol or of HTTP.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import chain
from typing import Any, TypedDict, Unpack

Values = dict[str, Any]
"""Property values by the SDK's camelCase names."""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a value that a preview cannot know (pulumi/pulumi, sdk/go/common/resource/plugin)."""


class Kind(Enum):
    """The type of a property's value."""

    TEXT = "a text"
    WHOLE = "a whole number"
    TRUTH = "true or false"
    TEXTS = "a list of texts"
    WHOLES = "a list of whole numbers"
    OBJECT = "an object"
    OBJECTS = "a list of objects"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One property of a resource type: its name in Pulumi's SDK, its name in the forge's API, and its rules."""

    name: str
    api: str
    kind: Kind
    required: bool = False
    replaces: bool = False
    """A change makes a new object."""
    computed: bool = False
    """The forge gives it; a program can't."""
    kept: bool = False
    """Of computed ones: an update leaves it as it is. Others are unknown while an update is previewed."""
    secret: bool = False
    """Marked as a secret in the state."""
    local: bool = False
    """Says how a change is made and is no part of the object: a commit's message. Never read back."""
    default: Any = None
    choices: tuple[str, ...] = ()
    fields: tuple["Field", ...] = ()
    """Of an OBJECT, or of each of OBJECTS: the properties inside."""

    @property
    def unordered(self) -> bool:
        """Lists are sets to the forges: order says nothing."""
        return self.kind in {Kind.TEXTS, Kind.WHOLES}


class Rules(TypedDict, total=False):
    """What the constructors below take on beside names and kind."""

    required: bool
    replaces: bool
    computed: bool
    kept: bool
    secret: bool
    local: bool
    default: object
    choices: tuple[str, ...]


def text(name: str, api: str, **rules: Unpack[Rules]) -> Field:
    """A text."""
    return Field(name=name, api=api, kind=Kind.TEXT, **rules)


def whole(name: str, api: str, **rules: Unpack[Rules]) -> Field:
    """A whole number."""
    return Field(name=name, api=api, kind=Kind.WHOLE, **rules)


def truth(name: str, api: str, **rules: Unpack[Rules]) -> Field:
    """True or false."""
    return Field(name=name, api=api, kind=Kind.TRUTH, **rules)


def texts(name: str, api: str, **rules: Unpack[Rules]) -> Field:
    """A set of texts."""
    return Field(name=name, api=api, kind=Kind.TEXTS, **rules)


def wholes(name: str, api: str, **rules: Unpack[Rules]) -> Field:
    """A set of whole numbers."""
    return Field(name=name, api=api, kind=Kind.WHOLES, **rules)


def obj(name: str, api: str, *fields: Field) -> Field:
    """An object."""
    return Field(name=name, api=api, kind=Kind.OBJECT, fields=fields)


def objs(name: str, api: str, *fields: Field) -> Field:
    """A list of objects."""
    return Field(name=name, api=api, kind=Kind.OBJECTS, fields=fields)


def to_api(fields: Sequence[Field], values: Values) -> dict[str, Any]:
    """The values under the names of the forge's API."""
    return {each.api: _converted(to_api, each, values[each.name]) for each in fields if each.name in values}


def from_api(fields: Sequence[Field], found: Mapping[str, Any]) -> Values:
    """What the forge's API answered under the SDK's names."""
    return {each.name: _converted(from_api, each, found[each.api]) for each in fields if each.api in found}


def _converted(convert: Callable[[Sequence[Field], Any], Values], field: Field, value: Any) -> Any:  # noqa: ANN401
    """A value, with the properties of the object or objects that it holds under their other names."""
    if not field.fields or not value:
        return value
    return (
        [convert(field.fields, each) for each in value]
        if field.kind is Kind.OBJECTS
        else convert(field.fields, value)
    )


def with_defaults(fields: Sequence[Field], given: Values) -> Values:
    """The values given, and the defaults of those that are not."""
    return {each.name: each.default for each in fields if each.default is not None} | given


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """One property that can't be taken as it is, and why. Never shows the value: it may be secret."""

    name: str
    reason: str


def wrongs(fields: Sequence[Field], given: Values) -> Iterator[Wrong]:
    """Everything the table says against these values."""
    settable = {each.name: each for each in fields if not each.computed}
    for name in given.keys() - settable.keys():
        yield Wrong(name=name, reason=f"not known; known are {', '.join(sorted(settable))}")
    for field in settable.values():
        if field.name in given:
            yield from _wrong(field, given[field.name])
        elif field.required:
            yield Wrong(name=field.name, reason=f"missing; expected {field.kind.value}")


def _wrong(field: Field, value: object) -> Iterator[Wrong]:
    if value == UNKNOWN:
        return
    if not _fits(field.kind, value):
        yield Wrong(name=field.name, reason=f"got {type(value).__name__}, expected {field.kind.value}")
    elif field.choices and value not in field.choices:
        yield Wrong(name=field.name, reason=f"got {value!r}, expected one of {', '.join(field.choices)}")
    elif field.fields:
        objects: list[Any] = value if isinstance(value, list) else [value]
        for inner in chain.from_iterable(wrongs(field.fields, each) for each in objects):
            yield Wrong(name=f"{field.name}.{inner.name}", reason=inner.reason)


def _fits(kind: Kind, value: object) -> bool:
    match kind:
        case Kind.TEXT:
            return isinstance(value, str)
        case Kind.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case Kind.TRUTH:
            return isinstance(value, bool)
        case Kind.TEXTS | Kind.OBJECTS:
            one = Kind.TEXT if kind is Kind.TEXTS else Kind.OBJECT
            return isinstance(value, list) and all(_fits(one, each) for each in value)
        case Kind.WHOLES:
            return isinstance(value, list) and all(
                each == UNKNOWN or _fits(Kind.WHOLE, each) for each in value
            )
        case Kind.OBJECT:
            return isinstance(value, dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One property that differs between two sets of inputs."""

    name: str
    replaces: bool
    added: bool


def changes(fields: Sequence[Field], old: Values, new: Values) -> tuple[Change, ...]:
    """What an update from `old` to `new` inputs has to change.

    A property that is no longer given is no change: the forge keeps what it has, as with the real plugins' optional
    computed properties. Neither is an empty one that was not given before.
    """
    return tuple(
        Change(name=each.name, replaces=each.replaces, added=each.name not in old)
        for each in fields
        if each.name in new and not same(each, old.get(each.name), new[each.name])
    )


def same(field: Field, one: object, other: object) -> bool:
    """Whether two values of a property mean the same to the forge."""
    if _empty(one) and _empty(other):
        return True
    if field.unordered and isinstance(one, list) and isinstance(other, list):
        return sorted(map(str, one)) == sorted(map(str, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return all(same(each, one.get(each.name), other.get(each.name)) for each in field.fields)
    if field.kind is Kind.OBJECTS and isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(partial(same, field), one, other))
    return one == other


def _empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def as_seen(fields: Sequence[Field], given: Values, found: Mapping[str, Any]) -> Values:
    """The inputs as the forge has them now: what a refresh puts in the place of the inputs `given`.

    Only what was given is looked at; a value of None says that the forge no longer has it.
    """
    seen = dict(given)
    for field in fields:
        if field.name not in given or field.name not in found:
            continue
        now = found[field.name]
        if now is None:
            del seen[field.name]
        elif not same(field, given[field.name], now):
            seen[field.name] = now
    return seen
