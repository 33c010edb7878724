"""What happens by itself: schedules come due, timers end, and pushes that nobody saw are found."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox import clock
from sandbox.github.actions.pushes import absorb_pushes
from sandbox.github.actions.watch import watch
from sandbox.github.context import GitHub
from sandbox.github.models import Environment, Job, Repo, Run, Workflow
from sandbox.github.settings import Settings
from sandbox.repositories import Change
from tests.sandbox.github.harness import BUILD, FILE, workflow

SCHEDULED = workflow(BUILD, "{schedule: [{cron: '0 3 * * 0'}]}")
PAST = clock.stamp(datetime.now(UTC) - timedelta(hours=1))


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHub]:
    opened = GitHub.open(Settings(data=tmp_path, external_url="http://sandbox.example", root_token="x" * 20))
    yield opened
    opened.store.close()


@pytest.fixture
def repo(github: GitHub) -> Repo:
    made = github.store.add(
        Repo(owner="sandbox", owner_id=1, name="app", key="sandbox/app", created_at=PAST, updated_at=PAST)
    )
    github.repository(made).create("main")
    return made


def commit(github: GitHub, repo: Repo, text: str | None, branch: str = "main") -> None:
    """What git does; nobody has told the sandbox of it."""
    git = github.repository(repo)
    git.write(
        branch=branch,
        parent=git.resolve(branch),
        changes=[Change(path=FILE, content=text.encode() if text else None)],
        message="change",
        author=("Ann", "ann@example.com"),
        at=1_700_000_000,
    )


def push(github: GitHub, repo: Repo, text: str | None, branch: str = "main") -> None:
    commit(github, repo, text, branch)
    absorb_pushes(github, repo, pusher="sandbox")


def make_due(github: GitHub) -> Workflow:
    [found] = github.store.find(Workflow)
    assert found.next_run_at is not None
    assert found.next_run_at > clock.stamp()
    found.next_run_at = PAST
    github.store.save(found)
    return found


def test_a_schedule_that_is_due_runs_once(github: GitHub, repo: Repo) -> None:
    push(github, repo, SCHEDULED)
    make_due(github)
    watch(github)
    watch(github)
    [run] = github.store.find(Run)
    assert (run.event, run.ref, run.payload["schedule"]) == ("schedule", "refs/heads/main", "0 3 * * 0")


def test_only_the_default_branch_s_schedule_counts(github: GitHub, repo: Repo) -> None:
    push(github, repo, workflow(BUILD))
    push(github, repo, SCHEDULED, branch="other")
    [found] = github.store.find(Workflow)
    assert found.next_run_at is None


@pytest.mark.parametrize("now", [None, "on: [", workflow(BUILD)])
def test_a_schedule_whose_file_is_gone_or_another_runs_no_more(
    github: GitHub, repo: Repo, now: str | None
) -> None:
    push(github, repo, SCHEDULED)
    make_due(github)
    commit(github, repo, now)
    repo.refs = github.repository(repo).refs()
    github.store.save(repo)
    watch(github)
    [found] = github.store.find(Workflow)
    assert found.next_run_at is None
    assert github.store.find(Run) == []


def test_a_waiting_job_goes_on_when_its_timer_ends(github: GitHub, repo: Repo) -> None:
    github.store.add(Environment(repo_id=repo.id, name="prod", wait_timer=30))
    push(github, repo, workflow(BUILD.replace("  steps", "  environment: prod\n  steps")))
    watch(github)
    [job] = github.store.find(Job)
    assert job.status == "waiting"
    job.waiting_since = PAST
    github.store.save(job)
    watch(github)
    assert [job.status for job in github.store.find(Job)] == ["queued"]


def test_a_push_makes_its_runs_once(github: GitHub, repo: Repo) -> None:
    push(github, repo, workflow(BUILD))
    absorb_pushes(github, repo, pusher="sandbox")
    assert len(github.store.find(Run)) == 1
