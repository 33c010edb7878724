"""The command line, `python -m ci_runners COMMAND`. Nothing here needs an account or a stack."""

import argparse
import sys
from collections.abc import Sequence

from ci_runners.cli import comment, explain, preflight, recommend, render, status, without_secrets


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. A wrong command line ends the process with argparse's message."""
    parser = argparse.ArgumentParser(
        prog="python -m ci_runners", description="Self-hosted CI runners that build images."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    recommend.add(commands)
    preflight.add(commands)
    render.add(commands)
    explain.add(commands)
    comment.add(commands)
    without_secrets.add(commands)
    status.add(commands)
    given = parser.parse_args(arguments)
    return int(given.run(given))


if __name__ == "__main__":
    sys.exit(main())
