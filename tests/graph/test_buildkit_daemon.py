"""What `BuildkitDaemon` registers."""

from collections.abc import Callable

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import Connection, InvalidInput, LogLevel
from ci_runners.daemons.buildkit import BuildkitDaemon, BuildkitDaemonArgs
from ci_runners.runners.gitlab import GitLabRunner
from tests.graph.recorder import UNKNOWN, Graph, Registered, only, shown

LEAST: BuildkitDaemonArgs = {}
MOST: BuildkitDaemonArgs = {
    "socket": "/run/docker.sock",
    "memory": 4096,
    "memory_swap": 6144,
    "cpus": 2.0,
    "tls_names": ["build.example.com"],
    "networks": ["registries"],
    "extra_hosts": ["registry:10.0.0.2"],
    "tags": ["buildkit", "amd64"],
    "labels": {"team": "build"},
    "cache_size": "50GB",
    "max_parallelism": 4,
    "registry_mirrors": ["http://mirror:5000"],
    "insecure_registries": ["registry:5000"],
    "dns": ["10.0.0.53"],
    "log_level": LogLevel.DEBUG,
    "stop_grace_seconds": 90,
    "ready_seconds": 240,
    "protect_data": True,
    "retain_data": True,
}
VOLUMES = ["bk-ca", "bk-cache", "bk-client", "bk-jobs", "bk-server"]
DATA = ["bk-ca", "bk-cache"]


def daemon(args: BuildkitDaemonArgs) -> Callable[[], None]:
    def program() -> None:
        made = BuildkitDaemon("bk", args)
        pulumi.export("connection", made.connection)
        pulumi.export("certificate_expiry", made.certificate_expiry)

    return program


def container(resources: list[Registered]) -> Registered:
    return only(resources, "bk-container")


def mounted(resource: Registered) -> dict[str, tuple[str, bool]]:
    return {
        mount["volumeName"]: (mount["containerPath"], mount.get("readOnly", False))
        for mount in resource.inputs["volumes"]
    }


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_a_daemon_is_these_resources(
    graph: Graph, snapshot: SnapshotAssertion, args: BuildkitDaemonArgs
) -> None:
    assert shown(graph.run(daemon(args))) == snapshot


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_nothing_is_privileged_and_nothing_is_published(graph: Graph, args: BuildkitDaemonArgs) -> None:
    found = graph.run(daemon(args))

    assert [resource.name for resource in found if resource.inputs.get("privileged")] == []
    assert [resource.name for resource in found if "ports" in resource.inputs] == []
    assert [resource.name for resource in found if resource.inputs.get("networkMode") == "host"] == []


def test_only_the_daemon_itself_runs_without_the_engines_profiles(graph: Graph) -> None:
    found = graph.run(daemon(MOST))

    unconfined = [each.name for each in found if "unconfined" in str(each.inputs.get("securityOpts"))]
    assert unconfined == ["bk-container"]


def test_the_daemon_keeps_the_two_capabilities_that_map_user_ids_and_no_other_container_any(
    graph: Graph,
) -> None:
    found = [each for each in graph.run(daemon(LEAST)) if each.type.endswith(":Container")]

    kept = {each.name: each.inputs["capabilities"].get("adds", []) for each in found}
    assert {tuple(each.inputs["capabilities"]["drops"]) for each in found} == {("ALL",)}
    assert kept == {
        "bk-container": ["CAP_SETGID", "CAP_SETUID"],
        "bk-certificates": [],
        "bk-socket-group": [],
    }


def test_the_authoritys_key_is_in_the_certificate_makers_hands_alone(graph: Graph) -> None:
    found = [each for each in graph.run(daemon(MOST)) if "volumes" in each.inputs]

    assert [each.name for each in found if "bk-ca" in mounted(each)] == ["bk-certificates"]
    assert mounted(container(found)) == {
        "bk-server": ("/certs/server", True),
        "bk-client": ("/certs/client", True),
        "bk-cache": ("/home/user/.local/share/buildkit", False),
    }


def test_the_certificate_maker_has_no_network(graph: Graph) -> None:
    assert only(graph.run(daemon(LEAST)), "bk-certificates").inputs["networkMode"] == "none"


def test_the_certificate_covers_the_daemons_names(graph: Graph) -> None:
    maker = only(graph.run(daemon(MOST)), "bk-certificates")

    assert maker.inputs["command"][3] == "DNS:bk,DNS:buildkitd,DNS:localhost,DNS:build.example.com"


def test_other_certificates_are_another_container(graph: Graph) -> None:
    assert container(graph.run(daemon(LEAST))).inputs["envs"] == ["CERTIFICATE_EXPIRY=2027-01-02T03:04:05Z"]
    assert graph.exports["certificate_expiry"] == "2027-01-02T03:04:05Z"


def test_the_end_of_the_certificate_is_unknown_in_the_first_preview(graph: Graph) -> None:
    graph.run(daemon(LEAST), preview=True)

    assert graph.exports["certificate_expiry"] == UNKNOWN


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        ({}, (None, None)),
        ({"memory": 1024}, (1024, 1024)),
        ({"memory": 1024, "memory_swap": 2048}, (1024, 2048)),
    ],
    ids=["no limit", "memory", "memory and swap"],
)
def test_a_daemon_with_limited_memory_gets_no_more_of_it_as_swap(
    graph: Graph, memory: BuildkitDaemonArgs, expected: tuple[int | None, int | None]
) -> None:
    inputs = container(graph.run(daemon(memory))).inputs

    assert (inputs.get("memory"), inputs.get("memorySwap")) == expected


@pytest.mark.parametrize(
    ("args", "protected", "retained"),
    [
        (LEAST, [], []),
        ({"protect_data": True}, DATA, []),
        ({"retain_data": True}, [], DATA),
    ],
    ids=["by default", "protect_data", "retain_data"],
)
def test_only_the_authority_and_the_cache_are_ever_kept(
    graph: Graph, args: BuildkitDaemonArgs, protected: list[str], retained: list[str]
) -> None:
    found = graph.run(daemon(args))

    assert [resource.name for resource in found if resource.protect] == protected
    assert [resource.name for resource in found if resource.retain_on_delete] == retained


def test_a_daemon_that_is_data_only_is_two_volumes_and_their_names(graph: Graph) -> None:
    found = graph.run(daemon({**MOST, "data_only": True}))

    assert [resource.name for resource in found] == ["bk", *DATA]
    said = {key: value for key, value in only(found, "bk").outputs.items() if value}
    assert said == {"ca_volume": "bk-ca", "cache_volume": "bk-cache"}


def test_a_runner_is_refused_on_a_daemon_that_is_data_only(graph: Graph) -> None:
    def program() -> None:
        connection = BuildkitDaemon("bk", {"data_only": True}).connection
        GitLabRunner("one", {"url": "https://g", "token": "glrt-made-up", "connection": connection})

    with pytest.raises(ValueError, match="Connection: text: got '', expected JSON"):
        graph.run(program)


def test_data_is_the_same_with_and_without_the_daemon(graph: Graph) -> None:
    whole = graph.run(daemon(MOST))
    data = graph.run(daemon({**MOST, "data_only": True}))

    assert [only(data, name) for name in DATA] == [only(whole, name) for name in DATA]


def test_a_new_label_leaves_the_volumes_alone(graph: Graph) -> None:
    found = graph.run(daemon(MOST))

    assert [resource.name for resource in found if "labels" in resource.ignore_changes] == VOLUMES
    assert [only(found, name).inputs["name"] for name in VOLUMES] == VOLUMES


def test_a_container_gets_more_time_to_be_deleted_than_to_stop(graph: Graph) -> None:
    made = container(graph.run(daemon(MOST)))

    assert made.inputs["destroyGraceSeconds"] == made.inputs["stopTimeout"] == 90
    assert made.timeouts == {"delete": "210s"}


def test_what_the_provider_would_not_change_in_place_replaces_the_container(graph: Graph) -> None:
    made = container(graph.run(daemon(LEAST)))

    assert {"healthcheck", "memory", "memorySwap"} <= set(made.replace_on_changes)


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_what_uses_the_connection_waits_until_the_daemon_answers(graph: Graph, *, preview: bool) -> None:
    def program() -> None:
        used = BuildkitDaemon("bk", LEAST).connection
        # Something that takes the connection, whatever it is.
        pulumi.CustomResource("test:index:User", "user", {"connection": used})

    user = only(graph.run(program, preview=preview), "user")

    assert {"bk-container", "bk-client", "bk-network", "bk-socket-group"} <= set(user.dependencies)


def test_the_connection_names_what_the_daemon_registers(graph: Graph) -> None:
    found = graph.run(daemon(MOST))

    connection = Connection.parse(graph.exports["connection"])
    assert connection.job_network == only(found, "bk-network").inputs["name"]
    assert connection.job_volumes == ("bk-client:/certs/client:ro",)
    assert connection.job_environment["BUILDKIT_HOST"] == "tcp://bk:1234"
    assert (connection.runner_socket, connection.runner_groups) == ("/run/docker.sock", ("998",))
    assert connection.tags == ("buildkit", "amd64")


def test_several_runners_share_one_daemon(graph: Graph) -> None:
    def program() -> None:
        connection = BuildkitDaemon("bk", LEAST).connection
        for name in ("one", "two"):
            url = "https://gitlab.example.com"
            GitLabRunner(name, {"url": url, "token": f"glrt-made-up-{name}", "connection": connection})

    found = graph.run(program)

    configs = [
        only(found, f"{name}-config-writer").inputs["uploads"][0]["content"]["secret"]
        for name in ("one", "two")
    ]
    assert [config.count('BUILDKIT_HOST=tcp://bk:1234"') for config in configs] == [1, 1]
    assert [each.name for each in found if each.type.endswith("BuildkitDaemon")] == ["bk"]


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_wrong_arguments_are_named_all_at_once_and_nothing_is_registered(
    graph: Graph, *, preview: bool
) -> None:
    wrong: BuildkitDaemonArgs = {
        "image": "moby/buildkit:latest",
        "memory": 1,
        "cache_size": "all",
        "registry_mirrors": ["mirror:5000"],
        "socket": "unix:///var/run/docker.sock",
    }

    with pytest.raises(InvalidInput) as caught:
        graph.run(daemon(wrong), preview=preview)

    assert sorted(problem.field for problem in caught.value.problems) == [
        "cache_size",
        "image",
        "memory",
        "registry_mirrors[0]",
        "socket",
    ]
    assert graph.resources == []
