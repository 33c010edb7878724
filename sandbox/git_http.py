"""Git over HTTP, by git's own `git http-backend`."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.context import Sandbox
from sandbox.git_backend import PUSH, Backend, credentials, start
from sandbox.job_tokens import may_push, may_read, project_of_token
from sandbox.models import Project
from sandbox.pushes import absorb_pushes
from sandbox.variables import JOB_USER
from sandbox.wire import same_token


async def serve_git(request: Request) -> Response:
    """One request of a git client: 401 without a known token, 404 for a project out of reach."""
    sandbox: Sandbox = request.app.state.sandbox
    tail = request.path_params["tail"]
    pushing = PUSH in {tail, request.query_params.get("service")}
    project = sandbox.store.first(Project, path=request.path_params["path"])
    user, password = credentials(request)
    is_root = same_token(password, sandbox.settings.root_token)
    job_project = project_of_token(sandbox, password) if user == JOB_USER and not is_root else None
    if not is_root and job_project is None:
        headers = {"WWW-Authenticate": 'Basic realm="GitLab"'}
        return PlainTextResponse("HTTP Basic: Access denied.\n", 401, headers)
    if project is None or (job_project and not may_read(sandbox, job_project, project)):
        return PlainTextResponse("The project you were looking for could not be found.\n", 404)
    if pushing and job_project and not may_push(job_project, project):
        return PlainTextResponse("You are not allowed to push code to this project.\n", 403)
    backend = await start(request, root=sandbox.repositories, path=f"/{project.id}.git/{tail}")
    if tail == PUSH:
        return await _push(sandbox, project, backend, make_pipelines=is_root)
    status, headers = await backend.head()
    # Starlette watches for a client that leaves by reading what is left of the request: there must be nothing left.
    await backend.fed()
    return StreamingResponse(backend.body(), status, headers)


async def _push(sandbox: Sandbox, project: Project, backend: Backend, *, make_pipelines: bool) -> Response:
    """Answers a push after its pipelines were made, so that a client that pushed finds them."""
    status, headers = await backend.head()
    body = b"".join([chunk async for chunk in backend.body()])
    # Read again: the push took its time, and others may have changed the project.
    fresh = sandbox.store.get(Project, project.id)
    if fresh is not None:
        with sandbox.store.transaction():
            absorb_pushes(sandbox, fresh, make_pipelines=make_pipelines)
    return Response(body, status, headers)


ROUTES: list[BaseRoute] = [
    Route("/{path:path}.git/{tail:path}", serve_git, methods=["GET", "POST"]),
]
