"""A recorder of the resource graph: what a program asks the engine for, without an engine.

It stands in for the engine's resource monitor (`pulumi.runtime.mocks`). It says what a program registers, with which
options and inputs; it can't say what a provider does with that.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

Function = Callable[[Mapping[str, Any]], dict[str, Any]]
STACK = "pulumi:pulumi:Stack"
SECRET = "secret"
UNKNOWN = "<unknown>"
CERTIFICATE_END = "notAfter=Jan  2 03:04:05 2027 GMT\n"
SOCKET_GROUP = "gid=998\n"
RUNNER_NUMBER = "7"
RUNNER_TOKEN = "glrt-from-gitlab"


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as it was registered. A secret input is `{"secret": value}`, an unknown one `<unknown>`."""

    type: str
    name: str
    parent: str
    inputs: Mapping[str, Any]
    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    timeouts: Mapping[str, str] = field(default_factory=dict)
    import_id: str = ""
    replacement_trigger: str = ""
    before_create: tuple[str, ...] = ()
    """Names of the hooks that run before it is made."""
    provider: str = ""
    """The name of the explicit provider that makes it."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What a component registered as its own outputs."""


class Monitor(mocks.MockMonitor):
    """Answers like an engine whose every provider gives back its inputs. Logs are a socket's group or a certificate's end."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        *,
        preview: bool,
        other_stacks: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        super().__init__(NoProviders())
        self.other_stacks = other_stacks
        self.functions = functions
        self.preview = preview
        self.requests: dict[str, resource_pb2.RegisterResourceRequest] = {}
        self.outputs: dict[str, Any] = {}

    def RegisterResource(  # noqa: N802  the protocol's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self.requests, f"{urn} is registered twice"
        self.requests[urn] = request
        state = Struct()
        state.CopyFrom(request.object)
        if not self.preview and request.type == "docker:index/container:Container":
            asked_group = request.name.endswith("-socket-group")
            state["containerLogs"] = SOCKET_GROUP if asked_group else CERTIFICATE_END
        if not self.preview and request.type == "docker:index/volume:Volume":
            state["mountpoint"] = f"/var/lib/docker/volumes/{request.name}/_data"
        known = "" if self.preview or not request.custom else f"id-of-{request.name}"
        if not self.preview and request.type == "gitlab:index/userRunner:UserRunner":
            known, state["token"] = RUNNER_NUMBER, RUNNER_TOKEN
        return resource_pb2.RegisterResourceResponse(urn=urn, id=known, object=state)

    def Invoke(  # noqa: N802  the protocol's name
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        """No component may ask a provider anything but what the test has an answer for."""
        assert request.tok in self.functions, f"{request.tok} was invoked, which has no answer here"
        answer = self.functions[request.tok](normal(MessageToDict(request.args)))
        return resource_pb2.ResourceInvokeResponse(**{"return": ParseDict(answer, Struct())})

    def ReadResource(  # noqa: N802  the protocol's name
        self, request: resource_pb2.ReadResourceRequest
    ) -> resource_pb2.ReadResourceResponse:
        """Another stack is all that is read: what it exported."""
        known = {"name": request.id, "outputs": self.other_stacks[request.id], "secretOutputNames": []}
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=ParseDict(known, Struct()))

    def RegisterResourceOutputs(  # noqa: N802  the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> Empty:
        self.outputs[request.urn] = normal(MessageToDict(request.outputs))
        return Empty()

    def registered(self) -> list[Registered]:
        """Every resource but the stack, by type and name, since registrations come in no fixed order."""
        found = [
            _registered(request, self.outputs.get(urn, {}))
            for urn, request in self.requests.items()
            if request.type != STACK
        ]
        return sorted(found, key=lambda resource: (resource.type, resource.name))


class NoProviders(mocks.Mocks):
    """No provider is there: the monitor answers for all of them."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the monitor answers for {args.token} itself")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        raise AssertionError(f"the monitor answers for {args.name} itself")


class Graph:
    """Runs programs, each in a fresh engine, and says what they registered."""

    functions: Mapping[str, Function] = MappingProxyType({})
    """What providers' functions answer, by their tokens."""
    other_stacks: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    """The outputs of other stacks, by their names."""
    project = "project"
    stack = "stack"

    resources: list[Registered]
    """What the last program registered, even if it failed."""
    exports: Mapping[str, Any]
    """What the last program exported."""

    def run(self, program: Callable[[], None], *, preview: bool = False) -> list[Registered]:
        """Run a program to its end and return what it registered; its errors are raised."""
        monitor = Monitor(self.functions, preview=preview, other_stacks=self.other_stacks)
        try:
            with _engine(monitor, self.project, self.stack) as loop:
                loop.run_until_complete(run_in_stack(program))
        finally:
            self.resources = monitor.registered()
            self.exports = next((said for urn, said in monitor.outputs.items() if f"::{STACK}::" in urn), {})
        return self.resources


def only(resources: list[Registered], name: str) -> Registered:
    """The one resource of a name."""
    (found,) = [resource for resource in resources if resource.name == name]
    return found


def shown(resources: list[Registered]) -> list[dict[str, Any]]:
    """Resources for a snapshot: without the options that say nothing."""
    return [{key: value for key, value in vars(resource).items() if value} for resource in resources]


def normal(value: Any) -> Any:  # noqa: ANN401  any JSON
    """A value from the wire: secrets and unknowns shown as such, whole numbers as integers again."""
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return {SECRET: normal(value["value"])}
        return {key: normal(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return UNKNOWN if value == rpc.UNKNOWN else value


def _registered(request: resource_pb2.RegisterResourceRequest, outputs: Mapping[str, Any]) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        parent=_name(request.parent),
        inputs=normal(MessageToDict(request.object)),
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        dependencies=tuple(sorted(_name(urn) for urn in request.dependencies)),
        timeouts=MessageToDict(request.customTimeouts),
        import_id=request.importId,
        replacement_trigger=request.replacement_trigger.string_value,
        before_create=tuple(request.hooks.before_create),
        provider=_name(request.provider.rpartition("::")[0]),
        outputs=outputs,
    )


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


@contextmanager
def _engine(monitor: Monitor, project: str, stack: str) -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop and a runtime of one's own: what one program leaves behind must not reach the next."""
    loop = asyncio.new_event_loop()
    # A program's error is raised; its echoes in what waited for the failed part are no news.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)
    settings.ROOT.set(None)
    try:
        # What `pulumi.runtime.set_mocks` does, without the stack that it makes: `run_in_stack` makes one.
        features = monitor.GetDeploymentInfo(Empty()).supportedFeatures  # type: ignore[no-untyped-call]
        settings.configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(features),
                engine=mocks.MockEngine(None),
                project=project,
                stack=stack,
                dry_run=monitor.preview,
                organization=None,
                callbacks=None,
            )
        )
        yield loop
    finally:
        # What a failed program was still waiting for ends by itself: a coroutine that is cut off warns later, elsewhere.
        if tasks := asyncio.all_tasks(loop):
            loop.run_until_complete(asyncio.wait(tasks, timeout=10))
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)
        settings.ROOT.set(None)
        settings.reset_options()
