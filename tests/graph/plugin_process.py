"""The components as a plugin: a process of its own, spoken to over gRPC as the engine does.

The engine is a stand-in: it gives back what is registered, and starts nothing.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
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

from tests.graph.github_repositories import GET_REPOSITORY, GET_REST_API, GitHub
from tests.graph.gitlab_projects import graph_of_gitlab
from tests.graph.recorder import (
    CERTIFICATE_END,
    RUNNER_NUMBER,
    RUNNER_TOKEN,
    SOCKET_GROUP,
    UNKNOWN,
    normal,
)

PLUGIN = Path(__file__).parents[2] / "components"
SOURCE = "urn:pulumi:stack::project::other:index:Thing::thing"
"""The resource that an output in these tests comes from."""


class StandInEngine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Keeps every request and gives back every input."""

    def __init__(self) -> None:
        self.requests: dict[str, resource_pb2.RegisterResourceRequest] = {}
        self.address = ""
        github = GitHub()
        self._functions = {
            **graph_of_gitlab().functions,
            GET_REPOSITORY: github.repository,
            GET_REST_API: github.rest_api,
        }

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
        registers = request.type == "gitlab:index/userRunner:UserRunner"
        if registers:
            state["token"] = RUNNER_TOKEN
        urn = f"urn:pulumi:stack::project::{request.type}::{request.name}"
        known = RUNNER_NUMBER if registers else request.name
        return resource_pb2.RegisterResourceResponse(urn=urn, id=known, object=state)

    def RegisterResourceOutputs(self, _request: object, _context: object) -> Empty:  # noqa: N802
        return Empty()

    def Invoke(  # noqa: N802  the protocol's name
        self, request: resource_pb2.ResourceInvokeRequest, _context: object
    ) -> resource_pb2.ResourceInvokeResponse:
        answer = self._functions[request.tok](normal(MessageToDict(request.args)))
        return resource_pb2.ResourceInvokeResponse(**{"return": ParseDict(answer, Struct())})


@dataclass(frozen=True, kw_only=True)
class Made:
    """What became of a component: the error, or its outputs; and what it registered."""

    error: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    registered: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Inputs of the children by name. A secret is `{"secret": value}`, what is not known `<unknown>`."""
    dependencies: frozenset[str] = frozenset()
    """What any of them depends on."""

    def unknowns(self) -> int:
        """How many inputs are not known yet."""
        return repr(self.registered).count(UNKNOWN)


class Plugin:
    """The plugin, running."""

    def __init__(self, engine: StandInEngine, channel: grpc.Channel) -> None:
        self.stub = provider_pb2_grpc.ResourceProviderStub(channel)
        self._engine = engine

    def construct(
        self,
        component: str,
        inputs: Mapping[str, Any],
        *,
        preview: bool = False,
        dependencies: Mapping[str, Sequence[str]] | None = None,
    ) -> Made:
        """Make a component of its own name, in an engine where there is nothing yet."""
        self._engine.requests.clear()
        of_inputs = {
            key: provider_pb2.ConstructRequest.PropertyDependencies(urns=urns)
            for key, urns in (dependencies or {}).items()
        }
        request = provider_pb2.ConstructRequest(
            project="project",
            stack="stack",
            monitorEndpoint=self._engine.address,
            type=f"ci-runners:index:{component}",
            name=component.lower(),
            inputs=ParseDict(inputs, Struct()),
            inputDependencies=of_inputs,
            dryRun=preview,
            parallel=8,
        )
        try:
            response = self.stub.Construct(request, timeout=60)
        except grpc.RpcError as error:
            return Made(error=error.details(), registered=self._registered())
        return Made(
            outputs=normal(MessageToDict(response.state)),
            registered=self._registered(),
            dependencies=frozenset(
                urn
                for each in self._engine.requests.values()
                for urn in (
                    *each.dependencies,
                    *(urn for told in each.propertyDependencies.values() for urn in told.urns),
                )
            ),
        )

    def _registered(self) -> dict[str, Any]:
        return {name: normal(MessageToDict(each.object)) for name, each in self._engine.requests.items()}


@contextmanager
def listening() -> Iterator[StandInEngine]:
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


@contextmanager
def running() -> Iterator[Plugin]:
    """The plugin, with a stand-in of the engine."""
    with (
        listening() as engine,
        subprocess.Popen(
            [sys.executable, str(PLUGIN), engine.address], stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Plugin(engine, channel)
        finally:
            process.terminate()


def secret(value: object) -> dict[str, object]:
    """A value that is marked as a secret, as the engine's own languages send one."""
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def output(value: object, *, is_secret: bool = False, source: str = SOURCE) -> dict[str, object]:
    """An output with a value and where it comes from, as the SDKs send one."""
    return {
        rpc._special_sig_key: rpc._special_output_value_sig,
        "value": value,
        "secret": is_secret,
        "dependencies": [source],
    }


def unknown_output(source: str = SOURCE) -> dict[str, object]:
    """An output that a preview does not know yet."""
    return {rpc._special_sig_key: rpc._special_output_value_sig, "dependencies": [source]}


def plain(value: object) -> Any:  # noqa: ANN401  any JSON
    """An output as it is sent, without its marks."""
    return value["value"] if isinstance(value, dict) and "value" in value else value
