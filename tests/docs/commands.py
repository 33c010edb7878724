"""The commands in the pages, and what becomes of each in the tests."""

import re
from dataclasses import dataclass
from enum import Enum

from tests.docs.markdown import Block, all_blocks


class Fate(Enum):
    """What is done with a command of a page."""

    RUN = "it is run here, and must succeed"
    PARSED = "its command line is read here by the program's own parser"
    SETTINGS = "the settings that it makes are loaded here"
    TARGET = "it is a target of the Makefile"
    ELSEWHERE = "a test runs it, or the same with other names, on the engine"
    NOT_RUN = "it needs what the tests do not have"


@dataclass(frozen=True)
class Row:
    """Commands that begin in one way, and where or why."""

    begins: str
    fate: Fate
    where: str

    def fits(self, command: str) -> bool:
        """Whether a command is one of these."""
        return re.match(self.begins, command) is not None


TABLE = [
    Row(r"python -m ci_runners (recommend|render) ", Fate.RUN, "tests/docs/test_commands.py"),
    Row(r"python -m ci_runners (explain|preflight|status)", Fate.PARSED, "tests/docs/test_commands.py"),
    Row(r"pulumi config set --path 'ci-runners:station\.", Fate.SETTINGS, "tests/docs/test_commands.py"),
    Row(r"make ", Fate.TARGET, "Makefile"),
    Row(r"CI_RUNNERS_CACHE=\$\(mktemp -d\) make ", Fate.TARGET, "Makefile"),
    Row(r"pulumi stack init own$", Fate.ELSEWHERE, "tests/e2e/pulumi_cli.py"),
    Row(
        r"pulumi config set (url|token|--secret|gitlab:baseUrl|github:owner)",
        Fate.ELSEWHERE,
        "tests/e2e/stations.py",
    ),
    Row(r"pulumi preview( --diff)?$", Fate.ELSEWHERE, "tests/e2e/test_option_sets.py"),
    Row(r"pulumi preview --json --refresh", Fate.ELSEWHERE, "tests/prove/test_explain_previews.py"),
    Row(r"pulumi destroy --preview-only", Fate.ELSEWHERE, "tests/prove/test_explain_previews.py"),
    Row(r"pulumi preview --policy-pack", Fate.ELSEWHERE, "tests/e2e/test_policies.py"),
    Row(r"pulumi up( --yes)?$", Fate.ELSEWHERE, "tests/e2e/test_option_sets.py"),
    Row(r"pulumi up --refresh --exclude ", Fate.ELSEWHERE, "tests/prove/test_production.py"),
    Row(r"pulumi stack output", Fate.ELSEWHERE, "tests/e2e/test_gitlab_stations.py"),
    Row(r"pulumi import --file", Fate.ELSEWHERE, "tests/prove/test_migrating.py"),
    Row(r"docker (volume (create|rm)|run) ", Fate.ELSEWHERE, "tests/prove/test_migrating.py"),
    Row(r"sudo grep ", Fate.ELSEWHERE, "tests/prove/test_migrating.py"),
    Row(r"(buildctl|docker buildx) ", Fate.ELSEWHERE, "tests/e2e/test_ways.py"),
    Row(r"SANDBOX_ROOT_TOKEN=\S+ python -m sandbox ", Fate.ELSEWHERE, "tests/sandbox/test_main.py"),
    Row(r"SANDBOX_GITHUB_TOKEN=\S+ python -m sandbox.github ", Fate.ELSEWHERE, "tests/sandbox/github"),
    Row(r"pulumi stack init prod --secrets-provider", Fate.NOT_RUN, "a key service of a cloud"),
    Row(r"docker compose ", Fate.NOT_RUN, "Compose, which is not on the tests' machine"),
    Row(r"sudo (gitlab-runner|systemctl) ", Fate.NOT_RUN, "a runner that is a service of its machine"),
    Row(r"gh api ", Fate.NOT_RUN, "an account at GitHub"),
    Row(r"export CI_RUNNERS_ACCOUNT_", Fate.NOT_RUN, "accounts at GitLab and GitHub"),
    Row(r"ssh ", Fate.NOT_RUN, "a host of the reader's"),
    Row(r"pip install 'ci-runners", Fate.NOT_RUN, "the address of the reader's copy of the repository"),
    Row(
        r"(python3 -m bootstrap run|\.machine/venv/bin/python) .*-m bench",
        Fate.NOT_RUN,
        "half an hour: `make bench`",
    ),
]
RUN_WHOLE = {"docs/languages.md": "tests/languages/guide.py"}
"""Pages whose blocks a test takes and runs, one after the other; and the file that takes them."""


def commands(block: Block) -> list[str]:
    """A block's commands, each on one line, without comments; those on both sides of a pipe apart."""
    text = re.sub(r" \\\n *", " ", block.text)
    if block.language == "console":
        text = "\n".join(line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ "))
    lines = [re.sub(r"(^|\s)#\s.*$", "", line).strip() for line in text.splitlines()]
    return [part.strip() for line in lines if line for part in line.split(" | ")]


def all_commands() -> list[tuple[Block, str]]:
    """Every command of every page but those that a test runs whole."""
    shown = [block for block in all_blocks("sh", "console") if block.page not in RUN_WHOLE]
    return [(block, command) for block in shown for command in commands(block)]


def row_of(command: str) -> Row | None:
    """The one row of the table that speaks of a command; None where there is none, or more."""
    found = [row for row in TABLE if row.fits(command)]
    return found[0] if len(found) == 1 else None
