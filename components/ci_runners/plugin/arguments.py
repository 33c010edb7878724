"""A component's arguments, from what the engine sends to what a Python program would give.

The engine marks values (pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go): a secret, an output with its dependencies,
a value that is not known yet. A mark may stand around anything, from one text to a whole section. Here every mark goes
down to the single texts, numbers and truth values inside, so that each of them becomes an Output of its own and
everything around stays plain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi.provider.experimental.analyzer import PropertyDefinition, TypeDefinition
from pulumi.runtime.rpc import UNKNOWN

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which the engine marks a value, beside the kind of mark."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  the protocol's mark
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What is said of a value by what stands around it."""

    secret: bool = False
    dependencies: frozenset[str] = frozenset()

    def output(self, **known: object) -> dict[str, object]:
        """The value as an output of its own; one that is not known yet without `value`."""
        return {
            SIGNATURE: OUTPUT,
            **known,
            "secret": self.secret,
            "dependencies": sorted(self.dependencies),
        }


NOTHING = PropertyDefinition()
"""Of a value that the schema does not know: it may be an output, and goes on as it is."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads arguments by the types that the schema is made from."""

    types: Mapping[str, TypeDefinition]

    def arguments(
        self,
        given: Mapping[str, Any],
        dependencies: Mapping[str, frozenset[str]],
        properties: Mapping[str, PropertyDefinition],
        names: Mapping[str, str],
    ) -> dict[str, Any]:
        """The arguments under their Python names, with outputs in place.

        A language that marks no output inside an argument says only what the whole argument depends on; then that holds
        for every value in it that may be an output.
        """
        return {
            names.get(key, key): self._value(
                value,
                properties.get(key, NOTHING),
                Marks(
                    dependencies=frozenset() if _holds_output(value) else dependencies.get(key, frozenset())
                ),
            )
            for key, value in given.items()
        }

    def _value(self, value: Any, place: PropertyDefinition, marks: Marks) -> Any:  # noqa: ANN401  any JSON
        if value == UNKNOWN:
            return marks.output()
        if isinstance(value, list):
            inner = _inside(place, place.items)
            return [self._value(each, inner, marks) for each in value]
        if not isinstance(value, dict):
            # Something plain depends on nothing, even if its neighbors do. A plain secret stays marked: the component
            # refuses it with a word, where it would otherwise show it.
            bare = not marks.secret and (place.plain or not marks.dependencies)
            return value if bare or value is None else marks.output(value=value)
        if SIGNATURE in value:
            return self._marked(value, place, marks)
        section = self._section(place)
        if section is None:
            inner = _inside(place, place.additional_properties)
            return {key: self._value(each, inner, marks) for key, each in value.items()}
        return {
            section.properties_mapping.get(key, key): self._value(
                each, section.properties.get(key, NOTHING), marks
            )
            for key, each in value.items()
        }

    def _marked(self, value: Mapping[str, Any], place: PropertyDefinition, marks: Marks) -> Any:  # noqa: ANN401  any JSON
        if value[SIGNATURE] == SECRET:
            return self._value(value.get("value"), place, replace(marks, secret=True))
        if value[SIGNATURE] != OUTPUT:
            return dict(value)
        around = Marks(
            secret=marks.secret or bool(value.get("secret")),
            dependencies=marks.dependencies.union(value.get("dependencies", ())),
        )
        return self._value(value["value"], place, around) if "value" in value else around.output()

    def _section(self, place: PropertyDefinition) -> TypeDefinition | None:
        """The type of a section; None where there are no keys of ours."""
        return self.types.get((place.ref or "").rpartition(":")[2])


def _inside(place: PropertyDefinition, inner: PropertyDefinition | None) -> PropertyDefinition:
    """What a list or a mapping holds: where the whole may be an output, so may all that is in it."""
    return NOTHING if inner is None else replace(inner, plain=inner.plain if place.plain else None)


def _holds_output(value: Any) -> bool:  # noqa: ANN401  any JSON
    if isinstance(value, list):
        return any(_holds_output(each) for each in value)
    if isinstance(value, dict):
        return value.get(SIGNATURE) == OUTPUT or any(_holds_output(each) for each in value.values())
    return False
