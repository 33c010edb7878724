"""The plugin's schema: reviewed as components/schema.json, and of one mind with the code."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf.empty_pb2 import Empty

import ci_runners
from ci_runners.plugin.components import COMPONENTS
from tests.graph.plugin_process import PLUGIN, Plugin

WRITTEN = PLUGIN / "schema.json"
SECRETS = {
    "BuildkitDaemon.authorityKey",
    "BuildkitDaemonSection.authorityKey",
    "DindDaemon.authorityKey",
    "DindDaemonSection.authorityKey",
    "GitHub.token",
    "GitHubApp.privateKey",
    "GitHubRunner.token",
    "GitLab.apiToken",
    "GitLab.token",
    "GitLabProject.runnerToken",
    "GitLabProject.secretValues",
    "GitLabRunner.token",
    "GitLabSecretVariable.value",
    "ProjectSection.secretValues",
    "RegistryMirror.password",
    "RunnerDrain.apiToken",
}
Schema = dict[str, Any]


def properties(schema: Schema) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that has a type, and the name of where it stands."""
    for token, definition in {**schema["resources"], **schema["types"]}.items():
        for part in ("inputProperties", "properties"):
            for name, said in definition.get(part, {}).items():
                yield f"{token.rpartition(':')[2]}.{name}", said


def leaves(said: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  any JSON
    """A property's type, or those of what it holds."""
    inner = [said[key] for key in ("items", "additionalProperties") if key in said]
    for each in inner:
        yield from leaves(each)
    if not inner:
        yield said


def test_the_reviewed_schema_is_that_of_the_code(schema: Schema) -> None:
    assert json.loads(WRITTEN.read_text()) == schema, (
        "the schema changed: look the difference over, then write it anew with"
        " `cd components && python -m ci_runners.plugin > schema.json`"
    )


def test_public_components_plugin_and_schema_are_the_same(schema: Schema) -> None:
    served = sorted(component.__name__ for component in COMPONENTS)
    public = [getattr(ci_runners, name) for name in ci_runners.__all__]
    components = [
        each for each in public if isinstance(each, type) and issubclass(each, pulumi.ComponentResource)
    ]

    assert sorted(component.__name__ for component in components) == served
    assert sorted(schema["resources"]) == [f"ci-runners:index:{name}" for name in served]


def test_every_component_has_its_arguments_among_the_public_names() -> None:
    missing = {f"{component.__name__}Args" for component in COMPONENTS} - set(ci_runners.__all__)

    assert missing == set()


def test_there_is_one_version_and_one_name(plugin: Plugin, schema: Schema) -> None:
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())
    version = Path(project["tool"]["hatch"]["version"]["path"])

    assert project["project"]["name"] == schema["name"] == "ci-runners"
    assert version == Path("ci_runners/_version.py")
    assert plugin.stub.GetPluginInfo(Empty()).version == schema["version"] == ci_runners.__version__


def test_pulumi_runs_the_folder_as_a_python_plugin() -> None:
    manifest = yaml.safe_load((PLUGIN / "PulumiPlugin.yaml").read_text())

    assert manifest["runtime"]["name"] == "python"
    assert (PLUGIN / "__main__.py").is_file()


def test_everything_in_the_schema_is_described(schema: Schema) -> None:
    described = dict(properties(schema))
    for token, definition in {**schema["resources"], **schema["types"]}.items():
        name = token.rpartition(":")[2]
        described[name] = definition
        described |= {f"{name}={value['value']}": value for value in definition.get("enum", ())}

    assert {"GitLabRunner.concurrent", "S3Cache", "LogLevel=warn"} <= described.keys()
    assert [name for name, said in described.items() if not said.get("description")] == []


def test_descriptions_keep_nothing_of_the_sources_indentation(schema: Schema) -> None:
    assert [name for name, said in properties(schema) if "\n  " in said["description"]] == []


def test_secrets_are_marked(schema: Schema) -> None:
    assert {name for name, said in properties(schema) if said.get("secret")} == SECRETS


def test_whole_numbers_are_integers_and_everything_has_a_type(schema: Schema) -> None:
    numbers = {
        name for name, said in properties(schema) for each in leaves(said) if each.get("type") == "number"
    }
    untyped = [
        name
        for name, said in properties(schema)
        for each in leaves(said)
        if each.get("type") not in {"boolean", "integer", "number", "string"}
        and each.get("$ref", "").removeprefix("#/types/") not in schema["types"]
    ]

    assert untyped == []
    assert {name.partition(".")[2] for name in numbers} == {"cpus", "maxSizeGb"}


def test_no_type_gets_the_name_of_a_components_arguments_in_a_language(schema: Schema) -> None:
    # Languages call what a type is given by `<Type>Args`, and what a component is given by `<Component>Args`.
    assert not set(schema["types"]) & set(schema["resources"])
    assert [token for token in schema["types"] if token.endswith("Args")] == []
