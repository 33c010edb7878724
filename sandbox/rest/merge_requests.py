"""Merge requests and their notes (GitLab docs, "Merge requests API", "Notes API")."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.context import ROOT_USER
from sandbox.models import JsonObject, MergeRequest, Note, Project
from sandbox.wire import ApiError, Call, api, invalid, not_found, nothing, page, reply

MOST = 1_000_000
"""Characters of a note, at the most."""
_ORDERS = ("created_at", "updated_at")
_SORTS = ("asc", "desc")


def _show(call: Call, project: Project, request: MergeRequest) -> JsonObject:
    return {
        "id": request.id,
        "iid": request.iid,
        "project_id": project.id,
        "title": request.title,
        "state": "opened",
        "source_branch": request.source_branch,
        "target_branch": request.target_branch,
        "source_project_id": project.id,
        "target_project_id": project.id,
        "author": ROOT_USER,
        "created_at": request.created_at,
        "updated_at": request.created_at,
        "web_url": call.sandbox.url(project, f"/-/merge_requests/{request.iid}"),
    }


def _show_note(request: MergeRequest, note: Note) -> JsonObject:
    return {
        "id": note.id,
        "body": note.body,
        "author": ROOT_USER,
        "system": False,
        "noteable_id": request.id,
        "noteable_iid": request.iid,
        "noteable_type": "MergeRequest",
        "created_at": note.created_at,
        "updated_at": note.updated_at,
    }


def _request(call: Call) -> tuple[Project, MergeRequest]:
    project, iid = call.project(), call.part("iid")
    found = (
        call.sandbox.store.first(MergeRequest, project_id=project.id, iid=int(iid))
        if iid.isdecimal()
        else None
    )
    if found is None:
        raise not_found("Merge Request")
    return project, found


def _note(call: Call) -> tuple[MergeRequest, Note]:
    _, request = _request(call)
    note = call.record(Note, "note", "Note")
    if note.merge_request_id != request.id:
        raise not_found("Note")
    return request, note


def _body(call: Call) -> str:
    call.params.require("body")
    body = call.params.text("body")
    if not body.strip():
        raise ApiError(400, {"message": "400 Bad request - Note can't be blank"})
    if len(body) > MOST:
        raise invalid(note=f"is too long (maximum is {MOST} characters)")
    return body


def create_request(call: Call) -> Response:
    """POST /merge_requests."""
    project = call.project()
    call.params.require("source_branch", "target_branch", "title")
    branches = {key: call.params.text(key) for key in ("source_branch", "target_branch")}
    refs = call.sandbox.repository(project).refs()
    if missing := [key for key, name in branches.items() if f"refs/heads/{name}" not in refs]:
        raise invalid(**dict.fromkeys(missing, "does not exist"))
    request = MergeRequest(
        project_id=project.id,
        iid=len(call.sandbox.store.find(MergeRequest, project_id=project.id)) + 1,
        title=call.params.text("title"),
        source_branch=branches["source_branch"],
        target_branch=branches["target_branch"],
        created_at=clock.stamp(),
    )
    return reply(_show(call, project, call.sandbox.store.add(request)), 201)


def get_request(call: Call) -> Response:
    """GET /merge_requests/:iid."""
    return reply(_show(call, *_request(call)))


def list_notes(call: Call) -> Response:
    """GET /merge_requests/:iid/notes, newest first unless told otherwise."""
    _, request = _request(call)
    order = call.params.choice("order_by", _ORDERS, "created_at")
    newest_first = call.params.choice("sort", _SORTS, "desc") == "desc"
    found = call.sandbox.store.find(Note, merge_request_id=request.id)
    found.sort(key=lambda note: (getattr(note, order), note.id), reverse=newest_first)
    return page(call, found, lambda note: _show_note(request, note))


def create_note(call: Call) -> Response:
    """POST /merge_requests/:iid/notes."""
    project, request = _request(call)
    now = clock.stamp()
    note = Note(
        project_id=project.id, merge_request_id=request.id, body=_body(call), created_at=now, updated_at=now
    )
    return reply(_show_note(request, call.sandbox.store.add(note)), 201)


def get_note(call: Call) -> Response:
    """GET /merge_requests/:iid/notes/:note."""
    return reply(_show_note(*_note(call)))


def edit_note(call: Call) -> Response:
    """PUT /merge_requests/:iid/notes/:note."""
    request, note = _note(call)
    note.body = _body(call)
    note.updated_at = clock.stamp()
    call.sandbox.store.save(note)
    return reply(_show_note(request, note))


def delete_note(call: Call) -> Response:
    """DELETE /merge_requests/:iid/notes/:note."""
    _, note = _note(call)
    call.sandbox.store.delete(note)
    return nothing()


_ALL = "/projects/{project}/merge_requests"
_NOTES = f"{_ALL}/{{iid}}/notes"
ROUTES: list[BaseRoute] = [
    api("POST", _ALL, create_request),
    api("GET", f"{_ALL}/{{iid}}", get_request),
    api("GET", _NOTES, list_notes),
    api("POST", _NOTES, create_note),
    api("GET", f"{_NOTES}/{{note}}", get_note),
    api("PUT", f"{_NOTES}/{{note}}", edit_note),
    api("DELETE", f"{_NOTES}/{{note}}", delete_note),
]
