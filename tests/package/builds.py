"""The package as it is built, and as it is installed."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from packaging.metadata import Metadata

REPOSITORY = Path(__file__).parents[2]
PROJECT = REPOSITORY / "components"
PACKAGE = PROJECT / "ci_runners"
TIMEOUT_S = 300
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The versions of Python that the package says it runs on."""


def declared() -> dict[str, Any]:
    """What components/pyproject.toml says of the package."""
    found: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return found


def extras() -> dict[str, list[str]]:
    """The requirements of each extra."""
    found: dict[str, list[str]] = declared()["optional-dependencies"]
    return found


def build(folder: Path) -> None:
    """Build the sdist and the wheel; the backend is a package of the lock, so nothing is fetched."""
    words = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr


def write_pins(file: Path) -> Path:
    """The lock's versions as constraints, without their hashes, which would be asked of the package itself too."""
    lock = (REPOSITORY / "requirements.lock").read_text().splitlines()
    file.write_text("\n".join(line.split()[0] for line in lock if "==" in line and line[0].isalnum()))
    return file


def only_file(folder: Path, pattern: str) -> Path:
    """The one file of a folder that matches."""
    (found,) = folder.glob(pattern)
    return found


def wheel_names(wheel: Path) -> set[str]:
    """The names of everything in the wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def sdist_names(sdist: Path) -> set[str]:
    """The names of everything in the sdist, without the folder that holds it all."""
    with tarfile.open(sdist) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def read(wheel: Path, name: str) -> bytes:
    """One file of the wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return opened.read(name)


def metadata(wheel: Path) -> Metadata:
    """The wheel's metadata. Raises for a field that is wrong, as an index would refuse it."""
    (name,) = (each for each in wheel_names(wheel) if each.endswith(".dist-info/METADATA"))
    return Metadata.from_email(read(wheel, name), validate=True)


def classifiers(wheel: Path) -> list[str]:
    """The wheel's classifiers."""
    (name,) = (each for each in wheel_names(wheel) if each.endswith(".dist-info/METADATA"))
    return BytesParser().parsebytes(read(wheel, name)).get_all("Classifier", [])


def source_files() -> set[str]:
    """Every file of the package, as a wheel names it."""
    found = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(PROJECT).as_posix() for path in found}
