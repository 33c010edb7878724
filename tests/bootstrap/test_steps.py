"""Steps: in the order of their needs, each with how, from where and in what time; a failure stops them and says where."""

import io
import re
from threading import Barrier, Event

import pytest
from rich.console import Console

from bootstrap.steps import How, Outcome, Step, StepFailed, run_steps

WAIT = 30
"""Seconds after which a test that hangs fails instead; nothing is expected to take that long."""


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def printed(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def noting(log: list[str], name: str, *needs: str) -> Step:
    def work() -> Outcome:
        log.append(name)
        return Outcome(how=How.FOUND, source="here")

    return Step(name=name, work=work, needs=needs)


def failing(name: str, problem: Exception) -> Step:
    def work() -> Outcome:
        raise problem

    return Step(name=name, work=work)


def failure() -> StepFailed:
    return StepFailed("no disk", tried="making a file", fix="free some space")


def test_a_step_runs_after_what_it_needs() -> None:
    log: list[str] = []
    steps = [noting(log, "roof", "walls"), noting(log, "walls", "floor"), noting(log, "floor")]

    outcomes = run_steps(steps, console())

    assert log == ["floor", "walls", "roof"]
    assert outcomes == dict.fromkeys(log, Outcome(how=How.FOUND, source="here"))


def test_a_need_that_is_no_step_here_is_taken_as_met() -> None:
    log: list[str] = []

    run_steps([noting(log, "walls", "a floor that is there")], console())

    assert log == ["walls"]


def test_steps_without_needs_run_side_by_side() -> None:
    meeting = Barrier(2)

    def meet() -> Outcome:
        meeting.wait(WAIT)
        return Outcome(how=How.FOUND, source="here")

    outcomes = run_steps([Step(name="one", work=meet), Step(name="two", work=meet)], console(), lanes=2)

    assert set(outcomes) == {"one", "two"}


@pytest.mark.parametrize("how", How)
def test_an_outcome_is_told_with_how_and_source_and_time(how: How) -> None:
    on = console()

    run_steps([Step(name="Go [1.26]", work=lambda: Outcome(how=how, source="the shelf [a]"))], on)

    line = printed(on).strip()
    assert re.fullmatch(rf"Go \[1\.26\] +{how.value} +\d+\.\d s +the shelf \[a\]", line), line


def test_a_failure_stops_the_steps_that_need_it_and_is_raised_with_the_step_s_name() -> None:
    log: list[str] = []

    with pytest.raises(StepFailed) as caught:
        run_steps([failing("floor", failure()), noting(log, "walls", "floor")], console())

    assert str(caught.value) == "floor: no disk\n  Tried: making a file\n  Fix: free some space"
    assert log == []


def test_a_failure_stops_the_steps_that_wait_for_a_lane() -> None:
    log: list[str] = []

    with pytest.raises(StepFailed, match=r"^floor: "):
        run_steps([failing("floor", failure()), noting(log, "garden")], console(), lanes=1)

    assert log == []


def test_a_step_that_runs_while_another_fails_comes_to_its_end() -> None:
    log: list[str] = []
    started, failed = Event(), Event()

    def slow() -> Outcome:
        started.set()
        failed.wait(WAIT)
        log.append("slow")
        return Outcome(how=How.BUILT, source="here")

    def bad() -> Outcome:
        started.wait(WAIT)
        failed.set()
        raise failure()

    with pytest.raises(StepFailed, match=r"^bad: "):
        run_steps([Step(name="slow", work=slow), Step(name="bad", work=bad)], console(), lanes=2)

    assert log == ["slow"]


def test_a_failure_that_nobody_foresaw_is_told_with_step_and_place_and_fix() -> None:
    problem = KeyError("IPAM")

    with pytest.raises(StepFailed) as caught:
        run_steps([failing("Docker Engine", problem)], console())

    assert caught.value.__cause__ is problem
    assert caught.value.what == "Docker Engine: KeyError: 'IPAM'"
    assert re.search(r"^work, line \d+ of .*test_steps\.py; nobody foresaw", caught.value.tried)
    assert ".machine/logs" in caught.value.fix
    assert all(text in str(caught.value) for text in (caught.value.tried, caught.value.fix))


def test_a_failure_keeps_its_own_words_and_what_it_came_from() -> None:
    problem = failure()

    with pytest.raises(StepFailed) as caught:
        run_steps([failing("floor", problem)], console())

    assert caught.value.__cause__ is problem
    assert (caught.value.tried, caught.value.fix) == (problem.tried, problem.fix)
