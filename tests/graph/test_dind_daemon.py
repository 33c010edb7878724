"""What `DindDaemon` registers."""

from collections.abc import Callable

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import Connection, DaemonJsonArgs, DindDaemon, DindDaemonArgs, InvalidInput
from ci_runners.render.dind_variants import DindVariant
from tests.graph.recorder import UNKNOWN, Graph, Registered, only, shown

LEAST: DindDaemonArgs = {"accept_privileged": True}
DAEMON_JSON: DaemonJsonArgs = {"mtu": 1400, "insecure_registries": ["registry:5000"]}
MOST: DindDaemonArgs = {
    "accept_privileged": True,
    "memory": 4096,
    "memory_swap": 6144,
    "cpus": 2.0,
    "tls_names": ["build.example.com"],
    "networks": ["registries"],
    "extra_hosts": ["registry:10.0.0.2", "gitlab:10.0.0.3"],
    "tags": ["dind", "amd64"],
    "flags": ["--debug"],
    "labels": {"team": "build"},
    "stop_grace_seconds": 90,
    "ready_seconds": 240,
    "protect_data": True,
    "retain_data": True,
    "daemon_json": DAEMON_JSON,
}
ROOTLESS: DindDaemonArgs = {"variant": DindVariant.ROOTLESS}
SYSBOX: DindDaemonArgs = {"variant": DindVariant.SYSBOX}
VOLUMES = ["dind-ca", "dind-client", "dind-server", "dind-storage"]


def daemon(args: DindDaemonArgs) -> Callable[[], None]:
    def program() -> None:
        made = DindDaemon("dind", args)
        pulumi.export("connection", made.connection)
        pulumi.export("certificate_expiry", made.certificate_expiry)

    return program


def container(resources: list[Registered]) -> Registered:
    return only(resources, "dind-container")


@pytest.mark.parametrize("args", [LEAST, MOST, ROOTLESS, SYSBOX], ids=["least", "most", "rootless", "sysbox"])
def test_a_daemon_is_these_resources(graph: Graph, snapshot: SnapshotAssertion, args: DindDaemonArgs) -> None:
    assert shown(graph.run(daemon(args))) == snapshot


def test_a_preview_registers_the_same_but_for_what_only_the_engine_can_know(graph: Graph) -> None:
    real = shown(graph.run(daemon(MOST)))
    preview = shown(graph.run(daemon(MOST), preview=True))

    changed = [now["name"] for then, now in zip(real, preview, strict=True) if then != now]
    assert changed == ["dind", "dind-container"]


@pytest.mark.parametrize("args", [LEAST, MOST, ROOTLESS], ids=["least", "most", "rootless"])
def test_nothing_publishes_a_port(graph: Graph, args: DindDaemonArgs) -> None:
    found = graph.run(daemon(args))

    assert [resource.name for resource in found if "ports" in resource.inputs] == []
    assert [resource.name for resource in found if resource.inputs.get("networkMode") == "host"] == []
    assert [resource.name for resource in found if "2375" in str(resource)] == []


@pytest.mark.parametrize(
    ("args", "privileged"),
    [(MOST, ["dind-container"]), (ROOTLESS, []), (SYSBOX, [])],
    ids=["privileged", "rootless", "sysbox"],
)
def test_only_the_privileged_variants_daemon_is_privileged(
    graph: Graph, args: DindDaemonArgs, privileged: list[str]
) -> None:
    found = graph.run(daemon(args))

    assert [resource.name for resource in found if resource.inputs.get("privileged")] == privileged


def test_a_rootless_daemon_keeps_two_capabilities(graph: Graph) -> None:
    inputs = container(graph.run(daemon(ROOTLESS))).inputs

    assert inputs["capabilities"] == {"drops": ["ALL"], "adds": ["CAP_SETGID", "CAP_SETUID"]}


def test_what_a_refresh_does_not_read_back_is_no_change(graph: Graph) -> None:
    assert "securityOpts" in container(graph.run(daemon(ROOTLESS))).ignore_changes
    assert container(graph.run(daemon(LEAST))).ignore_changes == ()


def test_sysbox_is_a_runtime_of_the_engines(graph: Graph) -> None:
    assert container(graph.run(daemon(SYSBOX))).inputs["runtime"] == "sysbox-runc"


def test_each_variant_has_volumes_of_its_own(graph: Graph) -> None:
    def volumes(args: DindDaemonArgs) -> set[str]:
        found = graph.run(daemon(args))
        return {resource.inputs["name"] for resource in found if resource.type.endswith(":Volume")}

    each = [volumes(args) for args in (LEAST, ROOTLESS, SYSBOX)]

    assert len(set.union(*each)) == sum(map(len, each)) == 12


def test_the_connection_of_a_variant_names_its_own_certificates(graph: Graph) -> None:
    graph.run(daemon(ROOTLESS))

    volumes = Connection.parse(graph.exports["connection"]).runner_volumes
    assert volumes == {"dind-rootless-client": "/certs/client"}


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@pytest.mark.parametrize("variant", DindVariant)
def test_data_alone_is_two_volumes_without_consent_and_without_a_connection(
    graph: Graph, variant: DindVariant, *, preview: bool
) -> None:
    found = graph.run(daemon({"variant": variant, "data_only": True, "protect_data": True}), preview=preview)

    whole = graph.run(daemon({**LEAST, "variant": variant, "protect_data": True}))
    assert [resource.name for resource in found if resource.type.startswith("docker:")] == [
        resource.name for resource in whole if resource.protect
    ]
    assert [resource.protect for resource in found if resource.type.startswith("docker:")] == [True, True]
    texts = only(found, "dind").outputs
    assert {name for name, text in texts.items() if text} == {"storage_volume", "ca_volume"}
    assert texts.keys() == only(whole, "dind").outputs.keys()


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
    graph: Graph, memory: DindDaemonArgs, expected: tuple[int | None, int | None]
) -> None:
    inputs = container(graph.run(daemon({**LEAST, **memory}))).inputs

    assert (inputs.get("memory"), inputs.get("memorySwap")) == expected


@pytest.mark.parametrize(
    ("args", "protected", "retained"),
    [
        (LEAST, [], []),
        ({**LEAST, "protect_data": True}, ["dind-ca", "dind-storage"], []),
        ({**LEAST, "retain_data": True}, [], ["dind-ca", "dind-storage"]),
    ],
    ids=["by default", "protect_data", "retain_data"],
)
def test_only_the_authority_and_the_storage_are_ever_kept(
    graph: Graph, args: DindDaemonArgs, protected: list[str], retained: list[str]
) -> None:
    found = graph.run(daemon(args))

    assert [resource.name for resource in found if resource.protect] == protected
    assert [resource.name for resource in found if resource.retain_on_delete] == retained


def test_a_new_label_leaves_the_volumes_alone(graph: Graph) -> None:
    found = graph.run(daemon(MOST))

    assert [resource.name for resource in found if "labels" in resource.ignore_changes] == VOLUMES


def test_data_is_found_again_under_the_same_names(graph: Graph) -> None:
    found = graph.run(daemon(MOST))

    assert [only(found, name).inputs["name"] for name in VOLUMES] == VOLUMES


def test_a_container_gets_more_time_to_be_deleted_than_to_stop(graph: Graph) -> None:
    made = container(graph.run(daemon(MOST)))

    assert made.inputs["destroyGraceSeconds"] == made.inputs["stopTimeout"] == 90
    assert made.timeouts == {"delete": "210s"}


def test_what_the_provider_would_not_change_in_place_replaces_the_container(graph: Graph) -> None:
    made = container(graph.run(daemon(LEAST)))

    assert {"healthcheck", "init", "tmpfs"} <= set(made.replace_on_changes)


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_what_uses_the_connection_waits_until_the_daemon_answers(graph: Graph, *, preview: bool) -> None:
    def program() -> None:
        used = DindDaemon("dind", LEAST).connection
        # Something that takes the connection, whatever it is.
        pulumi.CustomResource("test:index:User", "user", {"connection": used})

    user = only(graph.run(program, preview=preview), "user")

    assert "dind-container" in user.dependencies
    assert Connection.parse(user.inputs["connection"]).runner_host == "tcp://dind:2376"


def test_the_connection_names_what_the_daemon_registers(graph: Graph) -> None:
    found = graph.run(daemon(MOST))

    connection = Connection.parse(graph.exports["connection"])
    assert connection.network == only(found, "dind-network").inputs["name"]
    assert list(connection.runner_volumes) == [only(found, "dind-client").inputs["name"]]
    assert connection.tags == ("dind", "amd64")
    names = only(found, "dind-certificates").inputs["command"][3]
    assert f"DNS:{connection.runner_host.split('/')[2].split(':')[0]}," in names


def test_other_certificates_are_another_container(graph: Graph) -> None:
    envs = container(graph.run(daemon(LEAST))).inputs["envs"]

    assert envs == ["DOCKER_TLS_CERTDIR=/certs", "CERTIFICATE_EXPIRY=2027-01-02T03:04:05Z"]
    assert graph.exports["certificate_expiry"] == "2027-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("args", "ca"),
    [(MOST, "dind-ca"), (ROOTLESS, "dind-rootless-ca"), (SYSBOX, "dind-sysbox-ca")],
    ids=["privileged", "rootless", "sysbox"],
)
def test_the_authoritys_key_is_in_the_certificate_makers_hands_alone(
    graph: Graph, args: DindDaemonArgs, ca: str
) -> None:
    mounts = {
        each.name: {mount["volumeName"]: mount.get("readOnly", False) for mount in each.inputs["volumes"]}
        for each in graph.run(daemon(args))
        if "volumes" in each.inputs
    }

    assert [name for name, mounted in mounts.items() if ca in mounted] == ["dind-certificates"]
    assert [name for name, read_only in mounts["dind-container"].items() if not read_only] == [
        ca.replace("-ca", "-storage")
    ]


@pytest.mark.parametrize(
    ("args", "group"),
    [(MOST, "0"), (ROOTLESS, "1000"), (SYSBOX, "0")],
    ids=["privileged", "rootless", "sysbox"],
)
def test_the_servers_key_is_given_to_the_daemons_group(
    graph: Graph, args: DindDaemonArgs, group: str
) -> None:
    maker = only(graph.run(daemon(args)), "dind-certificates").inputs

    assert (maker["command"][4], maker["groupAdds"]) == (group, [group])
    assert maker["networkMode"] == "none"


def test_without_certificates_the_daemon_does_not_start(graph: Graph) -> None:
    assert container(graph.run(daemon(MOST))).inputs["command"] == ["--tlsverify", "--debug"]


def test_the_end_of_the_certificate_is_unknown_in_a_preview(graph: Graph) -> None:
    graph.run(daemon(LEAST), preview=True)

    assert graph.exports["certificate_expiry"] == UNKNOWN


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_wrong_arguments_are_named_all_at_once_and_nothing_is_registered(
    graph: Graph, *, preview: bool
) -> None:
    wrong: DindDaemonArgs = {
        "accept_privileged": False,
        "memory": 1,
        "image": "docker:latest",
        "flags": ["--tls=false"],
        "daemon_json": {"mtu": 1},
    }

    with pytest.raises(InvalidInput) as caught:
        graph.run(daemon(wrong), preview=preview)

    assert sorted(problem.field for problem in caught.value.problems) == [
        "accept_privileged",
        "daemon_json.mtu",
        "flags[0]",
        "image",
        "memory",
    ]
    assert graph.resources == []


def test_an_output_among_the_plain_arguments_is_refused_and_nothing_is_registered(graph: Graph) -> None:
    def program() -> None:
        DindDaemon("dind", {"accept_privileged": True, "image": pulumi.Output.from_input("docker:29")})  # type: ignore[typeddict-item]

    with pytest.raises(InvalidInput, match="not an Output"):
        graph.run(program)

    assert graph.resources == []
