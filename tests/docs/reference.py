"""The pages of docs/reference, made from the schema and the code: `python -m tests.docs.reference`.

A test makes them again and compares, so that a page cannot say what the code does not.
"""

import inspect
import re
import sys
import textwrap
from functools import cache
from pathlib import Path

from ci_runners import images
from tests.docs.command_line import command_line_page
from tests.docs.connection_page import connection_page
from tests.docs.refusals import Refusal, refusals
from tests.docs.schema import (
    ROOT,
    SECTIONS,
    Property,
    arguments,
    components,
    left_out,
    outputs,
    own_fields,
    resource,
    schema,
    types_of,
)
from tests.docs.tables import NOTHING, WIDTH, cell, lines_of, table

FOLDER = ROOT / "docs/reference"
MADE = "<!-- Made by `python -m tests.docs.reference` from the schema and the code. Change those, not this page. -->"
IMAGE = re.compile(r"`images\.([A-Z_]+)`")
"""The constant that holds an image of the package."""
ABOUT = {
    "BuildStation": "../stations.md",
    "BuildkitDaemon": "../ways/buildkit.md",
    "CacheCleanup": "../cleanup.md",
    "DindDaemon": "../ways/dind.md",
    "GitHubRepository": "../forges/github.md",
    "GitHubRunner": "../forges/github-runner.md",
    "GitLabProject": "../forges/gitlab.md",
    "GitLabRunner": "../forges/gitlab.md",
    "HostDaemon": "../ways/dood.md",
    "Kaniko": "../ways/kaniko.md",
    "RegistryMirror": "../registry-mirror.md",
    "RunnerDrain": "../drain.md",
    "StationMetrics": "../metrics.md",
}
"""The page that says when and why; a new component needs one."""
OWN_RULES = {"BuildStation": ("ci_runners.station", "ci_runners.render.station")}
"""Where only some modules' refusals are on the page: the station's sections have those of their own pages."""
UNITS = re.compile(r"(MiB|GB|KB|Bytes|Percent|Seconds|Minutes|Hours|Days|CPUs)\b|.*?, (bytes)\.")
DEFAULT = re.compile(r" ?Defaults (?:to )?((?:`[^`]*`|[^.`]|\.(?=\S))*)\.?")


@cache
def pages() -> dict[Path, str]:
    """Every page by its path."""
    named = {component.__name__: component for component in components()}
    made = {f"{name}.md": _page(name, component) for name, component in named.items()}
    made |= {"README.md": _index(named), "command-line.md": command_line_page(MADE)}
    made["connection.md"] = connection_page(MADE)
    return {FOLDER / name: text for name, text in made.items()}


def default_of(item: Property) -> str:
    """What the description says comes of an argument that is not given; empty where it says nothing."""
    found = DEFAULT.search(item.text)
    return IMAGE.sub(lambda named: f"`{getattr(images, named[1])}`", found[1].strip()) if found else ""


def unit_of(item: Property) -> str:
    """The unit of a number; empty where it counts things."""
    found = UNITS.match(item.text) if item.schema.get("type") in {"integer", "number"} else None
    unit = (found[1] or found[2]) if found else ""
    return unit if unit.isupper() or unit in {"MiB", "CPUs"} else unit.lower()


def _index(named: dict[str, type]) -> str:
    rows = [[f"[`{name}`]({name}.md)", cell(_first(str(resource(name)["description"])))] for name in named]
    return "\n".join(
        [
            MADE,
            "# Reference",
            "",
            "Every argument and every output of every component, what is refused and what to do then.",
            "",
            *table(["component", "what it is"], rows),
            "",
            "[The connection](connection.md) is what one component hands to another.",
            "[The command line](command-line.md) needs no stack.",
            "",
            "## How to read a page",
            "",
            "- **Names**: in Python an argument is written `like_this`; in TypeScript, YAML, Go and C# `likeThis`, which",
            "  stands below it where it differs.",
            "- **plain or output**: a *plain* value is checked before anything is created, so it cannot be an output of",
            "  another resource. Where an output is taken, what it holds is checked once it is known.",
            "- **type**: with a number's unit; a number without one counts things.",
            "  A nested type like `S3Cache` is `S3CacheArgs` in Python, where a plain dict does as well.",
            "- **What is refused**: all of it is said at once, each with argument, value, what was expected and the fix, and",
            "  nothing is created or changed then. `…` stands for what only a message can say: a position, a name, a value.",
            "- Every component also refuses an argument that it does not have, a required one that is missing, and a",
            "  value of another type than the one that is written here.",
            "",
        ]
    )


def _page(name: str, component: type) -> str:
    module = inspect.getmodule(component)
    assert module is not None
    assert module.__file__ is not None
    path = Path(module.__file__).resolve().relative_to(ROOT)
    first, _, rest = inspect.cleandoc(module.__doc__ or "").partition("\n\n")
    parts = [
        MADE,
        f"# {name}",
        "",
        *lines_of(inspect.cleandoc(str(resource(name)["description"]))),
        "",
        f"Type `ci-runners:index:{name}`; code in [{path.name}](../../{path}).",
        f"When and why to use it: [{Path(ABOUT[name]).name}]({ABOUT[name]}).",
        "",
        *(["## What it stands up", "", *lines_of(_first(first)), "", *lines_of(rest), ""] if rest else []),
        "## Arguments",
        "",
        *_arguments(arguments(name)),
        "",
        "## Outputs",
        "",
        *_outputs(name),
        "",
        *_nested(list(types_of(arguments(name)))),
        "## What is refused",
        "",
        *_refused(name, component),
        "",
    ]
    return "\n".join(parts)


def _arguments(items: list[Property], owner: str = "in") -> list[str]:
    rows = [
        [
            _named(item, owner),
            _type(item),
            "**required**" if item.required else cell(default_of(item)) or NOTHING,
            "plain" if item.schema.get("plain") else "output",
            cell(DEFAULT.sub("", item.text).strip() or _of_its_type(item)),
        ]
        for item in items
    ]
    return table(["argument", "type", "default", "plain or output", "what it is"], rows)


def _outputs(name: str) -> list[str]:
    rows = [[_named(item, "out"), _type(item), cell(item.text)] for item in outputs(name)]
    return table(["output", "type", "what it is"], rows)


def _nested(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        said = schema()["types"][f"ci-runners:index:{name}"]
        found += [f"### {name}", "", *lines_of(inspect.cleandoc(str(said.get("description") or ""))), ""]
        if "enum" in said:
            rows = [
                [f"`{value['value']}`", cell(value.get("description") or NOTHING)] for value in said["enum"]
            ]
            found += table(["value", "what it means"], rows)
        else:
            found += _section(name) if name in SECTIONS else []
            found += _arguments(own_fields(name), name.lower()) if own_fields(name) else []
        found.append("")
    return ["## Types", "", *found] if found else []


def _section(name: str) -> list[str]:
    """What a station's section has of its component's arguments."""
    component = SECTIONS[name]
    without = ", ".join(f"`{argument}`" for argument in left_out(name))
    less = f" but for {without}, which the station knows" if without else ""
    other = "; what it says otherwise:" if own_fields(name) else "."
    said = f"The arguments of [{component}]({component}.md#arguments){less}{other}"
    return [*textwrap.wrap(said, WIDTH), ""]


def _refused(name: str, component: type) -> list[str]:
    modules = OWN_RULES.get(name, ("ci_runners.",))
    known = {item.python for item in arguments(name)} | {"name", "…"}
    found = [refusal for refusal in refusals(component, modules) if _heads(refusal) <= known]
    rows = [[f"`{it.field}`", cell(it.expected), cell(it.fix if it.fix != "…" else "")] for it in found]
    more = [
        "What a section is made of is refused as on the page of its component.",
        "",
    ]
    return [*(more if name in OWN_RULES else []), *table(["argument", "expected", "fix"], rows)]


def _heads(refusal: Refusal) -> set[str]:
    return {re.split(r"[.\[]", part.strip())[0] for part in refusal.field.split(",")}


def _named(item: Property, owner: str) -> str:
    other = "" if item.other == item.python else f"<br>`{item.other}`"
    return f'<a id="{owner}-{item.python}"></a>`{item.python}`{other}'


def _type(item: Property) -> str:
    unit = f", {unit_of(item)}" if unit_of(item) else ""
    secret = ", **secret**" if item.schema.get("secret") else ""
    return f"{_shape(item.schema)}{unit}{secret}"


def _shape(said: dict[str, object]) -> str:
    if isinstance(inner := said.get("items"), dict):
        return f"list of {_shape(inner)}"
    if isinstance(inner := said.get("additionalProperties"), dict):
        return f"map of {_shape(inner)}"
    reference = str(said.get("$ref") or "")
    if "ci-runners:" not in reference:
        return "anything" if reference else str(said.get("type"))
    name = reference.rsplit(":", 1)[-1]
    return f"[{name}](#{name.lower()})"


def _of_its_type(item: Property) -> str:
    """What a nested type or closed set says of itself, for an argument that says no more than its default."""
    reference = str(item.schema.get("$ref") or "").removeprefix("#/types/")
    return _first(str(schema()["types"].get(reference, {}).get("description") or ""))


def _first(text: str) -> str:
    """The first paragraph on one line."""
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for target, page in pages().items():
        target.write_text(page)
        sys.stdout.write(f"{target.relative_to(ROOT)}\n")
