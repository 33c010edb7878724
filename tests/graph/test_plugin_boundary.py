"""The components as a plugin: a process of its own, spoken to over gRPC as the engine does.

The engine is a stand-in: it gives back what is registered, and starts nothing.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from ci_runners import Connection, DaemonKind
from ci_runners.connections import dind_connection
from tests.graph.recorder import CERTIFICATE_END, SOCKET_GROUP, normal
from tests.unit.authority import AUTHORITY, KEY

PLUGIN = Path(__file__).parents[2] / "components"
COMPONENTS = [
    "BuildkitDaemon",
    "CacheCleanup",
    "DindDaemon",
    "GitHubRepository",
    "GitHubRunner",
    "GitLabProject",
    "GitLabRunner",
    "HostDaemon",
    "Kaniko",
    "RegistryMirror",
    "RunnerDrain",
    "StationMetrics",
]


class StandInEngine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Keeps every request and gives back every input."""

    def __init__(self) -> None:
        self.requests: dict[str, resource_pb2.RegisterResourceRequest] = {}
        self.address = ""

    def Log(self, _request: object, _context: object) -> Empty:  # noqa: N802  the protocol's name
        return Empty()

    def GetDeploymentInfo(  # noqa: N802  the protocol's name
        self, _request: object, _context: object
    ) -> resource_pb2.DeploymentInfo:
        features = [resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS]
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def RegisterResource(  # noqa: N802  the protocol's name
        self, request: resource_pb2.RegisterResourceRequest, _context: object
    ) -> resource_pb2.RegisterResourceResponse:
        self.requests[request.name] = request
        state = Struct()
        state.CopyFrom(request.object)
        asked_group = request.name.endswith("-socket-group")
        state["containerLogs"] = SOCKET_GROUP if asked_group else CERTIFICATE_END
        state["mountpoint"] = f"/var/lib/docker/volumes/{request.name}/_data"
        urn = f"urn:pulumi:stack::project::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name, object=state)

    def RegisterResourceOutputs(self, _request: object, _context: object) -> Empty:  # noqa: N802
        return Empty()


@pytest.fixture(scope="module")
def running_engine() -> Iterator[StandInEngine]:
    """The stand-in, listening."""
    stand_in = StandInEngine()
    with futures.ThreadPoolExecutor(8) as threads:
        server = grpc.server(threads)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(stand_in, server)
        engine_pb2_grpc.add_EngineServicer_to_server(stand_in, server)
        stand_in.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        yield stand_in
        server.stop(None).wait()


@pytest.fixture
def engine(running_engine: StandInEngine) -> StandInEngine:
    """The stand-in, without anything registered."""
    running_engine.requests.clear()
    return running_engine


@pytest.fixture(scope="module")
def plugin(running_engine: StandInEngine) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The plugin, running."""
    words = [sys.executable, str(PLUGIN), running_engine.address]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def schema(plugin: provider_pb2_grpc.ResourceProviderStub) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plugin.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    return found


def construct(
    plugin: provider_pb2_grpc.ResourceProviderStub, address: str, component: str, inputs: dict[str, Any]
) -> dict[str, Any]:
    request = provider_pb2.ConstructRequest(
        project="project",
        stack="stack",
        monitorEndpoint=address,
        type=f"ci-runners:index:{component}",
        name=component.lower(),
        inputs=ParseDict(inputs, Struct()),
        parallel=8,
    )
    state: dict[str, Any] = normal(MessageToDict(plugin.Construct(request).state))
    return state


def plain(value: object) -> Any:  # noqa: ANN401  any JSON
    """An output as it is sent, without its marks."""
    return value["value"] if isinstance(value, dict) and "value" in value else value


def test_the_schema_has_every_component(schema: dict[str, Any]) -> None:
    assert schema["name"] == "ci-runners"
    assert sorted(schema["resources"]) == [f"ci-runners:index:{name}" for name in COMPONENTS]


def test_everything_in_the_schema_is_described(schema: dict[str, Any]) -> None:
    described = {
        f"{owner}.{kind}.{name}": bool(said.get("description"))
        for owner, definition in {**schema["resources"], **schema["types"]}.items()
        for kind in ("properties", "inputProperties")
        for name, said in definition.get(kind, {}).items()
    }

    assert "ci-runners:index:GitLabRunner.inputProperties.concurrent" in described
    assert [name for name, good in described.items() if not good] == []


def test_the_connection_survives_and_whole_numbers_stay_whole(
    plugin: provider_pb2_grpc.ResourceProviderStub, engine: StandInEngine
) -> None:
    daemon = {"acceptPrivileged": True, "memory": 2048, "daemonJson": {"mtu": 1400, "logMaxFiles": 2}}
    runner = {
        "url": "https://gitlab.example.com",
        "token": "glrt-made-up",
        "concurrent": 4,
        "logLevel": "warn",
        "pullPolicies": ["always", "if-not-present"],
        "featureFlags": {"FF_USE_FASTZIP": True},
        "s3Cache": {"serverAddress": "s3.example.com", "bucketName": "cache"},
    }

    connection = plain(construct(plugin, engine.address, "DindDaemon", daemon)["connection"])
    construct(plugin, engine.address, "GitLabRunner", {**runner, "connection": connection})

    assert Connection.parse(connection).runner_host == "tcp://dinddaemon:2376"
    (daemon_json,) = normal(MessageToDict(engine.requests["dinddaemon-container"].object))["uploads"]
    assert json.loads(daemon_json["content"])["mtu"] == 1400
    assert "1400.0" not in daemon_json["content"]
    (upload,) = normal(MessageToDict(engine.requests["gitlabrunner-config-writer"].object))["uploads"]
    text = upload["content"]["secret"]
    assert "concurrent = 4\n" in text
    written = tomllib.loads(text)
    assert written["log_level"] == "warn"
    assert written["runners"][0]["docker"]["host"] == "tcp://dinddaemon:2376"
    assert written["runners"][0]["docker"]["pull_policy"] == ["always", "if-not-present"]
    assert written["runners"][0]["cache"]["s3"]["BucketName"] == "cache"


@pytest.mark.parametrize(
    ("component", "kind", "inputs"),
    [
        ("DindDaemon", DaemonKind.DIND, {"acceptPrivileged": True}),
        ("HostDaemon", DaemonKind.DOOD, {"acceptHostRoot": True}),
        ("BuildkitDaemon", DaemonKind.BUILDKIT, {"cacheSize": "5GB", "maxParallelism": 2}),
        ("Kaniko", DaemonKind.KANIKO, {"snapshotMode": "redo"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_daemons_connection_survives(
    plugin: provider_pb2_grpc.ResourceProviderStub,
    engine: StandInEngine,
    component: str,
    kind: DaemonKind,
    inputs: dict[str, Any],
) -> None:
    made = construct(plugin, engine.address, component, inputs)

    assert Connection.parse(plain(made["connection"])).kind is kind


def test_a_secret_token_is_taken_and_stays_one(
    plugin: provider_pb2_grpc.ResourceProviderStub, engine: StandInEngine
) -> None:
    token = {rpc._special_sig_key: rpc._special_secret_sig, "value": "glrt-made-up"}
    connection = dind_connection(host="dind", network="dind", client_volume="certs", tags=("dind",)).dump()
    inputs = {"url": "https://gitlab.example.com", "token": token, "connection": connection}

    construct(plugin, engine.address, "GitLabRunner", inputs)

    registered = {name: normal(MessageToDict(made.object)) for name, made in engine.requests.items()}
    (upload,) = registered.pop("gitlabrunner-config-writer")["uploads"]
    assert tomllib.loads(upload["content"]["secret"])["runners"][0]["token"] == "glrt-made-up"
    assert "glrt-made-up" not in repr(registered)


def test_the_key_of_an_own_authority_is_taken_and_stays_a_secret(
    plugin: provider_pb2_grpc.ResourceProviderStub, engine: StandInEngine
) -> None:
    key = {rpc._special_sig_key: rpc._special_secret_sig, "value": KEY}
    certificates = {"authorityCertificate": AUTHORITY, "warnDays": 60}
    inputs = {"acceptPrivileged": True, "certificates": certificates, "authorityKey": key}

    construct(plugin, engine.address, "DindDaemon", inputs)

    registered = {name: normal(MessageToDict(made.object)) for name, made in engine.requests.items()}
    uploads = registered["dinddaemon-certificates"]["uploads"]
    assert [upload["content"] for upload in uploads] == [AUTHORITY, {"secret": KEY}]


def test_a_fraction_is_no_whole_number(
    plugin: provider_pb2_grpc.ResourceProviderStub, engine: StandInEngine
) -> None:
    with pytest.raises(grpc.RpcError, match=r"stop_grace_seconds: got 60\.5, expected a whole number"):
        construct(plugin, engine.address, "DindDaemon", {"acceptPrivileged": True, "stopGraceSeconds": 60.5})

    assert engine.requests == {}


def test_wrong_arguments_are_named_and_nothing_is_registered(
    plugin: provider_pb2_grpc.ResourceProviderStub, engine: StandInEngine
) -> None:
    with pytest.raises(grpc.RpcError, match=r"accept_privileged: got False(.|\n)*memory: got 1, expected"):
        construct(plugin, engine.address, "DindDaemon", {"acceptPrivileged": False, "memory": 1})

    assert engine.requests == {}
