"""Previews with the policy pack: of an example, or of its bad twin in the example's place."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from bootstrap.station import connect
from tests.bad_twins.expected import EXAMPLES
from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli

PACK = REPOSITORY / "policies"
EXCEPTIONS = "policy-exceptions.json"
"""Where an example states what it asks the pack to except; it is the engine that does."""


@dataclass(frozen=True, kw_only=True)
class Previews:
    """Previews of examples in one folder, with a project at the sandbox for those that look one up."""

    folder: Path
    config: dict[str, str]
    secrets: dict[str, str]

    def preview(
        self, example: str, program: Path | None = None, *, config: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Preview an example, or another program in its place, with a configuration of the pack or the example's own."""
        state = self.folder / token_hex(4)
        directory = state / example
        shutil.copytree(EXAMPLES / example, directory)
        if program is not None:
            shutil.copy(program, directory / "__main__.py")
        environment = {**os.environ, "PULUMI_BACKEND_URL": f"file://{state}"}
        cli = PulumiCli(directory=directory, environment=environment)
        cli.run("stack", "init", "dev")
        plain = [word for key, value in self.config.items() for word in ("--plaintext", f"{key}={value}")]
        secret = [word for key, value in self.secrets.items() for word in ("--secret", f"{key}={value}")]
        cli.run("config", "set-all", *plain, *secret)
        given = config or (directory / EXCEPTIONS if program is None else None)
        words = ["--policy-pack-config", str(given)] if given is not None and given.is_file() else []
        return cli.attempt("preview", "--policy-pack", str(PACK), *words)


@contextmanager
def previews(folder: Path) -> Iterator[Previews]:
    """Previews against a project at the sandbox that lives as long."""
    url = os.environ["CI_RUNNERS_SANDBOX_URL"]
    token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text().strip()
    forge = connect(url, token)
    name = f"policy-{token_hex(3)}"
    project = forge.projects.create({"name": name, "path": name})
    config = {
        "gitlab:baseUrl": f"{url}/api/v4/",
        "gitlab_url": url,
        "project": f"root/{name}",
        "github_url": "https://github.com/owner/repository",
        "github:owner": "owner",
    }
    hidden = {"gitlab:token": token, "github_token": f"github_pat_{token_hex(12)}"}
    try:
        yield Previews(folder=folder, config=config, secrets=hidden)
    finally:
        forge.projects.delete(project.id)
