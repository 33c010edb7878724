"""Recorded states: a program of a release, the stack that it made on a real engine, and what the forge said of itself.

A folder of `states/` is a release. Of each of its programs there is, beside it, the stack's export (`.state.json`,
secrets encrypted with PASSPHRASE) and the forge's answers to a preview (`.answers.json`).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ci_runners
from tests.e2e.pulumi_cli import PulumiCli
from tests.upgrade.forge import Forge

STATES = Path(__file__).parent / "states"
PASSPHRASE = "a passphrase that everybody may know"
"""It hides no secret of value: what it encrypts is made up, or died with the sandbox."""
TOKEN = "a-token-of-no-one"
SOCKET, DATA = "/var/run/docker.sock", "/var/lib/docker"
"""Stand in a state for where the engine's socket and its data really were."""
GITLAB, GITHUB = "https://gitlab.example.com", "https://github.example.com"
"""Stand in a state for where the forge's API really was."""
REGISTRY = "https://registry-1.docker.io"
"""Stands for the registry that a mirror mirrors."""
OWNER = "upgrade-org"
PROJECT = "upgrade-app"


def release() -> Path:
    """The folder of the version that there is now."""
    return STATES / f"v{ci_runners.__version__.replace('.', '_')}"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One program of a release."""

    program: Path

    @property
    def name(self) -> str:
        """Its Pulumi project, too."""
        return self.program.stem.replace("_", "-")

    @property
    def state(self) -> Path:
        return self.program.with_suffix(".state.json")

    @property
    def answers(self) -> Path:
        return self.program.with_suffix(".answers.json")

    @property
    def forge(self) -> str:
        """gitlab or github, whose provider the program uses."""
        return "github" if self.name.startswith("github") else "gitlab"

    def exported(self) -> dict[str, Any]:
        """The recorded export."""
        found: dict[str, Any] = json.loads(self.state.read_text())
        return found

    def answered(self) -> dict[str, Any]:
        """What the forge answered, by path and query."""
        found: dict[str, Any] = json.loads(self.answers.read_text())
        return found

    def stack(self, folder: Path, forge: Forge, *, token: str = TOKEN) -> PulumiCli:
        """A new stack with this program, whose provider asks this forge."""
        project = folder / self.name
        project.mkdir()
        (project / "Pulumi.yaml").write_text(f"name: {self.name}\nruntime: python\n")
        (project / "__main__.py").write_text(self.program.read_text())
        cli = PulumiCli(directory=project, environment=environment(folder))
        cli.run("stack", "init", "dev")
        cli.run("config", "set-all", *self._config(forge.url), "--secret", f"{self.forge}:token={token}")
        return cli

    def _config(self, url: str) -> list[str]:
        given: Mapping[str, str] = {"gitlab:baseUrl": f"{url}/api/v4/"}
        if self.forge == "github":
            given = {"github:baseUrl": f"{url}/api/v3/", "github:owner": OWNER}
        return [word for key, value in given.items() for word in ("--plaintext", f"{key}={value}")]


def recorded(folder: Path) -> list[Recorded]:
    """Every program of a release."""
    return [Recorded(program=file) for file in sorted(folder.glob("*.py"))]


def environment(folder: Path) -> dict[str, str]:
    """That of the machine, with a backend of its own and the passphrase of the recorded states."""
    others = {key: value for key, value in os.environ.items() if key != "PULUMI_CONFIG_PASSPHRASE_FILE"}
    return {**others, "PULUMI_BACKEND_URL": f"file://{folder}", "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
