"""What the wheel and the sdist hold, and what they say of themselves."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

import ci_runners
from ci_runners.extras import EXTRAS
from tests.package.builds import (
    PACKAGE,
    PROJECT,
    PYTHONS,
    REPOSITORY,
    classifiers,
    declared,
    extras,
    metadata,
    read,
    sdist_names,
    source_files,
    wheel_names,
)

BROUGHT_ALONG = {"grpcio": "pulumi", "protobuf": "pulumi", "requests": "docker"}
"""What the package imports only beside something else that needs it too, and which."""
PLUGIN = {"PulumiPlugin.yaml", "__main__.py", "requirements.txt"}


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel: Path) -> None:
    names = {name for name in wheel_names(wheel) if ".dist-info/" not in name}

    assert names == source_files()
    assert "ci_runners/py.typed" in names
    assert any(name.endswith(".sh") for name in names)


def test_the_wheel_holds_the_license_of_the_repository(wheel: Path) -> None:
    (name,) = (each for each in wheel_names(wheel) if each.endswith("/licenses/LICENSE"))

    assert read(wheel, name) == (REPOSITORY / "LICENSE").read_bytes()


def test_the_sdist_holds_the_package_and_what_makes_it_a_plugin(sdist: Path) -> None:
    names = sdist_names(sdist)

    assert {name for name in names if name.startswith("ci_runners/")} == source_files()
    # The backend takes a .gitignore along where there is one.
    others = names - source_files() - {".gitignore"}
    assert others == PLUGIN | {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}


def test_an_index_would_take_the_metadata(wheel: Path) -> None:
    said = metadata(wheel)

    assert (said.name, said.license_expression, said.license_files) == ("ci-runners", "MIT", ["LICENSE"])
    assert said.description_content_type == "text/markdown"
    assert said.description == (PROJECT / "README.md").read_text()
    assert set(said.provides_extra or ()) == set(extras())


def test_the_version_is_that_of_the_package_everywhere(wheel: Path, sdist: Path) -> None:
    wanted = ci_runners.__version__

    assert str(metadata(wheel).version) == wanted
    assert str(parse_wheel_filename(wheel.name)[1]) == wanted
    assert str(parse_sdist_filename(sdist.name)[1]) == wanted


def test_the_version_is_written_in_one_place() -> None:
    files = [path for path in PROJECT.rglob("*") if path.suffix in {".md", ".py", ".toml", ".txt", ".yaml"}]
    # Not a longer version that ends or begins with the same digits.
    version = re.compile(rf"(?<![\d.]){re.escape(ci_runners.__version__)}(?![\d.]*\d)")

    assert [path.name for path in files if version.search(path.read_text())] == ["_version.py"]


def test_the_versions_of_python_are_said_the_same_way_twice(wheel: Path) -> None:
    named = [each.rpartition(" :: ")[2] for each in classifiers(wheel)]

    assert [name for name in named if re.fullmatch(r"3\.\d+", name)] == list(PYTHONS)
    assert str(metadata(wheel).requires_python) == f">={PYTHONS[0]}"


def imported_distributions() -> set[str]:
    """The distributions whose modules any file of the package imports, the standard library left out."""
    owners = importlib.metadata.packages_distributions()
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found |= {name.partition(".")[0] for name in names}
    others = found - set(sys.stdlib_module_names) - {"ci_runners"}
    return {canonicalize_name(owners[name][0]) for name in others}


def test_the_package_asks_for_exactly_what_it_imports() -> None:
    lines = [*declared()["dependencies"], *(line for lines in extras().values() for line in lines)]
    asked = {canonicalize_name(Requirement(line).name) for line in lines}

    imported = imported_distributions()

    assert imported - set(BROUGHT_ALONG) == asked
    for brought, owner in BROUGHT_ALONG.items():
        needs = importlib.metadata.requires(owner) or []
        assert brought in {canonicalize_name(Requirement(line).name) for line in needs}


def test_the_error_of_a_missing_extra_knows_every_extra_and_what_it_brings() -> None:
    brought = {
        extra: {canonicalize_name(Requirement(line).name) for line in lines}
        for extra, lines in extras().items()
    }

    assert {extra: {canonicalize_name(module)} for module, extra in EXTRAS.items()} == brought


def test_the_plugin_is_installed_with_the_extras_of_its_components() -> None:
    lines = (PROJECT / "requirements.txt").read_text().splitlines()

    (asked,) = (line for line in lines if not line.startswith("#"))

    # The Docker SDK is for two commands; no component needs it.
    assert set(asked.removeprefix(".[").removesuffix("]").split(",")) == set(extras()) - {"preflight"}
