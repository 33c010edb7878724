"""Builds the pages on the server. A script fetches each page again every second and swaps what has changed.

They show no token and no variable, but everybody who reaches the port can read them, traces included.
"""

from html import escape
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox import jobs
from sandbox.context import Sandbox
from sandbox.dispatch import is_online, why_waiting
from sandbox.models import Job, Pipeline, Project, Runner
from sandbox.pages.ansi import html_trace
from sandbox.pages.html import Html, badge, duration, link, page, table, time
from sandbox.rest.shapes import project_of

_ASSETS = Path(__file__).parent / "assets"
_RECENT = 20


def _pipelines(sandbox: Sandbox, pipelines: list[Pipeline]) -> Html:
    rows = []
    for pipeline in pipelines:
        project = project_of(sandbox, pipeline)
        found = jobs.current_jobs(sandbox, pipeline)
        rows.append(
            [
                badge(pipeline.status),
                link(f"{project.path}/-/pipelines/{pipeline.id}", f"#{pipeline.id}"),
                link(project.path, project.path),
                escape(f"{pipeline.ref} @ {pipeline.sha[:8]}"),
                escape(pipeline.source),
                " ".join(_job_chip(project, job) for job in found),
                time(pipeline.created_at),
            ]
        )
    columns = ("Status", "Pipeline", "Project", "Commit", "Source", "Jobs", "Created")
    return table(columns, rows, "No pipelines yet.")


def _job_chip(project: Project, job: Job) -> Html:
    where = escape(f"/{project.path}/-/jobs/{job.id}")
    return f'<a class="badge {escape(job.status)}" href="{where}">{escape(job.name)}</a>'


def _overview(sandbox: Sandbox) -> Response:
    projects = [
        [link(project.path, project.path), escape(project.visibility), escape(project.default_branch)]
        for project in sandbox.store.find(Project)
    ]
    runners = [
        [
            f"#{runner.id}",
            escape(runner.description),
            escape(runner.runner_type),
            badge("paused" if runner.paused else "online" if is_online(runner) else "offline"),
            escape(", ".join(runner.tags) or "none") + (", untagged jobs too" if runner.run_untagged else ""),
            time(runner.contacted_at),
        ]
        for runner in sandbox.store.find(Runner)
    ]
    recent = sandbox.store.find(Pipeline)[: -_RECENT - 1 : -1]
    body = (
        f"<h2>Pipelines</h2>{_pipelines(sandbox, recent)}"
        f"<h2>Projects</h2>{table(('Project', 'Visibility', 'Default branch'), projects, 'No projects yet.')}"
        "<h2>Runners</h2>"
        + table(("", "Description", "Type", "Status", "Tags", "Last contact"), runners, "No runners yet.")
    )
    return page("Projects, pipelines and runners", body)


def _project_page(sandbox: Sandbox, project: Project) -> Response:
    found = sandbox.store.find(Pipeline, project_id=project.id)[::-1]
    clone = f"<p>Clone with <code>git clone {escape(sandbox.url(project, '.git'))}</code></p>"
    return page(project.path, f"{clone}<h2>Pipelines</h2>{_pipelines(sandbox, found)}")


def _pipeline_page(sandbox: Sandbox, project: Project, pipeline: Pipeline) -> Response:
    commit = sandbox.repository(project).commit(pipeline.sha)
    rows = [
        [
            escape(job.stage),
            link(f"{project.path}/-/jobs/{job.id}", job.name),
            badge(job.status) + (" may fail" if job.allow_failure else ""),
            escape(job.failure_reason or ""),
            duration(job.started_at, job.finished_at),
        ]
        for job in jobs.current_jobs(sandbox, pipeline)
    ]
    errors = f'<pre class="errors">{escape(pipeline.yaml_errors)}</pre>' if pipeline.yaml_errors else ""
    body = (
        f"<p>{badge(pipeline.status)} {link(project.path, project.path)}, "
        f"{escape(pipeline.ref)} @ <code>{escape(pipeline.sha[:8])}</code> {escape(commit.title)}, "
        f"by {escape(pipeline.source)}, {time(pipeline.created_at)}</p>{errors}"
        + table(("Stage", "Job", "Status", "Why", "Duration"), rows, "No jobs.")
    )
    return page(f"Pipeline #{pipeline.id}", body)


def _job_page(sandbox: Sandbox, project: Project, job: Job) -> Response:
    runner = sandbox.store.get(Runner, job.runner_id) if job.runner_id else None
    trace = sandbox.trace(job)
    facts = [
        badge(job.status),
        link(project.path, project.path),
        link(f"{project.path}/-/pipelines/{job.pipeline_id}", f"pipeline #{job.pipeline_id}"),
        f"stage {escape(job.stage)}",
        f"runner #{runner.id} {escape(runner.description)}" if runner else "no runner yet",
        duration(job.started_at, job.finished_at),
        escape(job.failure_reason or ""),
    ]
    waiting = why_waiting(sandbox, job, project) if job.status == "pending" else []
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in waiting)
    text = html_trace(trace.read_bytes()) if trace.exists() else ""
    body = (
        f"<p>{', '.join(fact for fact in facts if fact)}</p><ul>{reasons}</ul>"
        f'<pre class="trace">{text or "Nothing written yet."}</pre>'
    )
    return page(f"Job #{job.id}: {job.name}", body)


async def overview(request: Request) -> Response:
    """GET /."""
    return _overview(request.app.state.sandbox)


async def project_page(request: Request) -> Response:
    """GET /group/project, and its pipelines and jobs under /-/."""
    sandbox: Sandbox = request.app.state.sandbox
    project = sandbox.store.first(Project, path=request.path_params["path"])
    number = request.path_params.get("number", 0)
    if project is not None and not number:
        return _project_page(sandbox, project)
    if project is not None and "/-/pipelines/" in request.url.path:
        pipeline = sandbox.store.get(Pipeline, number)
        if pipeline is not None and pipeline.project_id == project.id:
            return _pipeline_page(sandbox, project, pipeline)
    if project is not None and "/-/jobs/" in request.url.path:
        job = sandbox.store.get(Job, number)
        if job is not None and job.project_id == project.id:
            return _job_page(sandbox, project, job)
    return page("Nothing here", "<p>The sandbox has no such page.</p>", 404)


ROUTES: list[BaseRoute] = [
    Route("/", overview),
    Mount("/-/assets", StaticFiles(directory=_ASSETS)),
    Route("/{path:path}/-/pipelines/{number:int}", project_page),
    Route("/{path:path}/-/jobs/{number:int}", project_page),
    Route("/{path:path}", project_page),
]
