"""python-gitlab against the API of runners."""

import re

import gitlab
import pytest
from gitlab.exceptions import (
    GitlabCreateError,
    GitlabDeleteError,
    GitlabGetError,
    GitlabHttpError,
)
from gitlab.v4.objects import Project

from tests.sandbox.harness import MakeRunner, add_runner, commit_ci


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


def test_a_runners_jobs_are_listed_by_status(
    client: gitlab.Gitlab, runner_of: MakeRunner, project: Project
) -> None:
    commit_ci(project, "a: {script: [make]}\nb: {script: [make]}")
    runner = runner_of(project)
    number = project.runners.list(get_all=True, type="project_type")[0].id
    first, second = runner.take(), runner.take()
    runner.finish(first)

    def jobs(**query: str) -> list[int]:
        return [job["id"] for job in client.http_list(f"/runners/{number}/jobs", query, get_all=True)]

    assert jobs(status="running") == [second["id"]]
    assert jobs(status="success") == [first["id"]]
    assert jobs(status="failed") == []
    assert sorted(jobs()) == [first["id"], second["id"]]
    with pytest.raises(GitlabHttpError, match="status does not have a valid value"):
        jobs(status="pending")
