"""One forge as a Pulumi package: its resource types, its settings, and how it is reached."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

from bootstrap.standins.fields import UNKNOWN, Field, Kind
from bootstrap.standins.function import Function
from bootstrap.standins.resource import Resource
from bootstrap.standins.rest_api import RestApi
from bootstrap.standins.version import stand_in_version


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting of the provider: its name, the environment variable that it falls back to, its default."""

    name: str
    env: str
    default: str = ""


@dataclass(frozen=True, kw_only=True)
class Forge:
    """A package. `distribution` is its SDK for Python, whose version the stand-in answers with."""

    name: str
    title: str
    distribution: str
    resources: tuple[Resource, ...]
    settings: tuple[Setting, ...]
    connect: Callable[[Mapping[str, str]], RestApi]
    """The API that the settings tell of. Raises `ApiError` where they are refused."""
    functions: tuple[Function, ...] = ()

    @property
    def version(self) -> str:
        """The version that the plugin answers with."""
        return stand_in_version(self.distribution)

    @property
    def label(self) -> str:
        """What the plugin says of itself."""
        return (
            f"pulumi-resource-{self.name} {self.version}: a stand-in for Pulumi's {self.title} plugin, "
            f"with {len(self.resources)} resource types and {len(self.functions)} functions over {self.title}'s REST API"
        )

    @cached_property
    def by_type(self) -> dict[str, Resource]:
        """The resource types by Pulumi's token."""
        return {each.type_name: each for each in self.resources}

    @cached_property
    def by_token(self) -> dict[str, Function]:
        """The functions by Pulumi's token."""
        return {each.name: each for each in self.functions}

    def settings_from(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Every setting: as given, else from the environment, else the default."""
        return {
            each.name: str(given.get(each.name) or os.environ.get(each.env) or each.default)
            for each in self.settings
        }

    def unknown_settings(self, given: Mapping[str, Any]) -> list[str]:
        """The settings given that the stand-in does not have. The engine's own are no settings."""
        known = {each.name for each in self.settings} | {"version", "pluginDownloadURL", "__internal"}
        return sorted(given.keys() - known)

    def schema(self) -> dict[str, Any]:
        """A schema of the types and functions that the stand-in has, from their tables."""
        return {
            "name": self.name,
            "version": version(self.distribution),
            "description": self.label,
            "resources": {each.type_name: _resource_schema(each) for each in self.resources},
            "functions": {each.name: _function_schema(each) for each in self.functions},
        }

    def is_known(self, settings: Mapping[str, str]) -> bool:
        """Whether a preview knows every setting already."""
        return UNKNOWN not in settings.values()


_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.WHOLE: {"type": "integer"},
    Kind.TRUTH: {"type": "boolean"},
    Kind.TEXTS: {"type": "array", "items": {"type": "string"}},
    Kind.WHOLES: {"type": "array", "items": {"type": "integer"}},
    Kind.OBJECT: {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}},
    Kind.OBJECTS: {"type": "array", "items": {"$ref": "pulumi.json#/Any"}},
}


def _properties(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {each.name: {**_TYPES[each.kind], "secret": each.secret} for each in fields}


def _function_schema(function: Function) -> dict[str, Any]:
    return {
        "inputs": {"properties": _properties(tuple(each for each in function.fields if not each.computed))},
        "outputs": {"properties": _properties(function.fields)},
    }


def _resource_schema(resource: Resource) -> dict[str, Any]:
    properties = _properties(resource.fields)
    given = {each.name for each in resource.fields if not each.computed}
    return {
        "properties": properties,
        "inputProperties": {name: value for name, value in properties.items() if name in given},
        "requiredInputs": [each.name for each in resource.fields if each.required],
    }
