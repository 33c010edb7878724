"""python-gitlab against the API of repositories: files, branches, what is protected."""

import gitlab
import pytest
from gitlab.exceptions import (
    GitlabCreateError,
    GitlabDeleteError,
    GitlabGetError,
    GitlabHttpError,
    GitlabUpdateError,
)
from gitlab.v4.objects import Project

from tests.sandbox.harness import commit_ci


def test_files_are_real_commits(project: Project) -> None:
    project.files.create(
        {"file_path": "docs/über uns.md", "branch": "main", "content": "one\n", "commit_message": "add"}
    )
    file = project.files.get("docs/über uns.md", ref="main")
    assert (file.decode(), file.execute_filemode) == (b"one\n", False)
    file.content = "two\n"
    file.save(branch="main", commit_message="change", author_name="Some One", author_email="some@example.com")
    newest = project.commits.list(get_all=True)[0]
    assert (newest.title, newest.author_name, len(newest.parent_ids)) == ("change", "Some One", 1)
    assert project.files.head("docs/über uns.md", ref="main")["X-Gitlab-Size"] == "4"
    file.delete(branch="main", commit_message="remove")
    with pytest.raises(GitlabGetError):
        project.files.get("docs/über uns.md", ref="main")


def test_a_change_of_a_file_that_was_changed_meanwhile_is_refused(project: Project) -> None:
    base = {"file_path": "a.txt", "branch": "main", "commit_message": "x"}
    project.files.create({**base, "content": "1"})
    seen = project.files.get("a.txt", ref="main").last_commit_id
    project.files.update("a.txt", {**base, "content": "2"})
    with pytest.raises(GitlabUpdateError, match="has changed since"):
        project.files.update("a.txt", {**base, "content": "3", "last_commit_id": seen})
    with pytest.raises(GitlabCreateError, match="already exists"):
        project.files.create({**base, "content": "4"})


@pytest.mark.parametrize(
    "path", ["../up", ".git/config", "a/.git/hooks/x", "/abs", "a//b", 'quote".txt', "a/.."]
)
def test_a_path_that_git_would_not_check_out_is_refused(
    client: gitlab.Gitlab, project: Project, path: str
) -> None:
    action = {"action": "create", "file_path": path, "content": "x"}
    body = {"branch": "main", "commit_message": "x", "actions": [action]}
    with pytest.raises(GitlabHttpError, match="invalid path"):
        client.http_post(f"/projects/{project.id}/repository/commits", post_data=body)


def test_a_branch_that_git_would_not_take_is_refused(project: Project) -> None:
    file = {"file_path": "a", "content": "x", "commit_message": "x"}
    for branch in ("a..b", "x\ncommit refs/heads/main", "", "with space"):
        with pytest.raises(GitlabCreateError, match="git:"):
            project.files.create({**file, "branch": branch})
    commit_ci(project, "a: {script: [x], rules: []}")
    with pytest.raises(GitlabCreateError, match="git:"):
        project.branches.create({"branch": "a..b", "ref": "main"})


def test_branches_are_made_and_removed_but_not_the_protected_one(project: Project) -> None:
    commit_ci(project, "a: {script: [x], rules: []}")
    project.branches.create({"branch": "topic/one", "ref": "main"})
    assert project.branches.get("main").protected
    assert not project.branches.get("topic/one").protected
    project.branches.delete("topic/one")
    with pytest.raises(GitlabDeleteError, match="protected"):
        project.branches.delete("main")


def test_branches_and_tags_are_protected_by_name_or_pattern(project: Project) -> None:
    project.protectedbranches.create({"name": "release/*", "push_access_level": 0})
    rule = project.protectedbranches.get("release/*")
    assert rule.push_access_levels[0]["access_level_description"] == "No one"
    with pytest.raises(GitlabCreateError, match="already exists"):
        project.protectedbranches.create({"name": "release/*"})
    rule.delete()
    project.protectedtags.create({"name": "v*", "create_access_level": 40})
    assert [tag.name for tag in project.protectedtags.list(get_all=True)] == ["v*"]
