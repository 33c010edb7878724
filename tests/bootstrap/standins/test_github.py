import base64
import json

import grpc
import pytest
from nacl.public import PrivateKey, SealedBox

from tests.bootstrap.standins import github_answers
from tests.bootstrap.standins.forge_double import ForgeDouble
from tests.bootstrap.standins.plugin_driver import Plugin, is_secret
from tests.bootstrap.standins.trial import SAMPLES, created, ready


def test_github_refuses_to_overwrite_a_file_unasked(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    plugin, made = created(plugins, double, "github:index/repositoryFile:RepositoryFile")
    with pytest.raises(grpc.RpcError, match="overwriteOnCreate"):
        plugin.create(made.type_name, made.inputs)


def test_a_file_without_a_branch_goes_to_githubs_default_branch(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    sample = SAMPLES["github:index/repositoryFile:RepositoryFile"]
    double.objects[github_answers.REPO] = {"default_branch": "trunk"}
    given = {name: value for name, value in sample.inputs.items() if name != "branch"}
    made = ready(plugins, double, sample).create(sample.type_name, given)
    assert made.id == "app:.github/workflows/build.yml:trunk"
    assert double.writes[0].body["branch"] == "trunk"


def test_a_plain_secret_reaches_github_sealed_with_the_repositorys_key(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    sample = SAMPLES["github:index/actionsSecret:ActionsSecret"]
    key = PrivateKey.generate()
    public = base64.b64encode(bytes(key.public_key)).decode()
    double.objects[f"{github_answers.REPO}/actions/secrets/public-key"] = {"key_id": "01", "key": public}
    plugin = ready(plugins, double, sample)
    made = plugin.create(sample.type_name, {"repository": "app", "secretName": "TOKEN", "value": "hunter2"})
    sent = double.writes[0].body
    assert SealedBox(key).decrypt(base64.b64decode(sent["encrypted_value"])) == b"hunter2"
    assert sent["key_id"] == "01"
    assert is_secret(made.outputs["value"])


def test_a_secret_that_changed_on_github_is_set_again(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(plugins, double, "github:index/actionsSecret:ActionsSecret")
    double.objects[f"{github_answers.REPO}/actions/secrets/TOKEN"]["key_id"] = "elsewhere"
    drifted = plugin.read(made)
    assert list(plugin.diff(drifted, made.inputs).diffs) == ["valueEncrypted"]
    mended = plugin.update(drifted, made.inputs)
    assert list(plugin.diff(plugin.read(mended), made.inputs).diffs) == []


REPOSITORY = {"id": 7, "name": "app", "full_name": "acme/app", "visibility": "private", "private": True}


@pytest.mark.parametrize("given", [{"name": "app"}, {"fullName": "acme/app"}], ids=["name", "full name"])
def test_a_repository_is_looked_up_by_either_name(
    given: dict[str, str], plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, SAMPLES["github:index/actionsVariable:ActionsVariable"])
    double.objects[github_answers.REPO] = REPOSITORY
    found, failures = plugin.invoke("github:index/getRepository:getRepository", given)
    assert failures == {}
    assert found == {
        "id": "app",
        "name": "app",
        "fullName": "acme/app",
        "repoId": 7,
        "visibility": "private",
        "private": True,
    }
    assert double.writes == []


def test_a_repository_that_is_not_there_has_an_empty_id(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, SAMPLES["github:index/actionsVariable:ActionsVariable"])
    found, _ = plugin.invoke("github:index/getRepository:getRepository", {"name": "app"})
    assert found == {"id": "", "name": "app"}


def test_a_repository_is_looked_up_by_one_name_only(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    plugin = ready(plugins, double, SAMPLES["github:index/actionsVariable:ActionsVariable"])
    for given in ({}, {"name": "app", "fullName": "acme/app"}):
        _, failures = plugin.invoke("github:index/getRepository:getRepository", given)
        assert failures == {"name": "expected either name or fullName"}
    assert double.calls == []


def test_any_part_of_the_api_can_be_asked(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    plugin = ready(plugins, double, SAMPLES["github:index/actionsVariable:ActionsVariable"])
    double.objects[github_answers.REPO] = REPOSITORY
    found, _ = plugin.invoke("github:index/getRestApi:getRestApi", {"endpoint": "repos/acme/app?page=1"})
    assert (found["code"], json.loads(found["body"])) == (200, REPOSITORY)
    assert double.calls[-1].query == {"page": "1"}
    missing, _ = plugin.invoke("github:index/getRestApi:getRestApi", {"endpoint": "repos/acme/lib"})
    assert (missing["code"], missing["status"]) == (404, "404 Not Found")


def test_a_refusal_of_the_api_is_an_error(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    plugin = ready(plugins, double, SAMPLES["github:index/actionsVariable:ActionsVariable"])
    double.answers[f"GET {github_answers.REPO}"] = lambda *_: (403, {"message": "Forbidden"})
    for token, given in (
        ("getRestApi", {"endpoint": "repos/acme/app"}),
        ("getRepository", {"name": "app"}),
    ):
        with pytest.raises(grpc.RpcError, match="GitHub answered 403"):
            plugin.invoke(f"github:index/{token}:{token}", given)


@pytest.mark.parametrize("place", ["environment", "organization"])
def test_a_secret_is_sealed_with_the_key_of_where_it_is_kept(
    place: str, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    kept = {
        "environment": ("ActionsEnvironmentSecret", f"{github_answers.ENVIRONMENT}/secrets"),
        "organization": ("ActionsOrganizationSecret", f"{github_answers.ORGANIZATION}/secrets"),
    }
    name, path = kept[place]
    sample = SAMPLES[f"github:index/{name[0].lower()}{name[1:]}:{name}"]
    key = PrivateKey.generate()
    public = base64.b64encode(bytes(key.public_key)).decode()
    double.objects[f"{path}/public-key"] = {"key_id": "02", "key": public}
    given = {each: value for each, value in sample.inputs.items() if each not in {"valueEncrypted", "keyId"}}
    ready(plugins, double, sample).create(sample.type_name, given | {"value": "hunter2"})
    sent = double.writes[0].body
    assert SealedBox(key).decrypt(base64.b64decode(sent["encrypted_value"])) == b"hunter2"


def test_a_pattern_of_branches_does_not_become_one_of_tags(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin, made = created(
        plugins,
        double,
        "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
    )
    given = {"repository": "app", "environment": "prod/eu", "tagPattern": "v*"}
    with pytest.raises(grpc.RpcError, match="add another resource"):
        plugin.update(made, given)
    tags = plugin.create(made.type_name, given)
    assert double.writes[-1].body == {"name": "v*", "type": "tag"}
    assert plugin.read(tags).outputs["tagPattern"] == "v*"


def test_an_environment_without_rules_is_read_as_it_is(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    sample = SAMPLES["github:index/repositoryEnvironment:RepositoryEnvironment"]
    plugin = ready(plugins, double, sample)
    double.answers[f"GET {github_answers.ENVIRONMENT}"] = lambda *_: (200, {"protection_rules": []})
    given = {"repository": "app", "environment": "prod/eu", "waitTimer": 0, "reviewers": []}
    made = plugin.create(sample.type_name, given)
    assert list(plugin.diff(plugin.read(made), given).diffs) == []
