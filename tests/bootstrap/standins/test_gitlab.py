import dataclasses

import grpc
import pytest

from bootstrap.standins.fields import UNKNOWN
from bootstrap.standins.gitlab_provider import GITLAB
from tests.bootstrap.standins import gitlab_answers
from tests.bootstrap.standins.forge_double import Call, ForgeDouble
from tests.bootstrap.standins.plugin_driver import Plugin, is_secret, plain, running
from tests.bootstrap.standins.trial import SAMPLES, created, ready


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"runner_type": "group_type"}, "runner_type"),
        ({"runnerType": "groupType", "groupId": 1}, "runnerType"),
        ({"groupId": 1}, "runnerType"),
        ({"runnerType": "group_type"}, "groupId"),
        ({"runnerType": "group_type", "groupId": 1, "projectId": 2}, "projectId"),
        ({"runnerType": "instance_type", "maximumTimeout": "600"}, "maximumTimeout"),
        ({"runnerType": "instance_type", "maximumTimeout": 1.5}, "maximumTimeout"),
        ({"runnerType": "instance_type", "paused": "yes"}, "paused"),
        ({"runnerType": "instance_type", "tagLists": "dind"}, "tagLists"),
        ({"runnerType": "instance_type", "tagLists": [1]}, "tagLists"),
        ({"runnerType": "instance_type", "token": "glrt-mine"}, "token"),
    ],
)
def test_a_check_refuses_what_the_table_does_not_allow(
    given: dict[str, object], wrong: str, plugins: dict[str, Plugin]
) -> None:
    _, failures = plugins["gitlab"].check("gitlab:index/userRunner:UserRunner", given)
    assert wrong in failures


def test_a_check_takes_values_that_a_preview_does_not_know(plugins: dict[str, Plugin]) -> None:
    given = {"runnerType": "project_type", "projectId": UNKNOWN, "tagLists": UNKNOWN, "paused": UNKNOWN}
    assert plugins["gitlab"].check("gitlab:index/userRunner:UserRunner", given) == (given, {})


def test_a_runners_token_is_a_secret_and_survives_reads_and_updates(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(plugins, double, "gitlab:index/userRunner:UserRunner")
    changed = plugin.update(made, made.inputs | {"paused": True})
    for outputs in (made.outputs, plugin.read(made).outputs, changed.outputs):
        assert is_secret(outputs["token"])
        assert plain(outputs)["token"] == "glrt-made-up"


def test_a_previewed_update_keeps_the_token_known(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    plugin, made = created(plugins, double, "gitlab:index/userRunner:UserRunner")
    promised = plugin.update(made, made.inputs | {"paused": True}, preview=True)
    assert plain(promised.outputs)["token"] == "glrt-made-up"


def test_drift_on_the_forge_shows_in_a_refresh_and_is_mended_by_an_update(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(plugins, double, "gitlab:index/projectVariable:ProjectVariable")
    at = f"{gitlab_answers.TEAM_VARIABLES}/HOST"
    double.objects[at] |= {"value": "tcp://elsewhere", "description": None}
    drifted = plugin.read(made)
    assert drifted.inputs["value"] == "tcp://elsewhere"
    assert set(plugin.diff(drifted, made.inputs).diffs) == {"value", "description"}
    plugin.update(drifted, made.inputs)
    assert double.objects[at]["value"] == made.inputs["value"]


def test_a_variable_is_found_by_its_scope(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    created(plugins, double, "gitlab:index/projectVariable:ProjectVariable")
    assert double.calls[-1].query == {"filter[environment_scope]": "*"}


def test_a_hidden_variables_value_is_kept_though_gitlab_does_not_tell_it(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(plugins, double, "gitlab:index/groupVariable:GroupVariable")
    double.objects["/api/v4/groups/9/variables/PASSWORD"] |= {"hidden": True, "value": None}
    assert plugin.read(made).inputs["value"] == "very-secret"


def test_a_schedule_is_taken_over_before_it_is_changed(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(plugins, double, "gitlab:index/pipelineSchedule:PipelineSchedule")
    double.answers["POST /api/v4/projects/3/pipeline_schedules/41/take_ownership"] = lambda *_: (201, {})
    double.calls.clear()
    plugin.update(made, made.inputs | {"takeOwnership": True, "cron": "0 4 * * 0"})
    assert [each.method for each in double.writes] == ["POST", "PUT"]


def test_an_object_with_the_same_id_goes_before_its_replacement_comes(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(plugins, double, "gitlab:index/branchProtection:BranchProtection")
    assert plugin.diff(made, made.inputs | {"pushAccessLevel": "admin"}).deleteBeforeReplace
    assert not plugin.diff(made, made.inputs | {"branch": "other"}).deleteBeforeReplace


def test_a_refusal_says_which_call_and_what_the_forge_answered(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    sample = SAMPLES["gitlab:index/projectVariable:ProjectVariable"]
    plugin = ready(plugins, double, sample)
    double.answers[f"POST {gitlab_answers.TEAM_VARIABLES}"] = lambda *_: (
        400,
        {"message": {"key": ["has already been taken"]}},
    )
    with pytest.raises(grpc.RpcError) as error:
        plugin.create(sample.type_name, sample.inputs)
    assert str(error.value.details()) == (
        'GitLab answered 400 to POST /projects/team%2Fapp/variables: {"key": ["has already been taken"]}'
    )


def test_an_object_that_cannot_be_read_back_stays_in_the_state(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    sample = SAMPLES["gitlab:index/projectVariable:ProjectVariable"]
    plugin = ready(plugins, double, sample)
    double.answers[f"GET {gitlab_answers.TEAM_VARIABLES}/HOST"] = lambda *_: (502, {"message": "busy"})
    with pytest.raises(grpc.RpcError) as error:
        plugin.create(sample.type_name, sample.inputs)
    details = next(
        each.value for each in error.value.trailing_metadata() if each.key == "grpc-status-details-bin"
    )
    assert b"ErrorResourceInitFailed" in details
    assert sample.identity.encode() in details


def test_a_forge_that_is_not_there_is_named_with_the_reason(plugins: dict[str, Plugin]) -> None:
    with pytest.raises(grpc.RpcError) as error:
        plugins["gitlab"].configure({"baseUrl": "http://127.0.0.1:1/api/v4/", "token": "made-up-token"})
    said = str(error.value.details())
    assert said.startswith("GitLab at http://127.0.0.1:1/api/v4/ could not be reached for GET /user: ")
    assert "Connection refused" in said


def test_a_wrong_token_is_refused_when_the_gitlab_plugin_is_configured(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    double.answers["GET /api/v4/user"] = lambda *_: (401, {"message": "401 Unauthorized"})
    settings = {"baseUrl": f"{double.url}/api/v4/", "token": "wrong"}
    with pytest.raises(grpc.RpcError, match="401 Unauthorized"):
        plugins["gitlab"].configure(settings)
    plugins["gitlab"].configure(settings | {"earlyAuthCheck": "false"})


def test_a_forge_whose_address_is_not_known_yet_is_not_asked(double: ForgeDouble) -> None:
    sample = SAMPLES["gitlab:index/projectVariable:ProjectVariable"]
    with running(GITLAB) as plugin:
        plugin.configure({"baseUrl": UNKNOWN, "token": "made-up-token"})
        assert plugin.preview(sample.type_name, sample.inputs)["key"] == "HOST"
        with pytest.raises(grpc.RpcError, match="not known"):
            plugin.create(sample.type_name, sample.inputs)
    assert double.calls == []


def test_a_project_that_is_imported_by_its_path_is_known_by_its_number(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(plugins, double, "gitlab:index/project:Project")
    double.objects["/api/v4/projects/team%2Fapp"] = double.objects["/api/v4/projects/41"]
    found = plugin.read(dataclasses.replace(made, id="team/app", inputs={}, outputs={}))
    assert found.id == "41"
    assert found.inputs == made.inputs


@pytest.mark.parametrize(
    ("name", "given", "path"),
    [
        ("Project", {"id": "3"}, "projects/3"),
        ("Project", {"pathWithNamespace": "team/app"}, "projects/team%2Fapp"),
        ("Group", {"groupId": 3}, "groups/3"),
        ("Group", {"fullPath": "team/images"}, "groups/team%2Fimages"),
    ],
)
def test_a_project_or_group_is_looked_up_by_number_or_path(
    name: str, given: dict[str, object], path: str, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, SAMPLES["gitlab:index/project:Project"])
    double.objects[f"/api/v4/{path}"] = {"id": 3, "web_url": "https://made.up/app", "unknown": 1}
    found, failures = plugin.invoke(f"gitlab:index/get{name}:get{name}", given)
    assert failures == {}
    assert (found["id"], found["webUrl"]) == ("3", "https://made.up/app")
    assert double.writes == []


@pytest.mark.parametrize(
    ("given", "wrong"),
    [({}, "id"), ({"id": "3", "pathWithNamespace": "team/app"}, "id"), ({"name": "app"}, "name")],
)
def test_a_look_up_takes_exactly_one_argument_that_it_knows(
    given: dict[str, object], wrong: str, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, SAMPLES["gitlab:index/project:Project"])
    _, failures = plugin.invoke("gitlab:index/getProject:getProject", given)
    assert wrong in failures
    assert double.calls == []


def test_a_look_up_of_what_is_not_there_says_so(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    plugin = ready(plugins, double, SAMPLES["gitlab:index/project:Project"])
    with pytest.raises(grpc.RpcError, match="GitLab answered 404 to GET /projects/9"):
        plugin.invoke("gitlab:index/getProject:getProject", {"id": "9"})


def test_lists_are_read_to_their_last_page(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    sample = SAMPLES["gitlab:index/projectRunnerEnablement:ProjectRunnerEnablement"]
    plugin = ready(plugins, double, sample)
    others = [{"id": number} for number in range(1000, 1100)]

    def paged(_: ForgeDouble, call: Call) -> tuple[int, list[dict[str, int]]]:
        return 200, others if call.query["page"] == "1" else [{"id": 7}]

    double.answers[f"GET {gitlab_answers.PROJECT}/runners"] = paged
    assert plugin.create(sample.type_name, sample.inputs).id == "3:7"
