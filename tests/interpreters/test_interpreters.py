"""The package on every version of Python that it names: for real where there is one, else as far as tools can tell.

These fetch packages, so they run outside the machine's own network, and not in `make test`: `pytest tests/interpreters`.
"""

import re
import sys
from pathlib import Path

import pytest

from tests.interpreters import pythons
from tests.package.builds import PYTHONS, build, only_file, write_pins

TESTS = ["tests/graph"]
"""Every component is made there, from all that is read and rendered. Other tests need programs beside Python."""
TOOLS = [
    "hypothesis",
    "pulumi-policy",
    "pytest",
    "pytest-randomly",
    "pytest-timeout",
    "pytest-xdist",
    "syrupy",
]
EXTRAS = "github,gitlab,preflight"


@pytest.mark.parametrize("version", PYTHONS)
def test_the_components_work_on_it(version: str, tmp_path: Path) -> None:
    python = pythons.find(version)
    if python is None:
        pytest.skip(f"no Python {version} is to be had here: not on PATH, not pyenv's, not by uv")
    build(tmp_path)
    venv = tmp_path / "venv"
    made = pythons.run([python, "-m", "venv", "--without-pip", str(venv)])
    assert made.returncode == 0, made.stderr
    wanted = f"{only_file(tmp_path, '*.whl')}[{EXTRAS}]"
    pins = str(write_pins(tmp_path / "pins.txt"))
    installed = pythons.pip("--python", str(venv), "install", "--quiet", "--constraint", pins, wanted, *TOOLS)
    assert installed.returncode == 0, installed.stderr

    done = pythons.run([str(venv / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS])

    assert done.returncode == 0, done.stdout
    assert re.search(r"^\d{3,} passed", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("version", PYTHONS)
def test_everything_that_it_needs_is_there_as_wheels(version: str, tmp_path: Path) -> None:
    build(tmp_path)
    wanted = f"{only_file(tmp_path, '*.whl')}[{EXTRAS}]"
    pins = str(write_pins(tmp_path / "pins.txt"))
    asked = ("--python-version", version, "--only-binary", ":all:", "--target", str(tmp_path / "packages"))

    done = pythons.pip("install", "--quiet", "--dry-run", *asked, "--constraint", pins, wanted)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("version", PYTHONS)
def test_its_types_are_right_as_that_version_sees_them(version: str, tmp_path: Path) -> None:
    words = ["--python-version", version, "--cache-dir", str(tmp_path), "components/ci_runners"]

    done = pythons.run([sys.executable, "-m", "mypy", *words])

    assert done.returncode == 0, done.stdout
