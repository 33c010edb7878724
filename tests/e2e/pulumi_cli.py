"""The Pulumi CLI on a project and a state of the test's own, with the stand-ins on PATH."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
TIMEOUT_S = 300
"""For a command that hangs; a busy machine takes a minute for five stations."""

LAUNCHERS = {
    "pulumi-language-python": "bootstrap.standins.language_host",
    "pulumi-resource-gitlab": "bootstrap.standins.gitlab_provider",
    "pulumi-resource-github": "bootstrap.standins.github_provider",
}


def pulumi_binary() -> str:
    """The CLI that the Makefile names in CI_RUNNERS_PULUMI. A missing one is a failure, never a skip."""
    named = os.environ.get("CI_RUNNERS_PULUMI", "")
    assert Path(named).is_file(), (
        f"CI_RUNNERS_PULUMI={named!r} is no file; `make test` sets it to the Pulumi CLI"
    )
    return named


@dataclass(frozen=True, kw_only=True)
class PulumiCli:
    """A project in `directory`, with one stack, `dev`, in a state beside it."""

    directory: Path
    environment: dict[str, str] = field(repr=False)

    @classmethod
    def at(cls, directory: Path, *, name: str, program: str, extra: str = "") -> "PulumiCli":
        """Write a project with this program, and make its stack. `extra` is added to its Pulumi.yaml."""
        launchers, state, project = directory / "bin", directory / "state", directory / name
        for made in (launchers, state, project):
            made.mkdir()
        for launcher, module in LAUNCHERS.items():
            file = launchers / launcher
            file.write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m {module} "$@"\n')
            file.chmod(0o755)
        (project / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n{extra}")
        (project / "__main__.py").write_text(program)
        environment = {
            "PATH": f"{launchers}:{os.environ['PATH']}",
            "HOME": str(directory),
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "made-up-passphrase",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        cli = cls(directory=project, environment=environment)
        cli.run("stack", "init", "dev")
        return cli

    @classmethod
    def on_machine(cls, directory: Path, *, name: str, program: str) -> "PulumiCli":
        """A project with this program and its stack, for the engine and with the plugins that `bootstrap run` names."""
        state, project = directory / "state", directory / name
        for made in (state, project):
            made.mkdir()
        (project / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        (project / "__main__.py").write_text(program)
        cli = cls(
            directory=project,
            environment={**os.environ, "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip"},
        )
        cli.run("stack", "init", "dev")
        return cli

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command; both its outputs are in `stdout`."""
        return subprocess.Popen(
            [pulumi_binary(), *words, "--non-interactive"],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def attempt(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; both its outputs are in `stdout`."""
        with self.start(*words) as process:
            try:
                shown, _ = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, shown)

    def run(self, *words: str) -> str:
        """Run a command that must succeed; returns what it wrote."""
        done = self.attempt(*words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def up(self, *words: str) -> str:
        return self.run("up", "--yes", "--skip-preview", *words)

    def exported(self) -> dict[str, Any]:
        """The stack's state, secrets still encrypted."""
        found: dict[str, Any] = json.loads(self.run("stack", "export"))
        return found

    def output(self, name: str) -> str:
        """One stack output, secrets shown."""
        return self.run("stack", "output", name, "--show-secrets").strip()


def counts(shown: str) -> dict[str, int]:
    """What Pulumi's summary says it did (`created`) or would do (`to create`), each with how many resources."""
    _, found, summary = shown.rpartition("\nResources:\n")
    assert found, f"no summary in:\n{shown}"
    lines = re.findall(
        r"^ +(?:[+~-]+ ?)?(?:\d+ changes?\. )?(\d+) ([a-z ]+)$", summary.split("\n\n")[0], re.MULTILINE
    )
    return {words: int(number) for number, words in lines}
