"""The root program: it turns a stack's configuration into a station, or into a message."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from ci_runners import host_check
from ci_runners.preflight import HostFacts
from ci_runners.settings_secrets import KEYS
from tests.graph.recorder import Graph, only
from tests.unit.authority import KEY as PRIVATE_KEY
from tests.unit.test_settings import CASES, GOOD, TOKEN, changed

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_configuration_left_behind() -> Iterator[None]:
    yield
    pulumi.runtime.set_all_config({}, [])


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> list[HostFacts]:
    """What the program finds of its Docker host: the last of these facts."""
    known = [HostFacts(notes=("nothing was read",))]
    monkeypatch.setattr(host_check, "read_facts", lambda *_given, **_named: known[-1])
    return known


def test_a_way_that_cannot_work_on_the_host_ends_the_program_before_anything_is_registered(
    graph: Graph, host: list[HostFacts]
) -> None:
    host.append(HostFacts(max_user_namespaces=0))
    configure({**GOOD, "builder": "buildkit"})

    with pytest.raises(pulumi.RunError, match="max_user_namespaces: got 0"):
        graph.run(program)

    assert graph.resources == []


def test_the_same_host_does_not_stop_another_way(graph: Graph, host: list[HostFacts]) -> None:
    host.append(HostFacts(max_user_namespaces=0))
    configure({**GOOD, "builder": "kaniko"})

    assert only(graph.run(program), "ci-kaniko").type == "ci-runners:index:Kaniko"


def test_a_host_that_nobody_wants_looked_at_is_not(graph: Graph, host: list[HostFacts]) -> None:
    host.append(HostFacts(max_user_namespaces=0))
    configure({**GOOD, "builder": "buildkit", "preflight": False})

    assert only(graph.run(program), "ci-buildkit").type == "ci-runners:index:BuildkitDaemon"


@pytest.mark.parametrize(("namespaces", "way"), [(0, "kaniko"), (1000, "buildkit")])
def test_auto_follows_what_the_host_can_do(
    graph: Graph, host: list[HostFacts], namespaces: int, way: str
) -> None:
    facts = HostFacts(
        max_user_namespaces=namespaces,
        unprivileged_userns_clone=1,
        apparmor_restrict_unprivileged_userns=0,
        ids=2**32 - 1,
    )
    host.append(facts)
    configure({**GOOD, "builder": "auto", "needs": {"trust": "one-team"}})

    graph.run(program)

    assert graph.exports["builder"] == way


def test_whatever_has_a_name_on_the_engine_is_made_after_a_look_for_what_an_interrupted_up_left(
    graph: Graph,
) -> None:
    configure(GOOD)

    named = {"docker:index/container:Container", "docker:index/network:Network"}
    hooks = {each.before_create for each in graph.run(program) if each.type in named}

    assert hooks == {("clear-leftovers-ci",)}


def configure(station: object, token: str = TOKEN, *, plain: bool = False) -> None:
    """What the engine tells a program: every value as text, and which keys are secret."""
    keys = {"ci-runners:station": json.dumps(station), "ci-runners:runner_token": token}
    pulumi.runtime.set_all_config(keys, [] if plain or not token else ["ci-runners:runner_token"])


def configure_prod() -> None:
    """The committed production environment, with its secrets."""
    given = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    hidden = {
        "ci-runners:gitlab_api_token": "glpat-made-up",
        "ci-runners:github_app_private_key": PRIVATE_KEY,
        "ci-runners:secrets": json.dumps({"DEPLOY_TOKEN": "made-up-value"}),
    }
    plain = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    pulumi.runtime.set_all_config({**plain, **hidden}, list(hidden))


def program() -> None:
    runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")


def test_a_good_configuration_becomes_a_station(graph: Graph) -> None:
    configure(GOOD)

    resources = graph.run(program)

    assert only(resources, "ci").type == "ci-runners:index:BuildStation"
    assert graph.exports == only(resources, "ci").outputs
    assert set(graph.exports) == {
        "builder",
        "connection",
        "certificate_expiry",
        "runner_container_names",
        "pipeline",
        "scrape_config",
    }


def test_the_committed_dev_environment_becomes_a_station(graph: Graph) -> None:
    graph.functions = {
        "gitlab:index/getProject:getProject": lambda _asked: {
            "id": "7",
            "defaultBranch": "main",
            "webUrl": "",
        }
    }
    configure(
        yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]["ci-runners:station"], token=""
    )

    assert only(graph.run(program, preview=True), "dev").type == "ci-runners:index:BuildStation"


PROJECT_AT_GITLAB = {"id": "7", "defaultBranch": "main", "webUrl": ""}
REPOSITORY_AT_GITHUB = {
    "fullName": "octo-org/web",
    "htmlUrl": "https://github.com/octo-org/web",
    "defaultBranch": "main",
    "visibility": "private",
    "private": True,
    "nodeId": "R_7",
    "repoId": 7,
}


@pytest.fixture
def forges(graph: Graph) -> Graph:
    """With a project and a repository at the forges."""
    graph.functions = {
        "gitlab:index/getProject:getProject": lambda _asked: PROJECT_AT_GITLAB,
        "github:index/getRepository:getRepository": lambda _asked: REPOSITORY_AT_GITHUB,
    }
    return graph


def test_the_committed_production_environment_becomes_two_stations_each_on_its_own_host(
    forges: Graph,
) -> None:
    configure_prod()

    resources = forges.run(program, preview=True)

    assert only(resources, "backend-dind").type == "ci-runners:index:DindDaemon"
    assert only(resources, "web-buildkit").type == "ci-runners:index:BuildkitDaemon"
    providers = {each.name: each for each in resources if each.type == "pulumi:providers:docker"}
    assert {name: each.inputs["host"] for name, each in providers.items()} == {
        "backend": "ssh://ci@builder-1.example.com",
        "web": "ssh://ci@builder-2.example.com",
    }
    on_hosts = [each for each in resources if each.type.startswith("docker:")]
    assert len(on_hosts) > 20
    assert [each.name for each in on_hosts if not each.name.startswith(f"{each.provider}-")] == []
    hooks = {(each.provider, *each.before_create) for each in on_hosts if each.before_create}
    assert hooks == {("backend", "clear-leftovers-backend"), ("web", "clear-leftovers-web")}


def test_another_address_of_a_host_is_another_host_for_all_that_is_there(forges: Graph) -> None:
    configure_prod()

    resources = forges.run(program, preview=True)

    # Whether the engine then makes everything anew is shown in tests/prove/test_production.py.
    providers = {each.name: each for each in resources if each.type == "pulumi:providers:docker"}
    assert {each.replace_on_changes for each in providers.values()} == {("host",)}
    triggers = {
        (each.provider, each.replacement_trigger) for each in resources if each.type.startswith("docker:")
    }
    assert triggers == {(name, each.inputs["host"]) for name, each in providers.items()}
    forge_side = [each for each in resources if each.type.startswith(("gitlab:", "github:"))]
    assert forge_side != []
    assert [each.name for each in forge_side if each.replacement_trigger] == []


def test_what_several_stations_show_is_one_output_by_their_names(forges: Graph) -> None:
    configure_prod()

    forges.run(program)

    assert set(forges.exports) == {"stations"}
    assert {name: shown["builder"] for name, shown in forges.exports["stations"].items()} == {
        "backend": "dind",
        "web": "buildkit",
    }


def test_no_station_gets_a_secret_that_another_one_is_there_for(forges: Graph) -> None:
    registers = {**GOOD, "name": "other", "project": {"project": "team/app", "registration": {}}}
    stations = {"ci-runners:stations": json.dumps([GOOD, registers]), "ci-runners:runner_token": TOKEN}
    pulumi.runtime.set_all_config(stations, ["ci-runners:runner_token"])

    resources = forges.run(program)

    holders = sorted(each.name for each in resources if TOKEN in repr(each.inputs))
    assert holders != []
    assert [name for name in holders if not name.startswith("ci-")] == []


def test_the_hosts_of_all_stations_are_looked_at_where_they_are(
    forges: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str | None] = []

    def read_facts(docker_host: str | None, **_named: object) -> HostFacts:
        looked_at.append(docker_host)
        return HostFacts(docker_host=docker_host, os_type="windows")

    monkeypatch.setattr(host_check, "read_facts", read_facts)
    configure_prod()

    with pytest.raises(pulumi.RunError) as caught:
        forges.run(program)

    assert looked_at == ["ssh://ci@builder-1.example.com", "ssh://ci@builder-2.example.com"]
    assert [
        host for host in looked_at if f"host '{host}': os_type: got 'windows'" not in str(caught.value)
    ] == []
    assert forges.resources == []


def test_a_station_without_a_host_of_its_own_has_no_provider_of_its_own(graph: Graph) -> None:
    configure(GOOD)

    resources = graph.run(program)

    assert [each.name for each in resources if each.type == "pulumi:providers:docker" or each.provider] == []
    assert {each.replacement_trigger for each in resources} == {""}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_bad_configuration_ends_the_program_before_anything_is_registered(
    graph: Graph, case: dict[str, Any]
) -> None:
    configure(changed(case), case.get("token", TOKEN), plain=case.get("plain", False))

    # The language host shows a RunError as it is, and ends with a failure (pulumi/pulumi, sdk/python).
    with pytest.raises(pulumi.RunError) as caught:
        graph.run(program)

    assert [field for field in case["says"] if f"settings: {field}: " not in str(caught.value)] == []
    assert graph.resources == []


def test_a_configuration_that_is_no_object_ends_the_program_too(graph: Graph) -> None:
    pulumi.runtime.set_all_config({"ci-runners:station": "hello"}, [])

    with pytest.raises(pulumi.RunError, match="ci-runners:station"):
        graph.run(program)

    assert graph.resources == []


def test_every_key_that_the_program_reads_is_declared_and_described() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())

    assert project["name"] == "ci-runners"
    assert set(project["config"]) == {"station", "stations", "secrets", *KEYS}
    assert all(key["type"] and key["description"] for key in project["config"].values())
