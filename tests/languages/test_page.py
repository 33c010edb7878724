"""The components from other languages: docs/languages.md at its word in YAML, and what the SDKs of the others hold.

The other languages' programs are in test_fetching.py, and with them TypeScript's and Go's SDKs are compiled. No compiler for
C# is at hand.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.languages.consumer import Consumer
from tests.languages.guide import REPOSITORY, guide
from tests.languages.programs import follow

pytestmark = pytest.mark.e2e

PLUGIN = REPOSITORY / "components"
EXAMPLES = {"python": "python-package", "typescript": "typescript", "yaml": "yaml"}
CHECKOUT = {"../ci-runners/components": "../../components"}
"""Where the page's empty folder finds the components, and where a folder of examples/ does."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """How a language's generator writes things down: regular expressions with `NAME` for the thing's name."""

    files: str
    component: str
    type: str
    enum: str
    property: str


LANGUAGES = {
    "nodejs": Written(
        files="**/*.ts",
        component=r"^export class NAME extends pulumi\.ComponentResource\b",
        type=r"^export interface NAMEArgs\b",
        enum=r"^export const NAME = \{",
        property=r"^ +(?:declare )?(?:public )?(?:/\*out\*/ )?(?:readonly )?NAME!?\??:",
    ),
    "go": Written(
        files="**/*.go",
        component=r"^type NAME struct \{\n\tpulumi\.ResourceState\b",
        type=r"^type NAME struct \{",
        enum=r"^type NAME string$",
        property=r'`pulumi:"NAME"`',
    ),
    "dotnet": Written(
        files="**/*.cs",
        component=r"^    public partial class NAME : global::Pulumi\.ComponentResource$",
        type=r"^    public sealed class NAMEArgs : global::Pulumi\.ResourceArgs$",
        enum=r"^    public readonly struct NAME : IEquatable<NAME>$",
        property=r'^        \[(?:Input|Output)\("NAME"',
    ),
}


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    return Consumer.at(tmp_path_factory.mktemp("sdks"), guide("yaml"), token="made-up")


@pytest.fixture(scope="module")
def schema(person: Consumer) -> dict[str, Any]:
    person.type(f"pulumi package get-schema {PLUGIN} > schema.json")
    found: dict[str, Any] = json.loads((person.folder / "schema.json").read_text())
    return found


def text_of(folder: Path, pattern: str) -> str:
    return "\n".join(file.read_text() for file in sorted(folder.glob(pattern)))


def missing(pattern: str, names: set[str], text: str) -> list[str]:
    """The names that are nowhere in the text as the pattern has them."""
    return sorted(name for name in names if not re.search(pattern.replace("NAME", name), text, re.MULTILINE))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_an_sdk_holds_all_of_the_schema(language: str, person: Consumer, schema: dict[str, Any]) -> None:
    written = LANGUAGES[language]
    person.type(f"pulumi package gen-sdk schema.json --language {language} --out sdks")
    text = text_of(person.folder / "sdks" / language, written.files)
    components = {token.rpartition(":")[2]: each for token, each in schema["resources"].items()}
    types = {token.rpartition(":")[2]: each for token, each in schema["types"].items()}
    enums = {name for name, each in types.items() if "enum" in each}
    properties = {
        name
        for each in (*components.values(), *types.values())
        for name in (*each.get("properties", {}), *each.get("inputProperties", {}))
    }

    assert {"DindDaemon", "GitLabRunner"} <= components.keys()
    assert {"Trust"} <= enums
    assert missing(written.component, set(components), text) == []
    assert missing(written.type, types.keys() - enums, text) == []
    assert missing(written.enum, enums, text) == []
    assert missing(written.property, properties, text) == []


@pytest.mark.parametrize("language", sorted(EXAMPLES))
def test_an_example_holds_what_the_page_shows(language: str) -> None:
    folder = REPOSITORY / "examples" / EXAMPLES[language]
    shown = guide(language).files
    for there, here in CHECKOUT.items():
        shown = {name: text.replace(there, here) for name, text in shown.items()}

    assert {name: (folder / name).read_text() for name in shown} == shown


def test_the_page_leads_from_an_empty_folder_to_a_runner_and_back_in_yaml(tmp_path: Path) -> None:
    followed = follow("yaml", tmp_path)

    assert "accept_privileged" in followed.refused
    assert followed.left_by_refused == []
    assert "13 created" in followed.first_up
    assert followed.running == {"dind": "healthy", "runner": "running"}
    assert "13 unchanged" in followed.second_up
    assert followed.token not in followed.first_up + followed.second_up + followed.exported
    assert followed.left == []
