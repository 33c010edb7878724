"""`explain`: what a `pulumi preview` means for the people whose jobs run."""

import argparse
import subprocess
import sys
from pathlib import Path

from ci_runners.cli.exit_codes import (
    NOTHING_READ,
    PRIVILEGE_GAINED,
    SOMETHING_IS_LOST,
    SOMETHING_STOPS,
    WRONG_INPUT,
)
from ci_runners.explain import Severity, explain, read_preview
from ci_runners.explain.markdown import as_markdown
from ci_runners.explain.show import as_json, as_text
from ci_runners.problems import InvalidInput

CODES = {
    Severity.CALM: 0,
    Severity.STOPS: SOMETHING_STOPS,
    Severity.LOSES: SOMETHING_IS_LOST,
    Severity.GAINS: PRIVILEGE_GAINED,
}
FORMATS = {"text": as_text, "json": as_json, "markdown": as_markdown}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "explain",
        help="what a pulumi preview means: what stops, what is lost, what gains a privilege",
        description="Says in plain words what a preview would do: what stops and for how long, what loses its cache, what"
        " gains a privilege, which secrets and certificates change, and what only looks like a change."
        f" Exit code: 0 when nothing stops, {SOMETHING_STOPS} when something does after its grace,"
        f" {SOMETHING_IS_LOST} when something is lost for good, {PRIVILEGE_GAINED} when something gains a privilege,"
        f" {NOTHING_READ} when there is no preview or Pulumi would refuse it, {WRONG_INPUT} when the text is none.",
        epilog="Of a removal: pulumi destroy --preview-only --json | python -m ci_runners explain -",
    )
    parser.set_defaults(run=_run, error=parser.error, prog=parser.prog)
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="what `pulumi preview --json` has written, or - for standard input (default: run it here)",
    )
    parser.add_argument(
        "--stack", metavar="NAME", help="of the preview that is run (default: the selected stack)"
    )
    parser.add_argument("--format", choices=[*FORMATS], default="text", help="default: text")


def _run(given: argparse.Namespace) -> int:
    if given.file and given.stack:
        given.error("--stack is for a preview that is run: what FILE says has a stack already")
    try:
        text = _preview(given.stack) if given.file is None else _read(given.file)
        explanation = explain(read_preview(text))
    except InvalidInput as refusal:
        sys.stderr.writelines(f"{given.prog}: error: {problem}\n" for problem in refusal.problems)
        return WRONG_INPUT
    except OSError as problem:
        sys.stderr.write(f"{given.prog}: error: {problem}\n")
        return NOTHING_READ
    sys.stdout.write(FORMATS[given.format](explanation))
    return NOTHING_READ if explanation.errors else CODES[explanation.severity]


def _read(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")


def _preview(stack: str | None) -> str:
    """Run a preview. One that ends with an error has written why; the CLI's own words go where ours do."""
    words = ["pulumi", "preview", "--json", "--non-interactive", *(["--stack", stack] if stack else [])]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode and not done.stdout.strip():
        raise OSError(f"`{' '.join(words)}` ended with exit code {done.returncode} and wrote no preview")
    return done.stdout
