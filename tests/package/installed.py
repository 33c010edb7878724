"""A virtual environment of its own with the package in it, as a person installs it."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.package.builds import PROJECT, TIMEOUT_S, write_pins

WHO = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false")
NOT_IN_GIT = shutil.ignore_patterns("__pycache__", ".*_cache", "venv", "dist")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An environment of the standard library's `venv`, into which pip installs."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> "Installed":
        """An empty environment."""
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        return cls(folder=folder)

    def pip(self, *words: str) -> None:
        """Run pip, which takes the versions of the lock, so that a new one elsewhere fails no test of ours."""
        pins = write_pins(self.folder / "pins.txt")
        self._pip("install", "--quiet", "--no-compile", "--constraint", str(pins), *words)

    def run(self, *words: str) -> str:
        """Run its Python, away from the checkout; it must succeed."""
        return _run([str(self.folder / "bin" / "python"), *words], cwd=self.folder)

    def names(self) -> set[str]:
        """The distributions that are there."""
        said = self._pip("list", "--format=freeze")
        return {canonicalize_name(line.partition("==")[0]) for line in said.splitlines()}

    def _pip(self, *words: str) -> str:
        pip = [sys.executable, "-m", "pip", "--python", str(self.folder), "--disable-pip-version-check"]
        return _run([*pip, *words], cwd=self.folder)


def git_repository(folder: Path) -> str:
    """A repository with the library at its place, as the working copy has it; returns its address."""
    folder.mkdir()
    shutil.copytree(PROJECT, folder / PROJECT.name, ignore=NOT_IN_GIT)
    for words in (
        ("init", "--quiet"),
        ("add", "--all"),
        (*WHO, "commit", "--quiet", "--message", "All of it"),
    ):
        _run(["git", *words], cwd=folder)
    return f"git+file://localhost{folder}"


def _run(words: Sequence[str], cwd: Path | None = None) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
