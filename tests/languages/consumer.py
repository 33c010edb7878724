"""A project in an empty folder beside a checkout, as docs/languages.md has it.

An engine of our own has a network of its own without a way out. These tests run outside it, since a person's `npm install`
reaches the registry from there; what needs the engine's addresses is started inside.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrap import cli, engine
from bootstrap.commands import clean_go_environment
from bootstrap.layout import layout
from bootstrap.programs import QUICK
from tests.languages.guide import REPOSITORY, Guide

FETCHING = ("pulumi -C", "python3 -m venv", "venv/bin/pip", "npm ", "pulumi package add", "go mod")
"""Commands that reach a package registry."""

URL = "https://gitlab.example.com"
"""The address that the page has for GitLab."""

TIMEOUT_S = 540


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A person's project, and the environment that they type commands in."""

    folder: Path
    environment: dict[str, str]
    token: str

    @classmethod
    def at(cls, directory: Path, guide: Guide, *, token: str) -> "Consumer":
        """Write the page's files into an empty folder, with a checkout beside it."""
        (directory / "ci-runners").symlink_to(REPOSITORY)
        (directory / "state").mkdir()
        folder = directory / guide.language
        folder.mkdir()
        for name, text in guide.files.items():
            (folder / name).write_text(text)
        places = layout()
        environment = {
            **clean_go_environment(places.cache),
            **cli.environment(places),
            "GOFLAGS": f"-trimpath -buildvcs=false '-gcflags={QUICK}'",
            "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
            "PULUMI_SKIP_CONFIRMATIONS": "true",
        }
        return cls(folder=folder, environment=environment, token=token)

    @contextmanager
    def without(self, words: re.Pattern[str]) -> Iterator[None]:
        """The program without these words, for as long as the block runs."""
        found = [(file, file.read_text()) for file in self.folder.iterdir() if file.is_file()]
        [(file, text)] = [each for each in found if words.search(each[1])]
        file.write_text(words.sub("", text))
        yield
        file.write_text(text)

    def attempt(self, command: str) -> subprocess.CompletedProcess[str]:
        """Type a command; whatever asks for something is given the token. Both outputs are in `stdout`."""
        line = command.replace(URL, self.environment["CI_RUNNERS_SANDBOX_URL"])
        words = ["sh", "-c", line]
        found = engine.recorded(layout())
        if found is not None and not command.startswith(FETCHING):
            words = found.inside(words)
        return subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            input=self.token,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def type(self, command: str) -> str:
        """Type a command that must succeed; returns what it wrote."""
        done = self.attempt(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout
