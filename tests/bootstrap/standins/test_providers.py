import dataclasses

import grpc
import pytest

from bootstrap.standins.fields import UNKNOWN, same
from bootstrap.standins.forge import Forge
from tests.bootstrap.standins.forge_double import ForgeDouble
from tests.bootstrap.standins.plugin_driver import Plugin, plain
from tests.bootstrap.standins.sample import Sample
from tests.bootstrap.standins.trial import FORGES, SAMPLES, created, forge_of, ready

every_type = pytest.mark.parametrize(
    "sample", SAMPLES.values(), ids=lambda sample: sample.type_name.split(":")[-1]
)


def test_every_resource_type_has_a_sample() -> None:
    assert {each.type_name for forge in FORGES.values() for each in forge.resources} == set(SAMPLES)


@every_type
def test_a_create_makes_the_calls_of_the_forges_documents(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    made = ready(plugins, double, sample).create(sample.type_name, sample.inputs)
    assert made.id == sample.identity
    assert tuple((each.line, each.body) for each in double.writes) == sample.made


@every_type
def test_the_same_inputs_are_no_change(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, sample)
    made = plugin.create(sample.type_name, sample.inputs)
    assert list(plugin.diff(made, sample.inputs).diffs) == []


@every_type
def test_a_refresh_after_a_create_finds_no_drift(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, sample)
    made = plugin.create(sample.type_name, sample.inputs)
    assert plugin.read(made) == made


@every_type
def test_an_object_is_found_by_its_id_alone(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, sample)
    made = plugin.create(sample.type_name, sample.inputs)
    found = plugin.read(dataclasses.replace(made, inputs={}, outputs={}))
    assert found.id == made.id
    resource = forge_of(sample).by_type[sample.type_name]
    assert made.inputs.keys() & set(resource.identity_names) <= found.inputs.keys()
    for field in resource.fields:
        if field.name in found.inputs and field.name in made.inputs:
            assert same(field, found.inputs[field.name], made.inputs[field.name]), field.name


@every_type
def test_a_diff_replaces_exactly_what_the_table_says(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, sample)
    made = plugin.create(sample.type_name, sample.inputs)
    replacing = {each.name for each in forge_of(sample).by_type[sample.type_name].fields if each.replaces}
    for name in made.inputs:
        other = dataclasses.replace(made, inputs=made.inputs | {name: "something else"})
        found = plugin.diff(other, sample.inputs)
        assert list(found.diffs) == [name]
        assert list(found.replaces) == ([name] if name in replacing else [])


@every_type
def test_an_update_changes_the_object_in_place(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, sample)
    made = plugin.create(sample.type_name, sample.inputs)
    inputs = sample.inputs | sample.changed
    assert set(plugin.diff(made, inputs).diffs) == set(sample.changed)
    changed = plugin.update(made, inputs)
    assert changed.id == made.id
    assert plugin.read(changed) == changed
    assert changed.inputs == made.inputs | sample.changed


@every_type
def test_what_was_removed_is_read_as_gone_and_removed_again_without_an_error(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, sample)
    made = plugin.create(sample.type_name, sample.inputs)
    plugin.delete(made)
    assert (plugin.read(made).id == "") == sample.is_removed
    plugin.delete(made)


@every_type
def test_a_preview_calls_nobody_and_knows_only_what_is_given(
    sample: Sample, plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    plugin = ready(plugins, double, sample)
    promised = plain(plugin.preview(sample.type_name, sample.inputs))
    fields = forge_of(sample).by_type[sample.type_name].fields
    assert {name: promised[name] for name in sample.inputs} == sample.inputs
    assert all(promised[each.name] == UNKNOWN for each in fields if each.computed)
    assert double.calls == []


@every_type
def test_a_schema_says_what_is_required(sample: Sample, plugins: dict[str, Plugin]) -> None:
    schema = plugins[forge_of(sample).name].schema()["resources"][sample.type_name]
    assert set(schema["requiredInputs"]) <= set(sample.inputs) <= set(schema["inputProperties"])


@pytest.mark.parametrize("forge", FORGES.values(), ids=FORGES)
def test_a_plugin_says_that_it_is_a_stand_in(forge: Forge, plugins: dict[str, Plugin]) -> None:
    assert plugins[forge.name].version().endswith("+stand-in")
    assert "a stand-in for Pulumi's" in forge.label


def test_a_file_that_is_there_is_overwritten_only_on_request(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    for type_name, method in (
        ("gitlab:index/repositoryFile:RepositoryFile", "PUT"),
        ("github:index/repositoryFile:RepositoryFile", "PUT"),
    ):
        plugin, made = created(plugins, double, type_name)
        double.calls.clear()
        plugin.create(type_name, made.inputs | {"overwriteOnCreate": True})
        assert [each.method for each in double.writes] == [method]


def test_another_commit_message_alone_is_no_commit(plugins: dict[str, Plugin], double: ForgeDouble) -> None:
    for forge in FORGES:
        plugin, made = created(plugins, double, f"{forge}:index/repositoryFile:RepositoryFile")
        double.calls.clear()
        changed = plugin.update(made, made.inputs | {"commitMessage": "another"})
        assert changed.outputs["commitMessage"] == "another"
        assert double.writes == []


def test_the_token_goes_into_the_header_and_no_further(
    plugins: dict[str, Plugin], double: ForgeDouble
) -> None:
    for type_name in ("gitlab:index/userRunner:UserRunner", "github:index/actionsVariable:ActionsVariable"):
        created(plugins, double, type_name)
        assert double.headers["Authorization"] == "Bearer made-up-token"
        assert all("made-up-token" not in f"{each.path}{each.query}{each.body}" for each in double.calls)


def test_a_type_that_the_stand_in_lacks_is_named(plugins: dict[str, Plugin]) -> None:
    with pytest.raises(grpc.RpcError, match="it has no gitlab:index/topic:Topic"):
        plugins["gitlab"].check("gitlab:index/topic:Topic", {})
