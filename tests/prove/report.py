"""The report of `make prove`, out of pytest's own results (JUnit XML)."""

import datetime as dt
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Test:
    """One test and what it told."""

    name: str
    outcome: str
    """passed, failed or skipped."""
    seconds: float
    told: tuple[tuple[str, str], ...] = ()
    """What it recorded: name and value."""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A folder of tests, as it ended."""

    name: str
    seconds: float
    tests: tuple[Test, ...]

    @property
    def failed(self) -> list[Test]:
        """The tests that did not pass and were not skipped; a suite without a test has failed as well."""
        nothing = Test(name="no test ran to its end", outcome="failed", seconds=0)
        return [test for test in self.tests or (nothing,) if test.outcome == "failed"]

    def count(self, outcome: str) -> int:
        """How many ended that way."""
        return sum(test.outcome == outcome for test in self.tests)

    @classmethod
    def read(cls, name: str, file: Path, *, seconds: float) -> "Suite":
        """Read pytest's file. One that is not there, because pytest itself was killed, holds no tests."""
        cases = ET.parse(file).iter("testcase") if file.exists() else ()  # noqa: S314  our own pytest wrote it
        return cls(name=name, seconds=seconds, tests=tuple(_test(case) for case in cases))


def _test(case: ET.Element) -> Test:
    kinds = {child.tag for child in case}
    outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
    told = [(each.get("name", ""), each.get("value", "")) for each in case.iter("property")]
    return Test(
        name=f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}",
        outcome=outcome,
        seconds=float(case.get("time", 0)),
        told=tuple(pair for pair in told if pair[0] != "case"),
    )


def report(suite: Suite, *, day: dt.date, commit: str, changed: bool, machine: str) -> str:
    """The report as Markdown."""
    lines = [
        f"# Proof of {day}: {suite.name}",
        "",
        "Written by `make prove`; not edited by hand.",
        "",
        f"- commit: {commit}{', with changes that were not committed' if changed else ''}",
        f"- machine: {machine}",
        f"- passed: {suite.count('passed')}",
        f"- failed: {len(suite.failed)}",
        f"- skipped: {suite.count('skipped')}",
        f"- minutes: {suite.seconds / 60:.1f}",
    ]
    failed = [f"- {test.name}" for test in suite.failed]
    if failed:
        lines += ["", "## Failed", "", *failed]
    told = [f"| {test.name} | {name} | {value} |" for test in suite.tests for name, value in test.told]
    if told:
        lines += ["", "## What the tests counted", "", "| test | what | value |", "|---|---|---|", *told]
    return "\n".join(lines) + "\n"
