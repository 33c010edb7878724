"""The stand-in plugin's resources against the sandbox: what either says is held against GitHub's description."""

from collections.abc import Iterator
from typing import Any

import pytest

from bootstrap.standins.github_provider import GITHUB
from tests.bootstrap.standins.github_samples import SAMPLES
from tests.bootstrap.standins.plugin_driver import Plugin, running
from tests.bootstrap.standins.sample import Sample
from tests.sandbox.github.harness import ROOT_TOKEN, Client, Json

Values = dict[str, Any]
ENVIRONMENT = "environments/prod%2Feu"
CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


@pytest.fixture(scope="module")
def plugin() -> Iterator[Plugin]:
    with running(GITHUB) as started:
        yield started


@pytest.fixture
def two(client: Client, org: str, plugin: Plugin) -> list[int]:
    """Numbers of two repositories of an organization that the plugin is configured for; the first is `app`."""
    plugin.configure({"token": ROOT_TOKEN, "baseUrl": client.url, "owner": org})
    made: list[Json] = [
        client.post(f"/orgs/{org}/repos", {"name": name, "private": True, "auto_init": True})
        for name in ("app", "other")
    ]
    return [repo["id"] for repo in made]


def fitted(inputs: Values, numbers: list[int]) -> Values:
    """A sample's inputs with what there is in the sandbox: its repositories, its one user, its own keys."""
    made = dict(inputs)
    if "selectedRepositoryIds" in made:
        made["selectedRepositoryIds"] = numbers[: len(made["selectedRepositoryIds"])]
    if made.pop("valueEncrypted", None) is not None:
        made["value"] = f"hunter2 {made.pop('keyId')}"
    if "reviewers" in made:
        made["reviewers"] = [{"users": [1]}]
    return made


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.type_name.rpartition(":")[2])
def test_a_resource_is_made_read_changed_and_removed(
    client: Client, org: str, plugin: Plugin, two: list[int], sample: Sample
) -> None:
    inputs = fitted(sample.inputs, two)
    if "environment" in inputs and "waitTimer" not in inputs:
        client.put(f"/repos/{org}/app/{ENVIRONMENT}", {"deployment_branch_policy": CUSTOM})
    made = plugin.create(sample.type_name, inputs)
    assert list(plugin.diff(plugin.read(made), inputs).diffs) == []

    other = inputs | fitted(sample.changed, two)
    changed = plugin.update(made, other)
    seen = plugin.read(changed)
    assert list(plugin.diff(seen, other).diffs) == []

    plugin.delete(seen)
    assert (plugin.read(seen).id == "") is sample.is_removed


@pytest.mark.parametrize("name", ["name", "fullName"])
def test_a_repository_is_looked_up(org: str, plugin: Plugin, two: list[int], name: str) -> None:
    given = {"name": "app"} if name == "name" else {"fullName": f"{org}/app"}
    found, _ = plugin.invoke("github:index/getRepository:getRepository", given)
    assert (found["repoId"], found["visibility"], found["defaultBranch"]) == (two[0], "private", "main")
    missing, _ = plugin.invoke("github:index/getRepository:getRepository", {"name": "gone"})
    assert missing["id"] == ""
