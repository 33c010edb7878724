"""Three files name the same packages for three readers; none of them may say something else."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)")


def pins(file: str) -> dict[str, str]:
    """Package name, in its normal form, to exact version."""
    found = (PIN.match(line) for line in (ROOT / file).read_text().splitlines())
    return {normal(match[1]): match[2] for match in found if match}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_the_program_pins_is_what_the_lock_holds() -> None:
    program, lock = pins("requirements.txt"), pins("requirements.lock")

    assert program
    assert {name: lock.get(name) for name in program} == program


def test_what_the_lock_is_made_from_is_what_the_lock_holds() -> None:
    source, lock = pins("requirements.in"), pins("requirements.lock")

    assert source
    assert {name: lock.get(name) for name in source} == source


def test_what_the_program_needs_is_part_of_what_the_lock_is_made_from() -> None:
    assert pins("requirements.txt").items() <= pins("requirements.in").items()


def test_every_package_of_the_lock_has_a_hash() -> None:
    packages = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())

    pinned = [package for package in packages if PIN.match(package)]

    assert pinned
    assert [package for package in pinned if "--hash=sha256:" not in package] == []


def test_the_lock_satisfies_what_the_library_asks_for() -> None:
    project = tomllib.loads((ROOT / "components" / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    wanted = [Requirement(line) for line in [*project["dependencies"], *extras]]
    lock = pins("requirements.lock")

    assert [
        str(want) for want in wanted if not want.specifier.contains(lock.get(normal(want.name), "0"))
    ] == []
