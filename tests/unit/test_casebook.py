"""The book of cases: what tests say of themselves, what is kept of them, and the page made of it."""

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cases.casebook import CASES
from tests.cases.results import Case, Result, keep, read
from tests.cases.table import page

pytest_plugins = ["pytester"]

OWN = "tests/unit/test_casebook.py::test_every_case_has_its_number"
OTHER = "tests/unit/test_casebook.py::test_the_page_shows_what_was_found"
TESTS = """
import pytest


@pytest.mark.case(number=1, component="A", title="one", cis="2.7")
@pytest.mark.case(number=2, component="A", title="two")
@pytest.mark.parametrize("number", [1, 2])
def test_holds(number, record_property):
    record_property("seconds", 7.5)


@pytest.mark.case(number=1, component="A", title="one", baseline=True)
def test_fails():
    assert False


def test_of_no_case():
    pass
"""


def result(number: int, *, test: str = OWN, outcome: str = "passed", baseline: bool = False) -> Result:
    case = Case(number=number, component="DindDaemon", title="refused", cis="2.7", baseline=baseline)
    return Result(test=test, case=case, outcome=outcome, seconds=1.0)


def test_every_case_has_its_number() -> None:
    assert list(CASES) == list(range(1, 46))


def test_fresh_results_replace_those_of_the_same_test_only(tmp_path: Path) -> None:
    keep([result(1, test=f"{OWN}[before]"), result(2, test=OTHER)], tmp_path)
    keep([result(1, test=f"{OWN}[now]", outcome="failed")], tmp_path)

    kept = read(tmp_path / "unit.json")

    assert [(each.case.number, each.outcome) for each in kept] == [(1, "failed"), (2, "passed")]


def test_results_of_tests_that_are_gone_are_dropped(tmp_path: Path) -> None:
    keep([result(1, test="tests/unit/test_casebook.py::test_of_yesterday")], tmp_path)
    keep([result(2)], tmp_path)

    assert [each.case.number for each in read(tmp_path / "unit.json")] == [2]


def test_the_page_shows_what_was_found(snapshot: SnapshotAssertion) -> None:
    found = [
        result(1),
        result(1, test=f"{OTHER}[a]", baseline=True),
        result(2, outcome="failed"),
        result(30, outcome="skipped"),
        result(17, baseline=True),
    ]

    assert page(found) == snapshot


def test_a_case_holds_only_if_none_of_its_tests_fails() -> None:
    shown = page([result(1, test=f"{OWN}[a]"), result(1, test=f"{OWN}[b]", outcome="failed")])

    assert "Cases that hold: 0 of 45" in shown
    assert "| FAILS |" in shown


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "with workers"])
def test_a_run_keeps_what_its_tests_found(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: list[str]
) -> None:
    kept: list[Result] = []
    monkeypatch.setattr("tests.cases.collector.keep", kept.extend)
    pytester.mkdir("tests").joinpath("test_it.py").write_text(TESTS)

    ended = pytester.inline_run("-p", "tests.cases.collector", "--import-mode=importlib", *workers)

    ended.assertoutcome(passed=3, failed=1)
    told = sorted((each.test, each.case.number, each.outcome, each.case.baseline) for each in kept)
    assert told == [
        ("tests/test_it.py::test_fails", 1, "failed", True),
        ("tests/test_it.py::test_holds[1]", 1, "passed", False),
        ("tests/test_it.py::test_holds[1]", 2, "passed", False),
        ("tests/test_it.py::test_holds[2]", 1, "passed", False),
        ("tests/test_it.py::test_holds[2]", 2, "passed", False),
    ]
    assert {each.seconds for each in kept if each.outcome == "passed"} == {7.5}


@pytest.mark.parametrize("said", ["number=46, component='A', title='x'", "number=1"])
def test_a_marker_that_says_it_wrong_stops_the_run(pytester: pytest.Pytester, said: str) -> None:
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.case({said})\ndef test_it(): pass\n")

    ended = pytester.runpytest_inprocess("-p", "tests.cases.collector")

    assert ended.ret == pytest.ExitCode.USAGE_ERROR
