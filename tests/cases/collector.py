"""A pytest plugin: the marker `case`, and how the tests that carry it ended."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cases.casebook import CASES
from tests.cases.results import Case, Result, keep

MARKER = (
    "case(number, component, title, cis='', baseline=False): what the test proves of a case of"
    " tests/cases/casebook.py; `baseline` says that it shows the danger without our setting"
)
_PROPERTY = "case"
_SECONDS = "seconds"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    # Under xdist the workers' reports come to the one process that has none above it.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(), "casebook")


def cases_of(item: pytest.Item) -> list[Case]:
    """What a test's markers say; a marker that says it wrong is an error."""
    found = []
    for mark in item.iter_markers("case"):
        try:
            case = Case(*mark.args, **mark.kwargs)
        except TypeError as wrong:
            raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.case: {wrong}") from None
        if case.number not in CASES:
            raise pytest.UsageError(f"{item.nodeid}: there is no case {case.number}")
        found.append(case)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for case in cases_of(item):
            # Goes with the test's reports, also from a worker; plain values only.
            item.user_properties.append((_PROPERTY, dict(vars(case))))


class Collector:
    """Gathers reports, and keeps at the end what they say of cases."""

    def __init__(self) -> None:
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if _PROPERTY in dict(report.user_properties):
            self._reports.setdefault(report.nodeid, []).append(report)

    def pytest_sessionfinish(self) -> None:
        keep(result for reports in self._reports.values() for result in _results(reports))


def _outcome(reports: list[pytest.TestReport]) -> str:
    outcomes = {report.outcome for report in reports}
    return next((worst for worst in ("failed", "skipped") if worst in outcomes), "passed")


def _results(reports: list[pytest.TestReport]) -> Iterator[Result]:
    last: list[tuple[str, Any]] = [*reports[-1].user_properties]
    took = sum(report.duration for report in reports if report.when == "call")
    seconds = float(str(dict(last).get(_SECONDS, took)))
    for name, said in last:
        if name == _PROPERTY:
            yield Result(
                test=reports[-1].nodeid,
                case=Case(**said),
                outcome=_outcome(reports),
                seconds=round(seconds, 1),
            )
