"""python-gitlab against the API of CI/CD variables."""

import gitlab
import pytest
from gitlab.exceptions import (
    GitlabCreateError,
    GitlabGetError,
    GitlabHttpError,
    GitlabUpdateError,
)
from gitlab.v4.objects import Project


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
