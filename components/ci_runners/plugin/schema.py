"""The package's schema: what other languages' programs see of the components, read from their types and docstrings.

Upstream's analyzer finds no docstring of a key that a TypedDict inherits, keeps the source's indentation in the others,
and knows no secrets. Here a description that says that something is a secret is what makes it one: text and mark cannot
disagree.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi.provider.experimental.analyzer import Analyzer, AnalyzeResult
from pulumi.provider.experimental.schema import generate_schema

NAME = "ci-runners"
_SAYS_SECRET = re.compile(r"\bA secret\b|\bSecrets, whether\b")
_ABOUT = {
    "displayName": "CI runners",
    "description": "Self-hosted CI runners that build container images: daemons, runners and projects at GitLab and"
    " GitHub",
    "keywords": ["category/infrastructure", "kind/component", "ci", "docker", "gitlab", "github", "runner"],
    "license": "MIT",
}


class DocumentedAnalyzer(Analyzer):
    """Upstream's, that looks for docstrings in the TypedDicts that one is made of too."""

    def get_docstring(self, typ: type, name: str) -> str | None:
        """The text below a key, an output or an enum's value."""
        for owner in (typ, *bases(typ)):
            found = super().get_docstring(owner, name)
            if found is not None:
                return found
        return None


def analyze(components: list[type[pulumi.ComponentResource]]) -> AnalyzeResult:
    """What there is of components and types."""
    return DocumentedAnalyzer(NAME).analyze(components)


def package_schema(found: AnalyzeResult, version: str) -> dict[str, Any]:
    """The schema (Pulumi docs, Pulumi package schema), as Pulumi reads it, without what says nothing."""
    spec = generate_schema(
        NAME,
        version,
        None,
        found["component_definitions"],
        found["type_definitions"],
        sorted(found["dependencies"], key=lambda each: each.name),
    )
    schema: dict[str, Any] = {**_renamed(_tidy(spec.to_json())), **_ABOUT}
    for said in _properties(schema):
        # What is plain cannot be marked: a program would make one output of a whole mapping, whose names a preview
        # then does not know. The component makes secrets of such a mapping's values itself.
        if _SAYS_SECRET.search(said["description"]) and not said.get("plain"):
            said["secret"] = True
    return schema


def bases(typ: type) -> Iterator[type]:
    """The TypedDicts that one inherits from, nearest first. Up to Python 3.11 only its source tells."""
    if not hasattr(typ, "__total__"):
        return
    definition = ast.parse(inspect.getsource(typ)).body[0]
    for base in definition.bases if isinstance(definition, ast.ClassDef) else ():
        if isinstance(base, ast.Name) and base.id != "TypedDict":
            found: type = getattr(sys.modules[typ.__module__], base.id)
            yield found
            yield from bases(found)


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """The types under names to which a language may add `Args`, as all do, without meeting a component's own."""
    components = {token.rpartition(":")[2] for token in schema["resources"]}
    names = {}
    for token in schema["types"]:
        bare = token.removesuffix("Args")
        names[token] = f"{bare}Section" if bare.rpartition(":")[2] in components else bare
    types = {names[token]: each for token, each in schema["types"].items()}
    renamed: dict[str, Any] = _referring({**schema, "types": types}, names)
    return renamed


def _referring(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  any JSON
    """The same with the references to types renamed."""
    if isinstance(value, Mapping):
        return {
            key: f"#/types/{names[each.removeprefix('#/types/')]}"
            if key == "$ref" and each.startswith("#/types/")
            else _referring(each, names)
            for key, each in value.items()
        }
    return [_referring(each, names) for each in value] if isinstance(value, list) else value


def _tidy(value: Any) -> Any:  # noqa: ANN401  any JSON
    if isinstance(value, Mapping):
        return {
            key: inspect.cleandoc(each) if key == "description" and isinstance(each, str) else _tidy(each)
            for key, each in value.items()
            if each is not None
        }
    return [_tidy(each) for each in value] if isinstance(value, list) else value


def _properties(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in ("resources", "types"):
        for definition in schema[kind].values():
            for part in ("inputProperties", "properties"):
                yield from definition.get(part, {}).values()
