"""Git over HTTP, by git's own `git http-backend`. Tokens are passwords; the user's name does not matter."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.git_backend import PUSH, Backend, credentials, start
from sandbox.github.access import Caller, identify
from sandbox.github.actions.pushes import absorb_pushes
from sandbox.github.context import GitHub
from sandbox.github.models import Repo
from sandbox.github.wire import bearer


async def serve_git(request: Request) -> Response:
    """One request of a git client: 401 without a token where one is needed, 404 for a repository out of reach."""
    github: GitHub = request.app.state.github
    tail = request.url.path.split("/", 3)[3]
    pushing = PUSH in {tail, request.query_params.get("service")}
    repo = github.find_repo(f"{request.path_params['owner']}/{request.path_params['repo']}")
    _, password = credentials(request)
    caller = identify(github, password or bearer(request))
    if caller is None or (caller.kind == "anonymous" and (pushing or repo is None or repo.private)):
        headers = {"WWW-Authenticate": 'Basic realm="GitHub"'}
        return PlainTextResponse("Invalid username or token.\n", 401, headers)
    if repo is None or not _may_read(caller, repo):
        return PlainTextResponse("Repository not found.\n", 404)
    if pushing and not (caller.reaches(repo) and caller.may("contents", "write")):
        return PlainTextResponse(f"Permission to {repo.full_name}.git denied.\n", 403)
    if pushing and repo.archived:
        return PlainTextResponse("This repository was archived so it is read-only.\n", 403)
    backend = await start(request, root=github.repositories, path=f"/{repo.id}.git/{tail}")
    if tail == PUSH:
        return await _push(github, repo, backend, caller)
    status, headers = await backend.head()
    # Starlette watches for a client that leaves by reading what is left of the request: there must be nothing left.
    await backend.fed()
    return StreamingResponse(backend.body(), status, headers)


def _may_read(caller: Caller, repo: Repo) -> bool:
    return not repo.private or (caller.reaches(repo) and caller.may("contents", "read"))


async def _push(github: GitHub, repo: Repo, backend: Backend, caller: Caller) -> Response:
    """Answers a push after its runs were made, so that a client that pushed finds them."""
    status, headers = await backend.head()
    body = b"".join([chunk async for chunk in backend.body()])
    # Read again: the push took its time, and others may have changed the repository.
    fresh = github.store.get(Repo, repo.id)
    if fresh is not None:
        with github.store.transaction():
            absorb_pushes(github, fresh, pusher=caller.account, make_runs=caller.kind != "job")
    return Response(body, status, headers)


ROUTES: list[BaseRoute] = [
    Route("/{owner}/{repo}.git/{tail:path}", serve_git, methods=["GET", "POST"]),
    *(
        Route(f"/{{owner}}/{{repo}}/{tail}", serve_git, methods=["GET", "POST"])
        for tail in ("info/refs", "git-upload-pack", PUSH)
    ),
]
