"""`without-secrets`: a stack of nothing, with made-up secrets, for a preview of a change from a fork."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import yaml

from ci_runners.cli.exit_codes import NOTHING_READ, WRONG_INPUT
from ci_runners.comment.without_secrets import WithoutSecrets, without_secrets
from ci_runners.problems import InvalidInput, Problem, refuse

_BACKEND = "PULUMI_BACKEND_URL"
_FILE = "file://"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "without-secrets",
        help="make a stack anew with made-up secrets, to preview a change from a fork",
        description="Makes a stack in an empty backend, with the configuration that lies here (Pulumi.STACK.yaml), which it"
        " writes anew: each secret is a made-up one, and what would open the real ones is gone."
        f" For a checkout that is thrown away, with {_BACKEND}={_FILE}... and PULUMI_CONFIG_PASSPHRASE set to anything."
        f" Exit code: 0 when it is made, {NOTHING_READ} when Pulumi has refused, {WRONG_INPUT} for values that cannot be.",
    )
    parser.set_defaults(run=_run, prog=parser.prog)
    parser.add_argument("stack", metavar="STACK", help="the stack whose configuration lies here")


def _run(given: argparse.Namespace) -> int:
    file = Path(f"Pulumi.{given.stack}.yaml")
    environment = os.environ  # noqa: TID251  Pulumi itself is told there where its stacks are
    try:
        refuse(_backend_problems(environment.get(_BACKEND, "")))
        found = without_secrets(file.read_text(encoding="utf-8"))
    except InvalidInput as refusal:
        sys.stderr.writelines(f"{given.prog}: error: {problem}\n" for problem in refusal.problems)
        return WRONG_INPUT
    except OSError as problem:
        sys.stderr.write(f"{given.prog}: error: {problem}\n")
        return NOTHING_READ
    Path(environment[_BACKEND].removeprefix(_FILE)).mkdir(parents=True, exist_ok=True)
    return _make(given.stack, file, found)


def _backend_problems(backend: str) -> list[Problem]:
    """The stack is made where no other one is: one of the same name elsewhere would get made-up secrets."""
    if backend.startswith(f"{_FILE}/"):
        return []
    expected = "a folder for this stack alone, as file:///..."
    fix = f"set {_BACKEND}={_FILE}$RUNNER_TEMP/stacks, or another folder that is thrown away"
    return [Problem(component="stack", field=_BACKEND, value=backend, expected=expected, fix=fix)]


def _make(stack: str, file: Path, found: WithoutSecrets) -> int:
    file.write_text(yaml.safe_dump({"config": dict(found.plain)}), encoding="utf-8")
    secret = [word for path, value in found.made_up.items() for word in ("--secret", f"{path}={value}")]
    commands = [
        ["pulumi", "stack", "init", stack, "--non-interactive"],
        *([["pulumi", "config", "set-all", "--stack", stack, "--path", *secret]] if secret else []),
    ]
    for command in commands:
        if subprocess.run(command, check=False).returncode:
            return NOTHING_READ
    return 0
