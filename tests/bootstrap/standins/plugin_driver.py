"""What the engine does with a resource plugin, over real gRPC, in a few words."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from bootstrap.standins.forge import Forge
from bootstrap.standins.plugin_process import start_server
from bootstrap.standins.rest_provider import RestProvider

Values = dict[str, Any]


def struct(values: Mapping[str, Any]) -> Struct:
    return ParseDict(dict(values), Struct())


def urn(type_name: str) -> str:
    return f"urn:pulumi:dev::project::{type_name}::thing"


@dataclass(frozen=True, kw_only=True)
class Object:
    """An object as the engine's state has it."""

    type_name: str
    id: str
    inputs: Values
    outputs: Values


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A running plugin."""

    stub: provider_pb2_grpc.ResourceProviderStub

    def configure(self, settings: Mapping[str, Any]) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=struct(settings)))

    def check(self, type_name: str, given: Values) -> tuple[Values, dict[str, str]]:
        """The checked inputs, and what is wrong by property."""
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=urn(type_name), news=struct(given)))
        return MessageToDict(answer.inputs), {each.property: each.reason for each in answer.failures}

    def diff(self, old: Object, given: Values) -> provider_pb2.DiffResponse:
        inputs, _ = self.check(old.type_name, given)
        found: provider_pb2.DiffResponse = self.stub.Diff(
            provider_pb2.DiffRequest(
                id=old.id,
                urn=urn(old.type_name),
                olds=struct(old.outputs),
                old_inputs=struct(old.inputs),
                news=struct(inputs),
            )
        )
        return found

    def preview(self, type_name: str, given: Values) -> Values:
        inputs, _ = self.check(type_name, given)
        request = provider_pb2.CreateRequest(urn=urn(type_name), properties=struct(inputs), preview=True)
        promised: Values = MessageToDict(self.stub.Create(request).properties)
        return promised

    def create(self, type_name: str, given: Values) -> Object:
        inputs, wrong = self.check(type_name, given)
        assert not wrong, wrong
        made = self.stub.Create(provider_pb2.CreateRequest(urn=urn(type_name), properties=struct(inputs)))
        return Object(type_name=type_name, id=made.id, inputs=inputs, outputs=MessageToDict(made.properties))

    def update(self, old: Object, given: Values, *, preview: bool = False) -> Object:
        inputs, _ = self.check(old.type_name, given)
        made = self.stub.Update(
            provider_pb2.UpdateRequest(
                id=old.id,
                urn=urn(old.type_name),
                olds=struct(plain(old.outputs)),
                old_inputs=struct(old.inputs),
                news=struct(inputs),
                preview=preview,
            )
        )
        return Object(
            type_name=old.type_name, id=old.id, inputs=inputs, outputs=MessageToDict(made.properties)
        )

    def read(self, old: Object) -> Object:
        found = self.stub.Read(
            provider_pb2.ReadRequest(
                id=old.id,
                urn=urn(old.type_name),
                properties=struct(plain(old.outputs)),
                inputs=struct(old.inputs),
            )
        )
        return Object(
            type_name=old.type_name,
            id=found.id,
            inputs=MessageToDict(found.inputs),
            outputs=MessageToDict(found.properties),
        )

    def delete(self, old: Object) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(
                id=old.id, urn=urn(old.type_name), properties=struct(plain(old.outputs))
            )
        )

    def invoke(self, token: str, given: Values) -> tuple[Values, dict[str, str]]:
        """A function's results, and what is wrong by argument."""
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(given)))
        results: Values = MessageToDict(getattr(answer, "return"))
        return results, {each.property: each.reason for each in answer.failures}

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
        return found

    def version(self) -> str:
        return str(self.stub.GetPluginInfo(Empty()).version)


def secret(value: str) -> Values:
    """A value as the engine sends it to `Configure` where it is a secret."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


def is_secret(value: object) -> bool:
    """Whether a value is wrapped as a secret, by the marks that the engine knows."""
    return isinstance(value, dict) and "4dabf18193072939515e22adb298388d" in value


def plain(outputs: Values) -> Values:
    """Outputs as the engine sends them to a plugin that takes no secrets."""
    return {name: value["value"] if is_secret(value) else value for name, value in outputs.items()}


@contextmanager
def running(forge: Forge) -> Iterator[Plugin]:
    """A plugin, served as its process serves it."""
    server, port = start_server(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(RestProvider(forge), server)
    )
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Plugin(stub=provider_pb2_grpc.ResourceProviderStub(channel))
    server.stop(None).wait()
