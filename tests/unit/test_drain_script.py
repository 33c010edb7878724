"""The drain: the script itself, with the programs that it uses, against a GitLab of our own on loopback."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ci_runners.render.drain import (
    RunnerDrainSpec,
    drain_command,
    drain_environment,
    render_registration,
)
from tests.unit.fake_github import wait_for
from tests.unit.fake_gitlab import NUMBER, TOKEN, Drain, FakeGitLab, drain, fake_gitlab, until_open

Start = Callable[..., AbstractContextManager[Drain]]
JOBS = f"GET /api/v4/runners/{NUMBER}/jobs?status=running"
LOOK = f"GET /api/v4/runners/{NUMBER}"
PAUSE = f"PUT /api/v4/runners/{NUMBER}?paused=true"
LIFT = f"PUT /api/v4/runners/{NUMBER}?paused=false"


@pytest.fixture
def gitlab() -> Iterator[FakeGitLab]:
    with fake_gitlab() as running:
        yield running


@pytest.fixture
def start(gitlab: FakeGitLab, tmp_path: Path) -> Start:
    """Starts a drain; a second one finds what the first one left."""

    def begin(*, seconds: int = 60, give_up: int = 60, token: str = TOKEN) -> AbstractContextManager[Drain]:
        rendered = drain_environment(RunnerDrainSpec(seconds=seconds), runner_container="the-runner")
        environment = dict(line.split("=", 1) for line in rendered) | {"GIVE_UP_SECONDS": str(give_up)}
        registration = render_registration(url=gitlab.url, runner_id=NUMBER, api_token=token)
        return drain(tmp_path, drain_command(), environment, registration)

    return begin


def test_it_lifts_a_pause_when_it_starts_and_sets_one_when_it_stops(gitlab: FakeGitLab, start: Start) -> None:
    gitlab.paused[NUMBER] = True
    with start() as running:
        until_open(gitlab, running)
        assert running.is_fine()
        running.ask_to_stop()
        running.end()

    assert gitlab.paused[NUMBER] is True
    assert [line.partition("Z drain: ")[2] for line in running.said().splitlines()] == [
        "runner 7 (the-runner) may take jobs",
        "runner 7 (the-runner) is paused",
        "no job runs",
        "ended",
    ]
    assert gitlab.asked == [LIFT, LOOK, PAUSE, f"{JOBS}&per_page=1"]


def test_it_stays_until_the_last_job_has_ended(gitlab: FakeGitLab, start: Start) -> None:
    gitlab.running = 2
    with start() as running:
        until_open(gitlab, running)
        running.ask_to_stop()
        wait_for(lambda: gitlab.times(JOBS) > 1, "a second look at the jobs")
        assert not running.ended()
        assert gitlab.paused[NUMBER] is True
        gitlab.running = 0
        running.end()

    assert "no job runs" in running.said()


def test_a_job_that_takes_too_long_is_left_to_the_runner(gitlab: FakeGitLab, start: Start) -> None:
    gitlab.running = 1
    with start(seconds=1) as running:
        until_open(gitlab, running)
        running.ask_to_stop()
        running.end()

    assert "a job still runs after 1 s" in running.said()


def test_the_next_one_lifts_the_pause_of_the_last_one(gitlab: FakeGitLab, start: Start) -> None:
    with start() as first:
        until_open(gitlab, first)
        first.ask_to_stop()
        first.end()
    with start():
        wait_for(lambda: gitlab.paused[NUMBER] is False, "the end of the pause")

    assert gitlab.times(LIFT) == 2


def test_a_pause_that_somebody_else_set_is_left_as_it_is(gitlab: FakeGitLab, start: Start) -> None:
    with start() as first:
        until_open(gitlab, first)
        gitlab.paused[NUMBER] = True
        first.ask_to_stop()
        first.end()
    with start() as second:
        wait_for(second.is_fine, "a look at the runner")

    assert gitlab.paused[NUMBER] is True
    assert (gitlab.times(LIFT), gitlab.times(PAUSE)) == (1, 0)
    assert "not by us" in second.said()


def test_one_that_was_killed_while_it_paused_lifts_the_pause_later(gitlab: FakeGitLab, start: Start) -> None:
    gitlab.running = 1
    with start() as first:
        until_open(gitlab, first)
        first.ask_to_stop()
        wait_for(lambda: gitlab.paused[NUMBER], "the pause")
    with start():
        wait_for(lambda: gitlab.paused[NUMBER] is False, "the end of the pause")


def test_another_registration_is_another_runner_and_the_drain_goes_on(
    gitlab: FakeGitLab, start: Start
) -> None:
    with start() as running:
        until_open(gitlab, running)
        gitlab.paused["8"] = True
        gitlab.tokens = {"glpat-another"}
        running.register(render_registration(url=gitlab.url, runner_id="8", api_token="glpat-another"))
        wait_for(lambda: gitlab.paused["8"] is False, "the other runner's turn")
        running.ask_to_stop()
        running.end()

    assert gitlab.paused == {NUMBER: False, "8": True}


def test_it_asks_again_while_gitlab_fails(gitlab: FakeGitLab, start: Start) -> None:
    gitlab.broken = True
    with start() as running:
        wait_for(lambda: "GitLab answers 502" in running.said(), "a word on it")
        assert not running.is_fine()
        gitlab.broken = False
        until_open(gitlab, running)
        gitlab.broken = True
        running.ask_to_stop()
        wait_for(lambda: gitlab.times(LOOK) > 1, "a second try")
        gitlab.broken = False
        running.end()

    assert gitlab.paused[NUMBER] is True


@pytest.mark.parametrize("while_waiting", [False, True])
def test_a_gitlab_that_stays_silent_keeps_nobody_waiting(
    gitlab: FakeGitLab, start: Start, *, while_waiting: bool
) -> None:
    gitlab.running = 1
    with start(give_up=1) as running:
        until_open(gitlab, running)
        if not while_waiting:
            gitlab.broken = True
        running.ask_to_stop()
        if while_waiting:
            wait_for(lambda: gitlab.times(JOBS) > 0, "a look at the jobs")
            gitlab.broken = True
        running.end()

    said = "the runner itself waits" if while_waiting else "the runner is not paused"
    assert said in running.said()


def test_a_refused_token_is_said_once_and_keeps_nobody_waiting(gitlab: FakeGitLab, start: Start) -> None:
    gitlab.tokens = set()
    with start() as running:
        wait_for(lambda: gitlab.times(LIFT) > 1, "a second try")
        assert not running.is_fine()
        running.ask_to_stop()
        running.end()

    assert running.said().count("GitLab refuses the token (PUT") == 2  # lifting the pause, and setting it
    assert "pass an api_token that is valid" in running.said()
    assert gitlab.times(JOBS) == 0


def test_the_token_is_in_no_log_no_arguments_and_no_environment(gitlab: FakeGitLab, start: Start) -> None:
    gitlab.broken = True
    with start() as running:
        wait_for(lambda: gitlab.times(LIFT) > 0, "a request")
        process = Path("/proc") / str(running.process.pid)
        told = (process / "cmdline").read_text() + (process / "environ").read_text()
        assert TOKEN not in told + running.said()
        assert "DRAIN_SECONDS=60" in told


def test_an_image_without_curl_is_named_as_the_trouble(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    monkeypatch.setattr("tests.unit.fake_gitlab.SEARCH", str(empty))
    with start() as running:
        assert running.process.wait(30) == 1

    assert "this image has no curl" in running.said()
