"""python-gitlab against the REST API."""

import re

import gitlab
import pytest
import requests
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabDeleteError,
    GitlabGetError,
    GitlabUpdateError,
)
from gitlab.v4.objects import Project

from tests.sandbox.harness import ROOT_TOKEN, MakeRunner, commit_ci


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
    for missing in ("root/none-such", 10**30):
        with pytest.raises(GitlabGetError, match="404 Project Not Found"):
            client.projects.get(missing)


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


def test_a_clean_up_policy_is_changed_in_part_and_its_pattern_comes_back_by_another_name(
    client: gitlab.Gitlab, project: Project
) -> None:
    project.container_expiration_policy_attributes = {"enabled": True, "name_regex_delete": "old-.*"}
    project.save()
    policy = client.projects.get(project.id).container_expiration_policy
    assert (policy["enabled"], policy["name_regex"], policy["keep_n"]) == (True, "old-.*", 10)
    assert "name_regex_delete" not in policy
    project.container_expiration_policy_attributes = "weekly"
    with pytest.raises(GitlabUpdateError, match="is invalid"):
        project.save()


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


def test_a_schedule_has_variables_and_can_be_played(project: Project, runner_of: MakeRunner) -> None:
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
