"""The examples' programs: each one's stacks, its configuration as shipped, and the preview that lies beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.bad_twins.expected import EXAMPLES, programs

STACK = "dev"
STACKS = {"two-environments": ["dev", "prod"]}
"""Where an example brings a configuration for each; a file of another one is somebody's own stack."""
MADE_UP_SECRET = "github_pat_01234567890abcdefghi"


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program of the examples."""

    name: str
    """Its folder, below that of the examples."""

    @property
    def folder(self) -> Path:
        return EXAMPLES / self.name

    @property
    def preview(self) -> Path:
        """The expected first preview of every stack."""
        return self.folder / "preview.txt"

    @property
    def project(self) -> dict[str, Any]:
        """Its Pulumi.yaml."""
        found: dict[str, Any] = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())
        return found

    @property
    def stacks(self) -> list[str]:
        """Its stacks."""
        return STACKS.get(self.name, [STACK])

    def configuration(self, stack: str) -> dict[str, str]:
        """What its program finds configured before anybody has set anything, as Pulumi hands it over."""
        name = self.project["name"]
        values: dict[str, Any] = {
            f"{name}:{key}": said.get("default", MADE_UP_SECRET)
            for key, said in (self.project.get("config") or {}).items()
        }
        if self.name in STACKS:
            values |= yaml.safe_load((self.folder / f"Pulumi.{stack}.yaml").read_text())["config"]
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}

    def secrets(self) -> list[str]:
        """The keys of secrets among them."""
        said = self.project.get("config") or {}
        return [f"{self.project['name']}:{key}" for key, each in said.items() if each.get("secret")]


def catalog() -> list[Program]:
    """All of them."""
    return [Program(name=name) for name in programs()]
