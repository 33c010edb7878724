"""The plugin's schema: what every language's documentation and types are made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ci_runners import __version__
from ci_runners.plugin.components import COMPONENTS
from ci_runners.plugin.schema import analyze, package_schema

ROOT = Path(__file__).parents[2]
SECTIONS = {
    "BuildkitDaemonSection": "BuildkitDaemon",
    "CleanupSection": "CacheCleanup",
    "DindDaemonSection": "DindDaemon",
    "DrainSection": "RunnerDrain",
    "GitHubRunnerSection": "GitHubRunner",
    "HostDaemonSection": "HostDaemon",
    "KanikoSection": "Kaniko",
    "MetricsSection": "StationMetrics",
    "ProjectSection": "GitLabProject",
    "RepositorySection": "GitHubRepository",
    "RunnerSection": "GitLabRunner",
}
"""A station's sections, and the components whose arguments they hold."""


@dataclass(frozen=True, kw_only=True)
class Property:
    """An argument or an output: its names, and what the schema says of it."""

    python: str
    schema: dict[str, Any]
    other: str
    """The name in TypeScript, YAML, Go and C#."""
    required: bool

    @property
    def text(self) -> str:
        """The description on one line."""
        return " ".join(str(self.schema.get("description") or "").split())


def components() -> tuple[type[Any], ...]:
    """The classes that the plugin serves, by name."""
    return tuple(sorted(COMPONENTS, key=lambda component: component.__name__))


@cache
def schema() -> dict[str, Any]:
    """What the plugin says of all of them."""
    return package_schema(analyze(COMPONENTS), __version__)


def resource(name: str) -> dict[str, Any]:
    """What the schema says of one component."""
    found: dict[str, Any] = schema()["resources"][f"ci-runners:index:{name}"]
    return found


def arguments(name: str) -> list[Property]:
    """The arguments of a component, required ones first."""
    said = resource(name)
    return _properties(said["inputProperties"], said.get("requiredInputs") or [])


def outputs(name: str) -> list[Property]:
    """The outputs of a component."""
    return _properties(resource(name)["properties"], [])


def fields(type_name: str) -> list[Property]:
    """What a nested type holds."""
    said = schema()["types"][f"ci-runners:index:{type_name}"]
    return _properties(said["properties"], said.get("required") or [])


def own_fields(type_name: str) -> list[Property]:
    """Of a section, what it says otherwise than its component; of another type, everything."""
    if type_name not in SECTIONS:
        return fields(type_name)
    said = {item.python: item.text for item in arguments(SECTIONS[type_name])}
    return [item for item in fields(type_name) if said.get(item.python) != item.text]


def left_out(type_name: str) -> list[str]:
    """The arguments of its component that a section does not have."""
    held = {item.python for item in fields(type_name)}
    return [item.python for item in arguments(SECTIONS[type_name]) if item.python not in held]


def types_of(properties: list[Property]) -> Iterator[str]:
    """The nested types and closed sets that properties lead to, each once, in the order in which they are met."""
    seen: dict[str, None] = {}
    for item in properties:
        name = _leads_to(item.schema)
        if name is None or name in seen:
            continue
        seen[name] = None
        if "enum" not in schema()["types"][f"ci-runners:index:{name}"]:
            seen.update(dict.fromkeys(types_of(own_fields(name))))
    yield from seen


def _leads_to(said: dict[str, Any]) -> str | None:
    inner = said.get("items") or said.get("additionalProperties") or said
    reference = str(inner.get("$ref") or "")
    return reference.rsplit(":", 1)[-1] if "ci-runners:" in reference else None


def _properties(said: dict[str, Any], required: list[str]) -> list[Property]:
    found = [
        Property(python=_snake(name), other=name, schema=about, required=name in required)
        for name, about in said.items()
    ]
    return sorted(found, key=lambda item: not item.required)


def _snake(name: str) -> str:
    """Pulumi's own way back: an underscore before each capital."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
