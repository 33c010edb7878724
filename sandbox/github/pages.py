"""A page of all runs and runners, and one for each run with its jobs and their logs.

They show no secret, but need no login.
"""

from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox import pages
from sandbox.github.actions.dispatch import is_online, why_waiting
from sandbox.github.actions.progress import jobs_of
from sandbox.github.context import GitHub
from sandbox.github.models import Job, Repo, Run, Runner
from sandbox.pages.ansi import html_trace
from sandbox.pages.html import Html, badge, duration, link, page, table, time

_ASSETS = Path(pages.__file__).parent / "assets"
_RECENT = 50
# The style sheet knows GitLab's words for how things stand.
_BADGES = {"failure": "failed", "cancelled": "canceled", "in_progress": "running", "queued": "pending"}


def _badge(status: str, conclusion: str | None) -> Html:
    word = conclusion or status
    return badge(_BADGES.get(word, word))


def _run_rows(github: GitHub, runs: list[Run]) -> list[list[Html]]:
    rows = []
    for run in runs:
        repo = github.store.get(Repo, run.repo_id)
        if repo is not None:
            ref = run.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
            rows.append(
                [
                    _badge(run.status, run.conclusion),
                    link(f"{repo.full_name}/actions/runs/{run.id}", f"{run.name} #{run.number}"),
                    escape(repo.full_name),
                    escape(f"{ref} @ {run.sha[:8]} {run.title}"),
                    escape(run.event),
                    time(run.created_at),
                ]
            )
    return rows


def _overview(github: GitHub) -> Response:
    runs = github.store.find(Run)[: -_RECENT - 1 : -1]
    runners = [
        [
            escape(runner.name),
            badge("online" if is_online(github, runner) else "offline"),
            "busy" if runner.job_id is not None else "idle",
            escape(", ".join(runner.labels)),
            time(runner.contacted_at),
        ]
        for runner in github.store.find(Runner)
    ]
    columns = ("Status", "Run", "Repository", "Commit", "Event", "Created")
    body = f"<h2>Runs</h2>{table(columns, _run_rows(github, runs), 'No runs yet.')}<h2>Runners</h2>" + table(
        ("Name", "Status", "", "Labels", "Last contact"), runners, "No runners yet."
    )
    return page("Workflow runs and runners", body, forge="GitHub")


def _run_page(github: GitHub, repo: Repo, run: Run) -> Response:
    jobs = jobs_of(github, run)
    about = (
        f"<p>{_badge(run.status, run.conclusion)} {escape(repo.full_name)}, {escape(run.ref)} @ "
        f"<code>{escape(run.sha[:8])}</code> {escape(run.title)}, by {escape(run.event)}</p>"
    )
    parts = [about]
    if run.error:
        parts.append(f'<pre class="errors">{escape(run.error)}</pre>')
    parts += [_job_part(github, repo, job) for job in jobs]
    return page(f"{run.name} #{run.number}", "".join(parts), forge="GitHub")


def _job_part(github: GitHub, repo: Repo, job: Job) -> Html:
    waiting = why_waiting(github, job, repo) if job.status == "queued" else []
    facts = [
        _badge(job.status, job.conclusion),
        escape(f"on {job.runner_name}" if job.runner_name else ""),
        duration(job.started_at, job.completed_at),
        escape(job.reason),
        *map(escape, waiting),
    ]
    log = github.log(job)
    text = html_trace(log.read_bytes()) if log.exists() else ""
    return (
        f"<h2>{escape(job.name)}</h2><p>{', '.join(fact for fact in facts if fact)}</p>"
        f'<pre class="trace">{text or "Nothing written yet."}</pre>'
    )


async def overview(request: Request) -> Response:
    """GET /."""
    return _overview(request.app.state.github)


async def run_page(request: Request) -> Response:
    """GET /owner/repo/actions/runs/7, and everything that is no page."""
    github: GitHub = request.app.state.github
    names = request.path_params
    repo = github.find_repo(f"{names.get('owner')}/{names.get('repo')}")
    run = github.store.get(Run, names.get("number", 0))
    if repo is not None and run is not None and run.repo_id == repo.id:
        return _run_page(github, repo, run)
    return page("Nothing here", "<p>The sandbox has no such page.</p>", 404, forge="GitHub")


ROUTES: list[BaseRoute] = [
    Route("/", overview),
    Mount("/-/assets", StaticFiles(directory=_ASSETS)),
    Route("/{owner}/{repo}/actions/runs/{number:int}", run_page),
    Route("/{owner}/{repo}/actions/runs/{number:int}/job/{job:int}", run_page),
    Route("/{rest:path}", run_page),
]
