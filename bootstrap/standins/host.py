"""What the stand-in language hosts have in common (pulumi/pulumi, sdk/proto/pulumi/language.proto)."""
# ruff: noqa: N802  the protocol names the calls

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from bootstrap.standins.children import Children
from bootstrap.standins.plugin_process import serve
from bootstrap.standins.program import ALREADY_SHOWN
from bootstrap.standins.version import stand_in_version


def program_environment(request: language_pb2.RunRequest) -> dict[str, str]:
    """What a program's process gets to know beside our own environment: the stack's configuration."""
    return {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def run_result(code: int) -> language_pb2.RunResponse:
    """What the engine is told of a program that ended with this exit code (negative: by that signal)."""
    if code == 0:
        return language_pb2.RunResponse()
    if code == ALREADY_SHOWN:
        return language_pb2.RunResponse(bail=True)
    ended = f"by signal {-code}" if code < 0 else f"with non-zero exit code: {code}"
    return language_pb2.RunResponse(error=f"program exited {ended}")


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls that every host answers alike. What is not here or in a host answers "unimplemented"."""

    generator: ClassVar[tuple[str, ...]] = ()
    """What writes an SDK: it takes a folder as its last word and the schema as its input. Empty: nothing does."""

    def __init__(self, *, engine: str) -> None:
        self._engine = engine
        self._children = Children()

    def stop(self) -> None:
        """End every program and plugin that still runs."""
        self._children.stop()

    def run(
        self, command: Sequence[str], request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run a program to its end. It writes to our own output, which the engine shows."""
        child = self._children.start(command, env=self.environment(request), cwd=request.pwd)
        context.add_callback(child.end_soon)
        return run_result(child.wait())

    def environment(self, request: language_pb2.RunRequest) -> dict[str, str]:
        """What a program's process gets to know beside our own environment."""
        return program_environment(request)

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Learn the engine's address."""
        del context
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version: the Python SDK's, marked as a stand-in's."""
        del request, context
        return plugin_pb2.PluginInfo(version=stand_in_version("pulumi"))

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """None: the engine would fetch them, and here plugins are found on PATH when a resource asks."""
        del request, context
        return language_pb2.GetRequiredPackagesResponse()

    def GeneratePackage(
        self, request: language_pb2.GeneratePackageRequest, context: grpc.ServicerContext
    ) -> language_pb2.GeneratePackageResponse:
        """Write the SDK of a package."""
        if not self.generator:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "this language host is a stand-in and writes no SDK")
        Path(request.directory).mkdir(parents=True, exist_ok=True)
        words = [*self.generator, request.directory]
        written = subprocess.run(words, input=request.schema, text=True, check=False, capture_output=True)
        if written.returncode:
            context.abort(grpc.StatusCode.INTERNAL, written.stderr.strip())
        return language_pb2.GeneratePackageResponse()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """End what runs; the engine has been told to stop."""
        del request, context
        self.stop()
        return Empty()


def serve_engine(make: Callable[[str], Host], words: Sequence[str] | None = None) -> None:
    """Serve the engine whose address is the last word of the command line. Flags before it are not used."""
    given = sys.argv[1:] if words is None else list(words)
    host = make(given[-1] if given else "")
    serve(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server), at_end=host.stop
    )
