"""What `RegistryMirror` registers."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from ci_runners import DindDaemon, InvalidInput
from ci_runners.registries.mirror import RegistryMirror, RegistryMirrorArgs
from ci_runners.render.registry_config import RegistryLogLevel
from tests.graph.recorder import SECRET, UNKNOWN, Graph, Registered, only, shown

LEAST: RegistryMirrorArgs = {}
MOST: RegistryMirrorArgs = {
    "remote_url": "https://registry.example.com",
    "username": "me",
    "password": "hunter2",
    "ttl": "24h",
    "image": "registry:3.0.0",
    "memory": 512,
    "networks": ["registries"],
    "extra_hosts": ["registry.example.com:10.0.0.2"],
    "labels": {"team": "build"},
    "log_level": RegistryLogLevel.DEBUG,
    "protect_data": True,
    "retain_data": True,
}
OUTPUTS = ("url", "host", "network_name", "data_volume")


def mirror(args: RegistryMirrorArgs) -> Callable[[], None]:
    def program() -> None:
        made = RegistryMirror("mirror", args)
        for output in OUTPUTS:
            pulumi.export(output, getattr(made, output))

    return program


def container(resources: list[Registered]) -> Registered:
    return only(resources, "mirror-container")


def config(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_a_mirror_is_these_resources(
    graph: Graph, snapshot: SnapshotAssertion, args: RegistryMirrorArgs
) -> None:
    assert shown(graph.run(mirror(args))) == snapshot


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_a_preview_registers_the_same(graph: Graph, args: RegistryMirrorArgs) -> None:
    assert shown(graph.run(mirror(args), preview=True)) == shown(graph.run(mirror(args)))


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_the_container_is_unprivileged_and_publishes_nothing(graph: Graph, args: RegistryMirrorArgs) -> None:
    inputs = container(graph.run(mirror(args))).inputs

    assert {"privileged", "ports", "publishAllPorts"} & inputs.keys() == set()
    assert inputs["networkMode"] == "bridge"
    assert inputs["capabilities"] == {"drops": ["ALL"]}
    assert inputs["securityOpts"] == ["no-new-privileges:true"]
    assert inputs["memory"] == inputs["memorySwap"]


def test_the_outputs_name_what_is_registered(graph: Graph) -> None:
    found = graph.run(mirror(LEAST))

    name = container(found).inputs["name"]
    assert graph.exports == {
        "url": f"http://{name}:5000",
        "host": f"{name}:5000",
        "network_name": only(found, "mirror-network").inputs["name"],
        "data_volume": only(found, "mirror-data").inputs["name"],
    }


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("output", ["url", "host"])
def test_what_uses_the_address_waits_until_the_mirror_answers(
    graph: Graph, output: str, *, preview: bool
) -> None:
    def program() -> None:
        # Something that takes the address, whatever it is.
        pulumi.CustomResource(
            "test:index:User", "user", {"at": getattr(RegistryMirror("mirror", LEAST), output)}
        )

    user = only(graph.run(program, preview=preview), "user")

    assert "mirror-container" in user.dependencies
    assert user.inputs["at"] != UNKNOWN


def test_a_daemon_is_led_to_its_mirror_by_plain_names_and_comes_after_it(graph: Graph) -> None:
    def program() -> None:
        first = RegistryMirror("mirror", LEAST)
        DindDaemon(
            "dind",
            {
                "accept_privileged": True,
                "networks": ["mirror"],
                "daemon_json": {
                    "registry_mirrors": ["http://mirror:5000"],
                    "insecure_registries": ["mirror:5000"],
                },
            },
            pulumi.ResourceOptions(depends_on=[first]),
        )

    found = graph.run(program)

    # The daemon's own resources come after it as parts of the component, and go before it.
    assert "mirror-container" in only(found, "dind").dependencies
    daemon = only(found, "dind-container")
    assert only(found, "mirror-network").inputs["name"] in str(daemon.inputs["networksAdvanced"])
    assert f"http://{container(found).inputs['name']}:5000" in str(daemon.inputs["uploads"])


@pytest.mark.parametrize("marked", [False, True], ids=["text", "output"])
def test_the_password_is_in_the_configuration_alone_and_a_secret(graph: Graph, *, marked: bool) -> None:
    def program() -> None:
        password = pulumi.Output.from_input("hunter2") if marked else "hunter2"
        RegistryMirror("mirror", {"username": "me", "password": password})

    found = graph.run(program)

    made = container(found)
    assert config(made.inputs["uploads"][0]["content"][SECRET])["proxy"]["password"] == "hunter2"
    assert made.additional_secret_outputs == ("uploads",)
    assert str(found).count("hunter2") == 1


def test_without_an_account_the_configuration_is_no_secret(graph: Graph) -> None:
    made = container(graph.run(mirror(LEAST)))

    assert config(made.inputs["uploads"][0]["content"])["proxy"] == {
        "remoteurl": "https://registry-1.docker.io"
    }
    assert made.inputs["uploads"][0]["permissions"] == "0600"


def test_a_new_label_leaves_the_volume_alone(graph: Graph) -> None:
    found = graph.run(mirror(MOST))

    assert [resource.name for resource in found if "labels" in resource.ignore_changes] == ["mirror-data"]


@pytest.mark.parametrize(
    ("args", "protected", "retained"),
    [
        (LEAST, [], []),
        ({"protect_data": True}, ["mirror-data"], []),
        ({"retain_data": True}, [], ["mirror-data"]),
    ],
    ids=["by default", "protect_data", "retain_data"],
)
def test_only_the_volume_is_ever_kept(
    graph: Graph, args: RegistryMirrorArgs, protected: list[str], retained: list[str]
) -> None:
    found = graph.run(mirror(args))

    assert [resource.name for resource in found if resource.protect] == protected
    assert [resource.name for resource in found if resource.retain_on_delete] == retained


def test_a_container_gets_time_for_its_pulls_and_more_to_be_deleted(graph: Graph) -> None:
    made = container(graph.run(mirror(LEAST)))

    drain = config(made.inputs["uploads"][0]["content"])["http"]["draintimeout"]
    assert int(drain.removesuffix("s")) < made.inputs["stopTimeout"] == made.inputs["destroyGraceSeconds"]
    assert made.timeouts == {"delete": f"{made.inputs['stopTimeout'] + 120}s"}


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_wrong_arguments_are_named_all_at_once_and_nothing_is_registered(
    graph: Graph, *, preview: bool
) -> None:
    wrong: RegistryMirrorArgs = {"remote_url": "docker.io", "ttl": "1h", "memory": 1, "password": ""}

    with pytest.raises(InvalidInput) as caught:
        graph.run(mirror(wrong), preview=preview)

    assert sorted(problem.field for problem in caught.value.problems) == [
        "memory",
        "password",
        "remote_url",
        "ttl",
        "username",
    ]
    assert graph.resources == []


def test_a_password_that_turns_out_empty_is_refused_before_there_is_a_container(graph: Graph) -> None:
    def program() -> None:
        RegistryMirror("mirror", {"username": "me", "password": pulumi.Output.from_input("")})

    with pytest.raises(InvalidInput, match="password: got a secret value"):
        graph.run(program)

    assert [resource.name for resource in graph.resources if "container" in resource.name] == []
