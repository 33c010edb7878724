"""Merge requests and their notes, by python-gitlab."""

import gitlab
import pytest
from gitlab.exceptions import GitlabCreateError, GitlabGetError
from gitlab.v4.objects import Project, ProjectMergeRequest

from tests.sandbox.harness import commit_ci

CI = "build:\n  script: [make]\n"


def merge_request(project: Project) -> ProjectMergeRequest:
    if not project.branches.list():
        commit_ci(project, CI)
        project.branches.create({"branch": "change", "ref": "main"})
    body = {"source_branch": "change", "target_branch": "main", "title": "Change it"}
    made = project.mergerequests.create(body)
    assert isinstance(made, ProjectMergeRequest)
    return made


def test_a_merge_request_has_a_number_in_its_project(project: Project) -> None:
    assert [merge_request(project).iid for _ in range(2)] == [1, 2]
    assert project.mergerequests.get(2).title == "Change it"
    with pytest.raises(GitlabGetError, match="404 Merge Request Not Found"):
        project.mergerequests.get(3)
    with pytest.raises(GitlabCreateError, match="does not exist"):
        project.mergerequests.create({"source_branch": "none", "target_branch": "main", "title": "x"})


def test_notes_are_listed_newest_first_or_as_asked(project: Project) -> None:
    request = merge_request(project)
    for word in ("first", "second", "third"):
        request.notes.create({"body": word})

    assert [note.body for note in request.notes.list(get_all=True)] == ["third", "second", "first"]
    oldest_first = request.notes.list(sort="asc", order_by="created_at", per_page=2, get_all=True)
    assert [note.body for note in oldest_first] == ["first", "second", "third"]


def test_a_note_is_edited_and_removed_and_is_nobody_elses(project: Project) -> None:
    request, other = merge_request(project), merge_request(project)
    note = request.notes.create({"body": "before"})
    note.body = "after"
    note.save()

    assert request.notes.get(note.id).body == "after"
    with pytest.raises(GitlabGetError, match="404 Note Not Found"):
        other.notes.get(note.id)
    note.delete()
    assert request.notes.list(get_all=True) == []


def test_a_note_is_neither_empty_nor_too_long(project: Project) -> None:
    request = merge_request(project)
    for body in (" ", "x" * 1_000_001):
        with pytest.raises(GitlabCreateError, match="400"):
            request.notes.create({"body": body})


def test_merge_requests_go_with_their_project(client: gitlab.Gitlab, project: Project) -> None:
    merge_request(project).notes.create({"body": "mine"})
    project.delete()

    again = client.projects.create({"name": project.name})
    assert isinstance(again, Project)
    request = merge_request(again)
    assert (request.iid, request.notes.list(get_all=True)) == (1, [])
