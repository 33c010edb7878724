"""The report of `make prove` says what pytest's results say."""

import datetime as dt
from pathlib import Path

from tests.prove.report import Suite, report

XML = """<testsuites><testsuite>
<testcase classname="tests.prove.test_a" name="test_holds" time="61.5">
  <properties><property name="jobs" value="50"/><property name="case" value="{}"/></properties>
</testcase>
<testcase classname="tests.prove.test_a" name="test_breaks" time="1"><failure message="no"/></testcase>
<testcase classname="tests.prove.test_a" name="test_cannot_start" time="0"><error message="no"/></testcase>
<testcase classname="tests.prove.test_a" name="test_waits" time="0"><skipped message="why"/></testcase>
</testsuite></testsuites>"""


def suite(tmp_path: Path, text: str) -> Suite:
    (tmp_path / "a.xml").write_text(text)
    return Suite.read("proofs", tmp_path / "a.xml", seconds=90)


def written(one: Suite, *, changed: bool = False) -> str:
    day = dt.date(2026, 11, 25)
    return report(one, day=day, commit="abc", changed=changed, machine="2 CPUs")


def test_it_counts_what_passed_failed_and_was_skipped(tmp_path: Path) -> None:
    assert "- passed: 1\n- failed: 2\n- skipped: 1\n- minutes: 1.5\n" in written(suite(tmp_path, XML))


def test_it_names_what_failed_and_what_the_tests_counted(tmp_path: Path) -> None:
    shown = written(suite(tmp_path, XML))

    assert "- tests/prove/test_a.py::test_breaks" in shown
    assert "- tests/prove/test_a.py::test_cannot_start" in shown
    assert "| tests/prove/test_a.py::test_holds | jobs | 50 |" in shown
    assert "case" not in shown


def test_it_says_whether_the_commit_is_all_of_it(tmp_path: Path) -> None:
    assert "commit: abc\n" in written(suite(tmp_path, XML))
    changed = written(suite(tmp_path, XML), changed=True)
    assert "commit: abc, with changes that were not committed\n" in changed


def test_a_suite_that_left_no_results_has_failed(tmp_path: Path) -> None:
    lost = Suite.read("faults", tmp_path / "missing.xml", seconds=1)

    assert lost.failed
    assert "- no test ran to its end" in written(lost)
