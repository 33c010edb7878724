"""The resource plugin over a forge's table: Pulumi's calls in, REST calls out.

Secrets stay out of the calls: the plugin says that it takes none, so the engine sends plain values and marks the
outputs of secret inputs itself. What is secret by itself (a runner's token) is marked here.
"""
# ruff: noqa: N802  the protocol names the calls

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from bootstrap.standins.fields import Change, Values, Wrong, as_seen, changes, with_defaults, wrongs
from bootstrap.standins.forge import Forge
from bootstrap.standins.function import Function
from bootstrap.standins.messages import HalfMade, fail, message, outputs_message, plain
from bootstrap.standins.plugin_process import serve
from bootstrap.standins.resource import Resource
from bootstrap.standins.rest_api import ApiError, RestApi


class RestProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that the engine makes of a resource plugin. What is not here answers "unimplemented"."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._api: RestApi | None = None

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Take plain values only."""
        del request, context
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The SDK's version, marked as a stand-in's."""
        del request, context
        return plugin_pb2.PluginInfo(version=self._forge.version)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """The types of the table."""
        del request, context
        return provider_pb2.GetSchemaResponse(schema=json.dumps(self._forge.schema()))

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse settings that the stand-in does not have."""
        del context
        reason = f"the stand-in has no such setting; it has {', '.join(each.name for each in self._forge.settings)}"
        unknown = self._forge.unknown_settings(plain(request.news))
        return _checked(request, [Wrong(name=name, reason=reason) for name in unknown])

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """Settings are changed in place: another token replaces nothing."""
        del context
        some = plain(request.old_inputs) != plain(request.news)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if some else provider_pb2.DiffResponse.DIFF_NONE
        )

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Connect to the forge, unless a preview does not know yet where it is."""
        settings = self._forge.settings_from(plain(request.args))
        if self._forge.is_known(settings):
            with _told(context):
                self._api = self._forge.connect(settings)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Hold the inputs against the table, and add the defaults."""
        with _told(context):
            resource = self._resource(request.urn)
        given = with_defaults(resource.fields, plain(request.news))
        found = [*wrongs(resource.fields, given), *resource.wrongs(given)]
        return _checked(request, found) if found else provider_pb2.CheckResponse(inputs=message(given))

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        """What differs, and what of it makes a new object."""
        with _told(context):
            resource = self._resource(request.urn)
        new = plain(request.news)
        found = changes(resource.fields, plain(request.old_inputs), new)
        replaces = [each.name for each in found if each.replaces]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=[each.name for each in found],
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and resource.replaced_in_place(request.id, new),
            detailedDiff={each.name: _property_diff(each) for each in found},
            hasDetailedDiff=True,
        )

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        """Make an object and read it back."""
        with _told(context):
            resource, inputs = self._resource(request.urn), plain(request.properties)
            if request.preview:
                promised = outputs_message(resource.fields, resource.promised(inputs))
                return provider_pb2.CreateResponse(properties=promised)
            made = inputs | resource.create(self._connected(), inputs)
            identity = resource.id_of(made)
            return provider_pb2.CreateResponse(
                id=identity, properties=self._read_back(resource, identity, made)
            )

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """An object as it is now; an empty answer where it is gone."""
        with _told(context):
            resource = self._resource(request.urn)
            known = resource.from_id(request.id) | plain(request.properties) | {"id": request.id}
            found = resource.read(self._connected(), known)
        if found is None:
            return provider_pb2.ReadResponse()
        outputs = known | found
        given = plain(request.inputs) or {
            each.name: outputs[each.name]
            for each in resource.fields
            if not each.computed and outputs.get(each.name) is not None
        }
        return provider_pb2.ReadResponse(
            id=resource.id_of(outputs),
            properties=outputs_message(resource.fields, outputs),
            inputs=message(as_seen(resource.fields, given, found)),
        )

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Change an object in place and read it back."""
        with _told(context):
            resource = self._resource(request.urn)
            olds, new = plain(request.olds), plain(request.news)
            if request.preview:
                promised = outputs_message(resource.fields, resource.promised(new, olds))
                return provider_pb2.UpdateResponse(properties=promised)
            kept = {each.name: olds[each.name] for each in resource.fields if each.kept and each.name in olds}
            values = kept | new
            told = resource.update(self._connected(), values | {"id": request.id}, plain(request.old_inputs))
            return provider_pb2.UpdateResponse(
                properties=self._read_back(resource, request.id, values | told)
            )

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Empty:
        """Remove an object; content where it is gone already."""
        with _told(context):
            values = plain(request.properties) | {"id": request.id}
            self._resource(request.urn).delete(self._connected(), values)
        return Empty()

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        """Look something up."""
        with _told(context):
            function = self._function(request.tok)
            given = plain(request.args)
            if found := [*wrongs(function.fields, given), *function.wrongs(given)]:
                return provider_pb2.InvokeResponse(failures=_failures(found))
            results = function.call(self._connected(), given)
        return provider_pb2.InvokeResponse(**{"return": outputs_message(function.fields, results)})

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Nothing to do: a call ends with the forge's answer."""
        del request, context
        return Empty()

    def _connected(self) -> RestApi:
        if self._api is None:
            raise ApiError(f"{self._forge.title} can't be asked yet: its address or token is not known")
        return self._api

    def _resource(self, urn: str) -> Resource:
        """The resource type of an URN. Raises ValueError."""
        type_name = urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
        if type_name not in self._forge.by_type:
            known = ", ".join(sorted(self._forge.by_type))
            raise ValueError(f"{self._forge.label}; it has no {type_name}, only {known}")
        return self._forge.by_type[type_name]

    def _function(self, token: str) -> Function:
        """The function of a token. Raises ValueError."""
        if token not in self._forge.by_token:
            known = ", ".join(sorted(self._forge.by_token)) or "none"
            raise ValueError(f"{self._forge.label}; it has no function {token}, only {known}")
        return self._forge.by_token[token]

    def _read_back(self, resource: Resource, identity: str, made: Values) -> Struct:
        """All outputs of an object that was just made or changed. Raises `HalfMade`."""
        found, reason = None, f"{self._forge.title} does not know {identity}, which it just took"
        try:
            found = resource.read(self._connected(), made | {"id": identity})
        except (ApiError, ValueError) as error:
            reason = str(error)
        if found is None:
            raise HalfMade(reason, identity=identity, outputs=outputs_message(resource.fields, made))
        told = {name: value for name, value in found.items() if value is not None}
        return outputs_message(resource.fields, made | told)


@contextmanager
def _told(context: grpc.ServicerContext) -> Iterator[None]:
    """Fail the call where the forge, or the request, does not allow it. What else is raised is a bug of ours."""
    try:
        yield
    except (ApiError, HalfMade, ValueError) as error:
        fail(context, error)
        raise


def _checked(request: provider_pb2.CheckRequest, found: Sequence[Wrong]) -> provider_pb2.CheckResponse:
    return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(found))


def _failures(found: Sequence[Wrong]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=each.name, reason=each.reason) for each in found]


def _property_diff(change: Change) -> provider_pb2.PropertyDiff:
    kinds = provider_pb2.PropertyDiff
    if change.added:
        kind = kinds.ADD_REPLACE if change.replaces else kinds.ADD
    else:
        kind = kinds.UPDATE_REPLACE if change.replaces else kinds.UPDATE
    return kinds(kind=kind, inputDiff=True)


def main(forge: Forge) -> None:
    """Serve the forge's resources until the engine ends; says first that this is a stand-in."""
    sys.stderr.write(f"{forge.label}\n")
    serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(RestProvider(forge), server)
    )
