"""`make prove`: the proofs that take longer than `make test` may, and the report of how they ended.

Each suite's report is docs/proof/<date>-<suite>.md: of which commit, when, on what, and how many. The table of attack and
fault cases, docs/faults-and-attacks.md, is made from the same runs.
"""

import datetime as dt
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import docker

from bootstrap.layout import layout
from tests.prove.report import Suite, report

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = [
    f"tests/prove/test_{name}.py"
    for name in ("bad_twins", "examples", "migrating", "production", "pull_requests", "shared_examples")
]
"""What is proven of programs and pages as they are shipped."""
SUITES = {
    "attacks": ["tests/attacks"],
    "proofs": ["tests/prove", *(f"--ignore={file}" for file in PROGRAMS)],
    "programs": PROGRAMS,
    "faults": ["tests/faults"],
}
"""In this order: the faults kill the engine under everything else."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What was proven."""

    name: str
    changed: bool
    """Whether files differed from it."""


def commit() -> Commit:
    """The checkout as it is."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=REPOSITORY, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return Commit(name=git("rev-parse", "HEAD"), changed=bool(git("status", "--porcelain", "--", ":!docs")))


def machine() -> str:
    """What it ran on, in words."""
    info = docker.from_env().info()
    return f"{info['NCPU']} CPUs, {info['MemTotal'] / 2**30:.0f} GiB, Docker {info['ServerVersion']}"


def run(name: str, paths: list[str], folder: Path) -> Suite:
    """Run one suite to its end."""
    file = folder / f"{name}.xml"
    file.unlink(missing_ok=True)
    started = time.monotonic()
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", f"--junitxml={file}", *paths]
    subprocess.run(words, cwd=REPOSITORY, check=False)
    return Suite.read(name, file, seconds=time.monotonic() - started)


def main(asked: list[str]) -> int:
    """Run the suites that are asked for, all without a word; report each when it ends; say whether all was well."""
    folder, reports = layout().machine / "prove", REPOSITORY / "docs" / "proof"
    for each in (folder, reports):
        each.mkdir(exist_ok=True)
    today, of, on = dt.datetime.now(dt.UTC).date(), commit(), machine()
    failed = False
    for name in asked or SUITES:
        suite = run(name, SUITES[name], folder)
        written = report(suite, day=today, commit=of.name, changed=of.changed, machine=on)
        (reports / f"{today}-{name}.md").write_text(written)
        sys.stdout.write(written)
        failed = failed or bool(suite.failed)
    subprocess.run([sys.executable, "-m", "tests.cases.table"], cwd=REPOSITORY, check=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
