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

    assert hooks == {("clear-leftovers",)}


def configure(station: object, token: str = TOKEN, *, plain: bool = False) -> None:
    """What the engine tells a program: every value as text, and which keys are secret."""
    keys = {"ci-runners:station": json.dumps(station), "ci-runners:runner_token": token}
    pulumi.runtime.set_all_config(keys, [] if plain or not token else ["ci-runners:runner_token"])


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
    assert set(project["config"]) == {"station", "secrets", *KEYS}
    assert all(key["type"] and key["description"] for key in project["config"].values())
