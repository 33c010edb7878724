"""Other versions of Python than the tests' own, as far as this machine has them or can get them."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.package.builds import REPOSITORY

TIMEOUT_S = 580


def find(version: str) -> str | None:
    """The interpreter of a version: on PATH, pyenv's, or uv's, which gets it. None where none is to be had."""
    return next((program for program in _candidates(version) if _is(program, version)), None)


def run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        words, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )


def pip(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the tests' own pip."""
    return run([sys.executable, "-m", "pip", "--disable-pip-version-check", *words])


def _candidates(version: str) -> Iterator[str]:
    name = f"python{version}"
    if found := shutil.which(name):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from (str(file) for file in sorted(pyenv.glob(f"versions/{version}.*/bin/{name}")))
    # Neither is there on every machine, and what uv gets lies at no package registry.
    with contextlib.suppress(FileNotFoundError):
        run(["uv", "python", "install", version])
        yield run(["uv", "python", "find", "--managed-python", version]).stdout.strip()


def _is(program: str, version: str) -> bool:
    """Whether it runs, and is of that version: pyenv has a program of each name that only says which it lacks."""
    with contextlib.suppress(OSError):
        return (
            run([program, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).stdout.strip()
            == version
        )
    return False
