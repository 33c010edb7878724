"""Artifacts, as gitlab-runner uploads and downloads them."""

import re
import shutil
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.job_tokens import may_read, project_of_token
from sandbox.models import Job
from sandbox.project_settings import number
from sandbox.rest.shapes import project_of
from sandbox.runner_api import running_job
from sandbox.wire import ApiError, Call, api, not_found, read_call, reply, run

# GitLab's own limit where the project sets none. Megabytes.
_LARGEST = 100
_KIND = re.compile(r"[a-z_]+")


async def upload(request: Request) -> Response:
    """POST /jobs/:id/artifacts: a file in a form. 201, or 413 when it is too large."""
    try:
        return await _upload(await read_call(request))
    finally:
        await request.close()


async def _upload(call: Call) -> Response:
    file = (await call.request.form()).get("file")
    permitted = run(call, _permit)
    if permitted.status_code != HTTPStatus.OK:
        return permitted
    if not isinstance(file, UploadFile):
        return ApiError(400, {"error": "file is missing"}).response()
    kind = call.params.text("artifact_type", "archive")
    part = call.sandbox.settings.data / f"upload-{int(call.part('job'))}-{kind}.part"
    # Large files are copied aside, so that other calls go on.
    await run_in_threadpool(_copy, file.file, part)
    name = Path(file.filename or "artifacts").name
    return run(call, lambda call: _keep(call, part, name))


def _permit(call: Call) -> Response:
    running_job(call)
    if not _KIND.fullmatch(call.params.text("artifact_type", "archive")):
        raise ApiError(400, {"error": "artifact_type does not have a valid value"})
    return reply({})


def _copy(source: BinaryIO, target: Path) -> None:
    with target.open("wb") as out:
        shutil.copyfileobj(source, out)


def _keep(call: Call, part: Path, name: str) -> Response:
    """Takes an uploaded file over. The job is looked up again: it may have ended meanwhile."""
    job = running_job(call)
    size = part.stat().st_size
    limit = number(project_of(call.sandbox, job), "max_artifacts_size") or _LARGEST
    if size > limit * 1024 * 1024:
        part.unlink()
        raise ApiError(413, {"message": "413 Payload Too Large"})
    kind = call.params.text("artifact_type", "archive")
    part.replace(call.sandbox.artifact(job, kind))
    job.artifacts = [kept for kept in job.artifacts if kept["file_type"] != kind]
    form = call.params.text("artifact_format", "zip")
    job.artifacts.append({"file_type": kind, "size": size, "filename": name, "file_format": form})
    call.sandbox.store.save(job)
    return reply({"message": "201 Created"}, 201)


def download(call: Call) -> Response:
    """GET /jobs/:id/artifacts, by the token of a running job that may read the project."""
    reader = project_of_token(call.sandbox, call.request.headers.get("job-token", ""))
    if reader is None:
        raise ApiError(401, {"message": "401 Unauthorized"})
    job = call.record(Job, "job", "Job")
    if not may_read(call.sandbox, reader, project_of(call.sandbox, job)):
        raise ApiError(403, {"message": "403 Forbidden"})
    for kept in job.artifacts:
        if kept["file_type"] == "archive":
            place = call.sandbox.artifact(job, "archive")
            return FileResponse(place, filename=str(kept["filename"]), media_type="application/zip")
    raise not_found("Artifacts")


ROUTES: list[BaseRoute] = [
    Route("/api/v4/jobs/{job}/artifacts", upload, methods=["POST"]),
    api("GET", "/jobs/{job}/artifacts", download, root_only=False),
]
