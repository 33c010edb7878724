"""Property values to and from the messages of Pulumi's protocol (pulumi/pulumi, sdk/proto/pulumi/provider.proto)."""

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, status_pb2

from bootstrap.standins.fields import Field, Values

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
"""What marks an object as a secret's wrapper (pulumi/pulumi, sdk/go/common/resource/sig)."""


def plain(message: Struct) -> Values:
    """The values of a message, without secrets' wrappers: the engine's `Configure` has them in any case.

    Numbers come as floats; none of our properties is one, so whole ones become ints.
    """
    return {name: _plain(value) for name, value in MessageToDict(message).items() if value is not None}


def _plain(value: Any) -> Any:  # noqa: ANN401  any JSON value, of any shape
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        if value.items() >= SECRET.items():
            return _plain(value["value"])
        return {name: _plain(each) for name, each in value.items()}
    return value


def message(values: Values) -> Struct:
    """A message of these values."""
    return ParseDict(values, Struct())


def outputs_message(fields: Sequence[Field], values: Values) -> Struct:
    """A message of outputs: those of the table that the forge has a value for, the secret ones marked so."""
    return message(
        {
            each.name: SECRET | {"value": values[each.name]} if each.secret else values[each.name]
            for each in fields
            if values.get(each.name) is not None
        }
    )


class HalfMade(Exception):
    """An object that exists, but could not be read back: the engine is to keep it in the state."""

    def __init__(self, reason: str, *, identity: str, outputs: Struct) -> None:
        super().__init__(reason)
        self.detail = provider_pb2.ErrorResourceInitFailed(id=identity, properties=outputs, reasons=[reason])


def fail(context: grpc.ServicerContext, error: Exception) -> None:
    """End a call with what went wrong, and without a traceback."""
    if isinstance(error, HalfMade):
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
        status.details.add().Pack(error.detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
