"""`pulumi-language-python`, a stand-in: the language host that runs Python programs, component plugins, policy packs.

The real host is no Go module of its own that a registry serves, and comes only with Pulumi's own download. This one
answers the same calls (pulumi/pulumi, sdk/proto/pulumi/language.proto): a program runs in a process of its own, a
component plugin too. It makes no virtual environment and installs nothing: programs and plugins run in the
environment that their `virtualenv` option names, or else in the one that the host itself runs in.
"""
# ruff: noqa: N802  the protocol names the calls

import json
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from bootstrap.standins import program
from bootstrap.standins.children import Children
from bootstrap.standins.plugin_process import serve
from bootstrap.standins.version import stand_in_version

POLICY_PACK = "analyzer"
"""What the engine calls the kind of plugin that a policy pack is."""


def python_of(info: language_pb2.ProgramInfo) -> str:
    """The interpreter for a program or plugin: of its `virtualenv` option where that is made, else our own."""
    named = MessageToDict(info.options).get("virtualenv")
    if named:
        python = Path(info.root_directory) / named / "bin" / "python"
        if python.is_file():
            return str(python)
    return sys.executable


def program_command(request: language_pb2.RunRequest, *, engine: str) -> list[str]:
    """The command that runs a program. `-P` keeps this package's folder out of what the program can import."""
    said = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    flags = [word for name, value in said.items() if value for word in (f"--{name}", value)]
    return [
        python_of(request.info),
        "-P",
        program.__file__,
        *flags,
        request.info.entry_point or ".",
        *request.args,
    ]


def program_environment(request: language_pb2.RunRequest) -> dict[str, str]:
    """What a program's process gets to know beside our own environment: the stack's configuration."""
    return {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def plugin_command(request: language_pb2.RunPluginRequest) -> list[str]:
    """The command that runs a component plugin, or a policy pack: its `__main__.py`, with what the engine passes on.

    A policy pack is run by Pulumi's own module for it, which takes the engine's address and the pack's folder. The
    pack says its port without flushing, so the interpreter must not hold its output back (`-u`).
    """
    python, folder = python_of(request.info), request.info.program_directory
    if request.kind == POLICY_PACK:
        return [python, "-P", "-u", "-m", "pulumi.policy", *request.args, folder]
    return [python, folder, *request.args]


def run_result(code: int) -> language_pb2.RunResponse:
    """What the engine is told of a program that ended with this exit code (negative: by that signal)."""
    if code == 0:
        return language_pb2.RunResponse()
    if code == program.ALREADY_SHOWN:
        return language_pb2.RunResponse(bail=True)
    ended = f"by signal {-code}" if code < 0 else f"with non-zero exit code: {code}"
    return language_pb2.RunResponse(error=f"program exited {ended}")


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The calls that the engine makes of a language host. What is not here answers "unimplemented"."""

    def __init__(self, *, engine: str) -> None:
        self._engine = engine
        self._children = Children()

    def stop(self) -> None:
        """End every program and plugin that still runs."""
        self._children.stop()

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Learn the engine's address."""
        del context
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version: the SDK's, marked as a stand-in's."""
        del request, context
        return plugin_pb2.PluginInfo(version=stand_in_version("pulumi"))

    def About(
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """What `pulumi about` shows of the language."""
        del context
        return language_pb2.AboutResponse(
            executable=python_of(request.info),
            version=platform.python_version(),
            metadata={"host": f"stand-in {stand_in_version('pulumi')}"},
        )

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """What is installed in our own environment, direct or not."""
        del request, context
        found = sorted({(each.name, each.version) for each in distributions()})
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        )

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """None: the engine would fetch them, and here plugins are found on PATH when a resource asks."""
        del request, context
        return language_pb2.GetRequiredPackagesResponse()

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing, and say so."""
        del context
        line = f"This language host is a stand-in and installs nothing; it uses {python_of(request.info)}.\n"
        yield language_pb2.InstallDependenciesResponse(stdout=line.encode())

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run a program to its end. It writes to our own output, which the engine shows."""
        child = self._children.start(
            program_command(request, engine=self._engine), env=program_environment(request), cwd=request.pwd
        )
        context.add_callback(child.end_soon)
        return run_result(child.wait())

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a component plugin or a policy pack for as long as the engine listens; pass on what it writes."""
        if not (Path(request.info.program_directory) / "__main__.py").is_file():
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"the plugin in {request.info.program_directory} has no __main__.py; "
                "this language host is a stand-in and runs no other kind",
            )
        child = self._children.start(
            plugin_command(request),
            env=dict(pair.split("=", 1) for pair in request.env),
            cwd=request.pwd,
            piped=True,
        )
        context.add_callback(child.end_soon)
        for stream, data in child.output():
            if stream == "stdout":
                yield language_pb2.RunPluginResponse(stdout=data)
            else:
                yield language_pb2.RunPluginResponse(stderr=data)
        yield language_pb2.RunPluginResponse(exitcode=child.wait())

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """End what runs; the engine has been told to stop."""
        del request, context
        self.stop()
        return Empty()


def main(words: Sequence[str] | None = None) -> None:
    """Serve the engine whose address is the last word of the command line. Flags before it are not used."""
    given = sys.argv[1:] if words is None else list(words)
    host = LanguageHost(engine=given[-1] if given else "")
    serve(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server), at_end=host.stop
    )


if __name__ == "__main__":
    main()
