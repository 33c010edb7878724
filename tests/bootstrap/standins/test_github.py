import base64

import grpc
import pytest
from nacl.public import PrivateKey, SealedBox

from tests.bootstrap.standins import github_samples
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
    double.objects[github_samples.REPO] = {"default_branch": "trunk"}
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
    double.objects[f"{github_samples.REPO}/actions/secrets/public-key"] = {"key_id": "01", "key": public}
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
    double.objects[f"{github_samples.REPO}/actions/secrets/TOKEN"]["key_id"] = "elsewhere"
    drifted = plugin.read(made)
    assert list(plugin.diff(drifted, made.inputs).diffs) == ["valueEncrypted"]
    mended = plugin.update(drifted, made.inputs)
    assert list(plugin.diff(plugin.read(mended), made.inputs).diffs) == []
