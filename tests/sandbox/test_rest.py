"""python-gitlab against the REST API."""

import re
from collections.abc import Callable

import gitlab
import pytest
import requests
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabDeleteError,
    GitlabGetError,
    GitlabHttpError,
    GitlabUpdateError,
)
from gitlab.v4.objects import Project

from tests.sandbox.harness import ROOT_TOKEN, FakeRunner, add_runner, commit_ci


def test_only_the_root_token_opens_the_api(url: str, client: gitlab.Gitlab) -> None:
    client.auth()
    assert client.user is not None
    assert client.user.username == "root"
    for token in ("", "wrong", f"{ROOT_TOKEN}x"):
        with pytest.raises(GitlabAuthenticationError), gitlab.Gitlab(url, private_token=token) as stranger:
            stranger.auth()


def test_the_version_says_that_it_is_a_stand_in(client: gitlab.Gitlab) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", client.version()[0])
    answer = client.http_get("/version")
    assert isinstance(answer, dict)
    assert "not GitLab" in answer["stand_in"]


def test_a_project_is_found_by_number_and_by_path(client: gitlab.Gitlab, project: Project) -> None:
    assert client.projects.get(project.path_with_namespace).id == project.id
    with pytest.raises(GitlabGetError):
        client.projects.get("root/none-such")


def test_settings_of_a_project_can_be_read_back(client: gitlab.Gitlab, project: Project) -> None:
    assert (project.build_timeout, project.ci_config_path) == (3600, None)
    project.build_timeout = 1200
    project.ci_config_path = "ci/build.yml"
    project.shared_runners_enabled = False
    project.save()
    again = client.projects.get(project.id)
    assert (again.build_timeout, again.ci_config_path, again.shared_runners_enabled) == (
        1200,
        "ci/build.yml",
        False,
    )


def test_a_setting_that_the_sandbox_does_not_hold_is_refused(project: Project) -> None:
    project.made_up_setting = True
    with pytest.raises(GitlabUpdateError, match="made_up_setting"):
        project.save()


def test_a_project_belongs_to_a_group_and_is_gone_when_deleted(client: gitlab.Gitlab) -> None:
    group = client.groups.create({"name": "Team", "path": "team"})
    project = client.projects.create({"name": "app", "namespace_id": group.id})
    assert project.path_with_namespace == "team/app"
    with pytest.raises(GitlabDeleteError, match="empty groups only"):
        group.delete()
    with pytest.raises(GitlabCreateError, match="already been taken"):
        client.projects.create({"name": "app", "namespace_id": group.id})
    project.delete()
    with pytest.raises(GitlabGetError):
        client.projects.get("team/app")
    group.delete()


def test_lists_come_in_pages(project: Project) -> None:
    for number in range(5):
        project.variables.create({"key": f"KEY_{number}", "value": "x"})
    keys = [variable.key for variable in project.variables.list(iterator=True, per_page=2)]
    assert keys == [f"KEY_{number}" for number in range(5)]
    first = project.variables.list(iterator=True, per_page=2)
    assert (first.total, first.total_pages, first.next_page) == (5, 3, 2)


@pytest.mark.parametrize(
    ("value", "raw", "accepted"),
    [
        ("abcd1234", False, True),
        ("short", False, False),
        ("with space", False, False),
        ("two\nlines1", False, False),
        ("a$b-c{d}e", False, False),
        ("a$b-c{d}e", True, True),
        ("with space", True, False),
        ("aZ09_+=/@:.~-", False, True),
    ],
)
def test_only_some_values_can_be_masked(project: Project, *, value: str, raw: bool, accepted: bool) -> None:
    wanted = {"key": "SECRET", "value": value, "masked": True, "raw": raw}
    if accepted:
        assert project.variables.create(wanted).value == value
    else:
        with pytest.raises(GitlabCreateError, match="is invalid") as caught:
            project.variables.create(wanted)
        assert caught.value.response_code == 400


def test_a_hidden_variable_keeps_its_value_to_itself(project: Project) -> None:
    project.variables.create({"key": "HIDDEN", "value": "abcd1234", "masked_and_hidden": True})
    read = project.variables.get("HIDDEN")
    assert (read.value, read.masked, read.hidden) == (None, True, True)
    with pytest.raises(GitlabUpdateError, match="cannot be changed"):
        project.variables.update("HIDDEN", {"value": "abcd1234", "masked": False})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"key": "A-B", "value": "x"}, "can contain only letters"),
        ({"key": "A"}, "value is missing"),
        ({"key": "A", "value": "x" * 10_001}, "too long"),
        ({"key": "A", "value": "x", "variable_type": "folder"}, "variable_type does not have a valid value"),
        ({"key": "A", "value": "x", "masked": "perhaps"}, "masked is invalid"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused(
    client: gitlab.Gitlab, project: Project, wanted: dict[str, str], expected: str
) -> None:
    with pytest.raises(GitlabHttpError, match=expected):
        client.http_post(f"/projects/{project.id}/variables", post_data=wanted)


def test_variables_are_told_apart_by_their_environment(project: Project) -> None:
    project.variables.create({"key": "HOST", "value": "any"})
    project.variables.create({"key": "HOST", "value": "prod", "environment_scope": "production"})
    with pytest.raises(GitlabCreateError, match="already been taken"):
        project.variables.create({"key": "HOST", "value": "again"})
    with pytest.raises(GitlabGetError, match="multiple variables"):
        project.variables.get("HOST")
    scoped = project.variables.get("HOST", filter={"environment_scope": "production"})
    assert scoped.value == "prod"
    project.variables.delete("HOST", filter={"environment_scope": "production"})
    assert project.variables.get("HOST").value == "any"


def test_groups_and_the_instance_have_variables_too(client: gitlab.Gitlab) -> None:
    group = client.groups.create({"name": "vars", "path": "vars"})
    group.variables.create({"key": "G", "value": "group"})
    assert group.variables.get("G").value == "group"
    client.variables.create({"key": "I", "value": "instance"})
    assert [variable.key for variable in client.variables.list(get_all=True)] == ["I"]
    client.variables.delete("I")


def test_a_runner_is_made_read_edited_and_removed(client: gitlab.Gitlab, project: Project) -> None:
    made = add_runner(client, project, tag_list="dind,amd64", run_untagged=False, description="one")
    assert re.fullmatch(r"glrt-t3_[\w-]{20,}", made["token"])
    runner = client.runners.get(made["id"])
    assert (runner.tag_list, runner.run_untagged, runner.status) == (
        ["dind", "amd64"],
        False,
        "never_contacted",
    )
    assert "token" not in runner.attributes
    runner.tag_list = ["arm64"]
    runner.maximum_timeout = 900
    runner.save()
    again = client.runners.get(made["id"])
    assert (again.tag_list, again.maximum_timeout) == (["arm64"], 900)
    assert [item.id for item in project.runners.list(get_all=True, type="project_type")] == [made["id"]]
    runner.delete()
    with pytest.raises(GitlabGetError):
        client.runners.get(made["id"])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"runner_type": "some_type"}, "runner_type does not have a valid value"),
        ({}, "runner_type is missing"),
        ({"runner_type": "project_type"}, "project_id is for project_type runners"),
        ({"runner_type": "group_type", "project_id": 1}, "project_id is for project_type runners"),
        ({"runner_type": "instance_type", "maximum_timeout": 60}, "at least 10 minutes"),
        ({"runner_type": "instance_type", "run_untagged": False}, "can not be empty"),
        ({"runner_type": "project_type", "project_id": 999_999}, "404 Project Not Found"),
    ],
)
def test_a_runner_that_makes_no_sense_is_refused(
    client: gitlab.Gitlab, wanted: dict[str, str | int], expected: str
) -> None:
    with pytest.raises(GitlabHttpError, match=expected):
        client.http_post("/user/runners", post_data=wanted)


def test_a_runner_can_be_enabled_for_another_project(client: gitlab.Gitlab, project: Project) -> None:
    other = client.projects.create({"name": f"{project.name}-other"})
    number = add_runner(client, project)["id"]
    other.runners.create({"runner_id": number})
    assert {item["id"] for item in client.runners.get(number).projects} == {project.id, other.id}
    other.runners.delete(number)
    with pytest.raises(GitlabDeleteError, match="Only one project"):
        project.runners.delete(number)
    client.runners.update(number, {"locked": True})
    with pytest.raises(GitlabCreateError, match="locked"):
        other.runners.create({"runner_id": number})


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


def test_a_schedule_has_variables_and_can_be_played(
    project: Project, runner_of: Callable[..., FakeRunner]
) -> None:
    commit_ci(project, "weekly: {script: [x], only: [schedules]}")
    schedule = project.pipelineschedules.create(
        {"description": "clean", "ref": "main", "cron": "0 3 * * 0", "cron_timezone": "UTC"}
    )
    assert schedule.ref == "refs/heads/main"
    assert schedule.next_run_at.endswith("T03:00:00.000Z")
    schedule.variables.create({"key": "UNTIL", "value": "168h"})
    schedule.variables.update("UNTIL", {"value": "24h"})
    schedule.play()
    assert project.pipelines.list(get_all=True)[0].source == "schedule"
    job = runner_of(project).take()
    assert {"UNTIL": "24h"}.items() <= {item["key"]: item["value"] for item in job["variables"]}.items()
    number = project.pipelineschedules.list(get_all=True)[0].id
    project.pipelineschedules.update(number, {"active": False})
    assert project.pipelineschedules.get(number).next_run_at is None
    with pytest.raises(GitlabUpdateError, match="syntax is invalid"):
        project.pipelineschedules.update(number, {"cron": "every day"})


def test_the_job_token_scope_lists_other_projects(client: gitlab.Gitlab, project: Project) -> None:
    other = client.projects.create({"name": f"{project.name}-reader"})
    scope = project.job_token_scope.get()
    assert scope.inbound_enabled
    scope.allowlist.create({"target_project_id": other.id})
    assert [item.id for item in scope.allowlist.list(get_all=True)] == [project.id, other.id]
    scope.allowlist.delete(other.id)
    assert [item.id for item in scope.allowlist.list(get_all=True)] == [project.id]


def test_a_call_that_the_sandbox_does_not_have_says_so(url: str) -> None:
    answer = requests.get(f"{url}/api/v4/projects/1/issues", headers={"PRIVATE-TOKEN": ROOT_TOKEN}, timeout=9)
    assert answer.status_code == 404
    assert "the sandbox has no GET" in answer.json()["error"]


def test_registration_tokens_are_gone(url: str) -> None:
    assert requests.post(f"{url}/api/v4/runners", json={"token": "x"}, timeout=9).status_code == 410
