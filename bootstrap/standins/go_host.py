"""`pulumi-language-go`, a stand-in: the language host that runs Go programs.

The real host is no Go module of its own that a registry serves, and comes only with Pulumi's own download. This one
builds a program with `go build` and runs it; SDKs come from Pulumi's own generator. It runs no plugins or policy packs.
"""
# ruff: noqa: N802  the protocol names the calls

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grpc
from pulumi.runtime.proto import language_pb2

from bootstrap.standins.host import Host, program_environment, serve_engine
from bootstrap.standins.version import stand_in_version


def go_environment(request: language_pb2.RunRequest, *, engine: str) -> dict[str, str]:
    """What a Go program reads of its environment (pulumi/pulumi, sdk/go/pulumi, `EnvProject` and the others)."""
    return {
        **program_environment(request),
        "PULUMI_ORGANIZATION": request.organization,
        "PULUMI_PROJECT": request.project,
        "PULUMI_ROOT_DIRECTORY": request.info.root_directory,
        "PULUMI_STACK": request.stack,
        "PULUMI_DRY_RUN": "true" if request.dryRun else "false",
        "PULUMI_PARALLEL": str(request.parallel),
        "PULUMI_MONITOR": request.monitor_address,
        "PULUMI_ENGINE": engine,
    }


def module_of(folder: Path) -> str:
    """The name of the Go module in a folder."""
    first = (folder / "go.mod").read_text().splitlines()[0]
    return first.removeprefix("module ").strip()


class GoHost(Host):
    """The calls that the engine and the CLI make for a Go program."""

    generator = ("pulumi-codegen", "go")

    def environment(self, request: language_pb2.RunRequest) -> dict[str, str]:
        """As a Go program reads it."""
        return go_environment(request, engine=self._engine)

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Build a program and run it to its end."""
        with tempfile.TemporaryDirectory() as folder:
            binary = f"{folder}/program"
            build = ["go", "build", "-o", binary, request.info.entry_point or "."]
            built = subprocess.run(
                build, cwd=request.info.program_directory, capture_output=True, text=True, check=False
            )
            if built.returncode:
                return language_pb2.RunResponse(error=f"go build: {built.stderr.strip()}")
            return self.run([binary, *request.args], request, context)

    def About(
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """What `pulumi about` shows of the language."""
        del request, context
        asked = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True)
        host = f"stand-in {stand_in_version('pulumi')}"
        return language_pb2.AboutResponse(
            executable="go", version=asked.stdout.strip(), metadata={"host": host}
        )

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """`go mod tidy` in the program's folder."""
        folder = request.info.program_directory
        tidied = subprocess.run(["go", "mod", "tidy"], cwd=folder, capture_output=True, check=False)
        yield language_pb2.InstallDependenciesResponse(stdout=tidied.stdout, stderr=tidied.stderr)
        if tidied.returncode:
            context.abort(grpc.StatusCode.INTERNAL, f"go mod tidy ended with exit code {tidied.returncode}")

    def Link(
        self, request: language_pb2.LinkRequest, context: grpc.ServicerContext
    ) -> language_pb2.LinkResponse:
        """Have the program's module take written SDKs from their folders, and say how they are imported."""
        del context
        program = Path(request.info.program_directory)
        modules = {module_of(program / each.path): each.path for each in request.packages}
        edits = [f"-replace={module}=./{folder}" for module, folder in modules.items()]
        subprocess.run(["go", "mod", "edit", *edits], cwd=program, check=True)
        lines = [f'import "{module}"' for module in modules]
        return language_pb2.LinkResponse(
            import_instructions="\n".join(["The program can import it:", *lines])
        )


if __name__ == "__main__":
    serve_engine(lambda engine: GoHost(engine=engine))
