"""A resource type: its table of properties, and how an object of it is made, read, changed and removed over REST."""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bootstrap.standins.fields import UNKNOWN, Field, Kind, Values, Wrong, changes, from_api, to_api
from bootstrap.standins.rest_api import RestApi


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A type whose objects live at one path each. Types with other ways override the four verbs.

    `type_name` is Pulumi's token of the type. `identity` is a template over the properties: the id, in the real plugin's
    format, so that a state made by one can be used by the other.
    """

    type_name: str
    fields: tuple[Field, ...]
    identity: str
    collection: str = ""
    """Path that a POST makes an object at."""
    item: str = ""
    """Path of one object."""
    item_query: Mapping[str, str] = field(default_factory=dict)
    """Query of every call to `item`: templates, like the paths."""
    update_verb: str = "PUT"

    @cached_property
    def identity_names(self) -> tuple[str, ...]:
        """The properties that the id is made of."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.identity) if name)

    def id_of(self, values: Values) -> str:
        """The id of the object with these values."""
        return self.identity.format_map(values)

    def from_id(self, given: str) -> Values:
        """The properties that an id names, for a resource that is imported. Raises ValueError."""
        names = self.identity_names
        parts = given.split(":", len(names) - 1)
        if len(parts) != len(names):
            raise ValueError(f"the id {given!r} is not of the form {self.identity}")
        kinds = {each.name: each.kind for each in self.fields}
        return {
            name: int(part) if kinds.get(name) is Kind.WHOLE else part
            for name, part in zip(names, parts, strict=True)
        }

    def wrongs(self, given: Values) -> Iterator[Wrong]:
        """Rules that concern several properties at once. None, unless a type has some."""
        del given
        yield from ()

    def replaced_in_place(self, identity: str, new: Values) -> bool:
        """Whether the new inputs name the same object: then the old one has to go first."""
        known = {name: value for name, value in new.items() if value != UNKNOWN}
        return all(name in known for name in self.identity_names) and self.id_of(known) == identity

    def promised(self, inputs: Values, olds: Values | None = None) -> Values:
        """The outputs as far as a preview can tell: of a new object, or of one that had the outputs `olds`."""
        olds = olds or {}
        kept = {each.name for each in self.fields if each.kept or not each.computed}
        return {
            each.name: olds[each.name] if each.name in olds and each.name in kept else UNKNOWN
            for each in self.fields
            if not each.local
        } | inputs

    def create(self, api: RestApi, values: Values) -> Values:
        """Make the object; returns what its id needs and what is told only now."""
        return self.outputs(api.call("POST", self.collection, values, body=self.body(values)), values)

    def read(self, api: RestApi, values: Values) -> Values | None:
        """The object as it is; None where it is gone. A None inside says that the forge has no such value."""
        found = api.find(self.item, values, query=self.query(values))
        return None if found is None else self.outputs(found, values)

    def update(self, api: RestApi, values: Values, olds: Values) -> Values:
        """Change the object; returns what is told only now."""
        changed = {each.name for each in changes(self.fields, olds, values)}
        if changed - {each.name for each in self.fields if each.local}:
            api.call(
                self.update_verb,
                self.item,
                values,
                query=self.query(values),
                body=self.body(values, update=True),
            )
        return {}

    def delete(self, api: RestApi, values: Values) -> None:
        """Remove the object, if it is still there."""
        api.remove(self.item, values, query=self.query(values))

    def query(self, values: Values) -> dict[str, str]:
        """The query of a call to `item`."""
        return {name: template.format_map(values) for name, template in self.item_query.items()}

    def body(self, values: Values, *, update: bool = False) -> dict[str, Any]:
        """What is sent of these values: all that is the forge's, and in an update only what can change."""
        sent = [
            each
            for each in self.fields
            if not (each.computed or each.local or (update and each.replaces))
            and f"{{{each.name}}}" not in self.collection
        ]
        return to_api(sent, values)

    def outputs(self, found: Mapping[str, Any], values: Values) -> Values:
        """An answer in Pulumi's names. What the id says is not taken from it: a forge may spell it otherwise."""
        del values
        told = [
            each
            for each in self.fields
            if not each.local and (each.computed or each.name not in self.identity_names)
        ]
        return from_api(told, found)
