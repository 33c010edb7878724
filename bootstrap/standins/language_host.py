"""`pulumi-language-python`, a stand-in: the language host that runs Python programs, component plugins, policy packs.

The real host is no Go module of its own that a registry serves, and comes only with Pulumi's own download. This one
answers the same calls (pulumi/pulumi, sdk/proto/pulumi/language.proto): a program runs in a process of its own, a
component plugin too. It makes no virtual environment and installs nothing: programs and plugins run in the
environment that their `virtualenv` option names, or else in the one that the host itself runs in.
"""
# ruff: noqa: N802  the protocol names the calls

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2

from bootstrap.standins import program
from bootstrap.standins.host import Host, serve_engine
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


def plugin_command(request: language_pb2.RunPluginRequest) -> list[str]:
    """The command that runs a component plugin, or a policy pack: its `__main__.py`, with what the engine passes on.

    A policy pack is run by Pulumi's own module for it, which takes the engine's address and the pack's folder. The
    pack says its port without flushing, so the interpreter must not hold its output back (`-u`).
    """
    python, folder = python_of(request.info), request.info.program_directory
    if request.kind == POLICY_PACK:
        return [python, "-P", "-u", "-m", "pulumi.policy", *request.args, folder]
    return [python, folder, *request.args]


class LanguageHost(Host):
    """The calls that the engine makes for Python. What is not here or in `Host` answers "unimplemented"."""

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
        """Run a program to its end."""
        return self.run(program_command(request, engine=self._engine), request, context)

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


if __name__ == "__main__":
    serve_engine(lambda engine: LanguageHost(engine=engine))
