"""Which runner gets which job."""

import gitlab
import pytest
from gitlab.v4.objects import Project

from tests.sandbox.harness import FakeRunner, MakeRunner, commit_ci

ONE_JOB = "build: {script: [make]}"


@pytest.mark.parametrize(
    ("settings", "takes"),
    [
        ({"tag_list": ["dind", "amd64"]}, True),
        ({"tag_list": ["dind"]}, False),
        ({"tag_list": ["dind", "amd64"], "paused": True}, False),
        ({"tag_list": ["dind", "amd64"], "access_level": "ref_protected"}, False),
    ],
)
def test_a_job_goes_to_a_runner_that_fits(
    runner_of: MakeRunner, project: Project, *, settings: dict[str, str], takes: bool
) -> None:
    commit_ci(project, "a: {script: [x], tags: [dind, $ARCH], variables: {ARCH: amd64}, only: [topic]}")
    project.branches.create({"branch": "topic", "ref": "main"})
    assert (runner_of(project, **settings).request().status_code == 201) is takes


def test_an_untagged_job_needs_a_runner_that_takes_them(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, ONE_JOB)
    assert runner_of(project, tag_list=["x"], run_untagged=False).request().status_code == 204
    assert runner_of(project, tag_list=["x"]).request().status_code == 201


def test_runners_of_the_instance_and_of_groups_serve_as_the_project_allows(
    client: gitlab.Gitlab, url: str
) -> None:
    group = client.groups.create({"name": "scoped", "path": "scoped"})
    project = client.projects.create({"name": "app", "namespace_id": group.id})
    assert isinstance(project, Project)
    commit_ci(project, "a: {script: [x], tags: [scope-test]}\nb: {script: [x], tags: [scope-test]}")
    shared = {"tag_list": "scope-test", "run_untagged": False}
    instance = client.http_post("/user/runners", post_data={"runner_type": "instance_type", **shared})
    grouped = client.http_post(
        "/user/runners", post_data={"runner_type": "group_type", "group_id": group.id, **shared}
    )
    assert isinstance(instance, dict)
    assert isinstance(grouped, dict)
    runners = [FakeRunner(url, str(made["token"])) for made in (instance, grouped)]
    client.projects.update(project.id, {"shared_runners_enabled": False, "group_runners_enabled": False})
    assert [runner.request().status_code for runner in runners] == [204, 204]
    client.projects.update(project.id, {"shared_runners_enabled": True, "group_runners_enabled": True})
    assert [runner.request().status_code for runner in runners] == [201, 201]
