"""The report of `make soak` says how often what was done, and after what something was wrong."""

import datetime as dt

from tests.soak.report import Step, soak_report

STEPS = [
    Step(name="build", way="dind", seconds=1800),
    Step(name="switch", way="dind", seconds=1700, found=("runner is exited",)),
    Step(name="build", way="kaniko", seconds=100),
]


def written(*, left: list[str]) -> str:
    day = dt.date(2026, 11, 25)
    return soak_report(STEPS, day=day, commit="abc", changed=False, machine="2 CPUs", seed=7, left=left)


def test_it_counts_operations_and_those_with_findings() -> None:
    shown = written(left=[])

    assert "- time: 1.00 hours, 3 operations" in shown
    assert "- operations after which something was not as it must be: 1" in shown
    assert "| build | 2 | 0 | 1800 |" in shown
    assert "| switch | 1 | 1 | 1700 |" in shown
    assert "- 2. switch (dind): runner is exited" in shown


def test_it_names_what_destroy_left() -> None:
    assert "- left after `destroy`: nothing\n" in written(left=[])
    assert "- left after `destroy`: soak-network\n" in written(left=["soak-network"])
