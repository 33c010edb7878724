"""`pulumi-language-nodejs`, a stand-in: the language host that runs TypeScript and JavaScript programs.

The real host is no Go module of its own that a registry serves, and comes only with Pulumi's own download. What it
starts for a program is part of the program's own SDK (@pulumi/pulumi, cmd/run): this host starts the same. Packages
come from npm, SDKs from Pulumi's own generator. It runs no plugins or policy packs, and knows no package manager but npm.
"""
# ruff: noqa: N802  the protocol names the calls

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2

from bootstrap.standins.host import Host, program_environment, serve_engine
from bootstrap.standins.version import stand_in_version

RUN = Path("node_modules/@pulumi/pulumi/cmd/run/index.js")
"""What runs a program, in the folder of its package.json."""


def program_command(request: language_pb2.RunRequest, *, engine: str) -> list[str]:
    """The command that runs a program. Raises `FileNotFoundError` where its packages are not installed."""
    run = Path(request.info.program_directory) / RUN
    if not run.is_file():
        raise FileNotFoundError(run)
    said = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root-directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    flags = [word for name, value in said.items() if value for word in (f"--{name}", value)]
    dry_run = ["--dry-run"] if request.dryRun else []
    return ["node", str(run), *dry_run, *flags, request.info.entry_point or ".", *request.args]


def linked(manifest: str, sdks: dict[str, str]) -> str:
    """A package.json with these SDKs (name to folder) among its dependencies.

    An SDK compiles itself after its installation, which npm does only for a package that `allowScripts` names.
    """
    told = json.loads(manifest)
    files = {name: f"file:{folder}" for name, folder in sdks.items()}
    told["dependencies"] = told.get("dependencies", {}) | files
    told["allowScripts"] = told.get("allowScripts", {}) | dict.fromkeys(files.values(), True)
    return json.dumps(told, indent=2) + "\n"


class NodejsHost(Host):
    """The calls that the engine and the CLI make for a Node.js program."""

    generator = ("pulumi-codegen", "nodejs")

    def environment(self, request: language_pb2.RunRequest) -> dict[str, str]:
        """The stack's configuration; and TypeScript is on unless the project's option `typescript` is false."""
        options = MessageToDict(request.info.options)
        typescript = "true" if options.get("typescript", True) else "false"
        return {**program_environment(request), "PULUMI_NODEJS_TYPESCRIPT": typescript}

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run a program to its end."""
        try:
            command = program_command(request, engine=self._engine)
        except FileNotFoundError as missing:
            return language_pb2.RunResponse(
                error=f"the Pulumi SDK is not installed, {missing} is not there; run `pulumi install`"
            )
        return self.run(command, request, context)

    def About(
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """What `pulumi about` shows of the language."""
        del request, context
        asked = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
        host = f"stand-in {stand_in_version('pulumi')}"
        return language_pb2.AboutResponse(
            executable="node", version=asked.stdout.strip(), metadata={"host": host}
        )

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """What the program's package-lock.json holds, direct or not."""
        del context
        lock = Path(request.info.program_directory) / "package-lock.json"
        packages = json.loads(lock.read_text())["packages"] if lock.is_file() else {}
        found = {
            (path.rpartition("node_modules/")[2], each["version"])
            for path, each in packages.items()
            if "node_modules/" in path and "version" in each
        }
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version) for name, version in sorted(found)
            ]
        )

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """`npm install` in the program's folder."""
        words = ["npm", "install", "--loglevel=error"]
        npm = self._children.start(words, env={}, cwd=request.info.program_directory, piped=True)
        context.add_callback(npm.end_soon)
        for stream, data in npm.output():
            if stream == "stdout":
                yield language_pb2.InstallDependenciesResponse(stdout=data)
            else:
                yield language_pb2.InstallDependenciesResponse(stderr=data)
        if code := npm.wait():
            context.abort(grpc.StatusCode.INTERNAL, f"npm install ended with exit code {code}")

    def Link(
        self, request: language_pb2.LinkRequest, context: grpc.ServicerContext
    ) -> language_pb2.LinkResponse:
        """Make written SDKs dependencies of the program, and say how they are imported."""
        del context
        program = Path(request.info.program_directory)
        sdks = {
            json.loads((program / each.path / "package.json").read_text())["name"]: each.path
            for each in request.packages
        }
        manifest = program / "package.json"
        manifest.write_text(linked(manifest.read_text(), sdks))
        lines = [f'import * as {name.rpartition("/")[2].replace("-", "_")} from "{name}";' for name in sdks]
        return language_pb2.LinkResponse(
            import_instructions="\n".join(["The program can import it:", *lines])
        )


if __name__ == "__main__":
    serve_engine(lambda engine: NodejsHost(engine=engine))
