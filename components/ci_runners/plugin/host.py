"""The plugin's process: says its port and serves the engine's calls, until it is ended."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import grpc
import pulumi
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.provider import ConstructResult, Provider
from pulumi.provider.server import ComponentInitError, ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from ci_runners.plugin.arguments import Reader
from ci_runners.plugin.schema import NAME, analyze, package_schema
from ci_runners.problems import InvalidInput

LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes, as the engine takes them too."""


class ComponentHost(Provider):
    """Makes components by their types' names."""

    def __init__(self, components: list[type[pulumi.ComponentResource]], version: str) -> None:
        found = analyze(components)
        self._components: dict[str, Any] = {each.__name__: each for each in components}
        self._definitions = found["component_definitions"]
        self._reader = Reader(types=found["type_definitions"])
        super().__init__(version, json.dumps(package_schema(found, version)))

    def arguments(self, request: provider_pb2.ConstructRequest) -> dict[str, Any]:
        """A request's arguments as its component takes them, but for the marks of outputs."""
        definition = self._definitions[_component(request.type)]
        dependencies = {key: frozenset(each.urns) for key, each in request.inputDependencies.items()}
        given = MessageToDict(request.inputs)
        return self._reader.arguments(given, dependencies, definition.inputs, definition.inputs_mapping)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, pulumi.Input[Any]],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Make one. What is wrong with its arguments is told without a traceback."""
        component = _component(resource_type)
        try:
            made = self._components[component](name, inputs, options)
        except InvalidInput as problem:
            raise pulumi.InputPropertiesError(str(problem), []) from problem
        except Exception as error:
            raise ComponentInitError(error) from error
        outputs = self._definitions[component].outputs_mapping
        return ConstructResult(made.urn, {key: getattr(made, said) for key, said in outputs.items()})


class Servicer(ProviderServicer):
    """Pulumi's own, that gets the arguments as the components take them."""

    def __init__(self, host: ComponentHost, arguments: list[str], engine: str) -> None:
        super().__init__(host, arguments, engine)
        self._host = host

    async def Construct(  # noqa: N802  the protocol's name
        self, request: provider_pb2.ConstructRequest, context: grpc.aio.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        """Make a component."""
        arguments = ParseDict(self._host.arguments(request), Struct())
        request.inputs.CopyFrom(arguments)
        request.inputDependencies.clear()  # each value has its own now
        return await super().Construct(request, context)


def serve(host: ComponentHost, arguments: list[str]) -> None:
    """Serve until the process is ended; `arguments` are the process's own, the engine's address first."""
    parser = argparse.ArgumentParser(prog=NAME, description="A Pulumi plugin; the engine runs it")
    parser.add_argument("engine", help="address of the engine")
    engine = parser.parse_known_args(arguments)[0].engine

    async def run() -> None:
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", LARGEST_MESSAGE)])
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(host, arguments, engine), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await server.wait_for_termination()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:  # the engine's user ended both
        return


def _component(resource_type: str) -> str:
    """The component's name. Raises `ValueError` for a type that is not of this package."""
    package, module, name = resource_type.split(":")
    if package != NAME or module != "index":
        raise ValueError(f"type: got {resource_type!r}, expected {NAME}:index:<component>")
    return name
