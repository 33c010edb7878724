"""The stand-in language hosts of TypeScript, Go and C#, over gRPC, with programs of the test's own in place of the tools."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from bootstrap.standins.dotnet_host import DotnetHost
from bootstrap.standins.go_host import GoHost
from bootstrap.standins.host import Host
from bootstrap.standins.language_host import LanguageHost
from bootstrap.standins.nodejs_host import RUN, NodejsHost, linked, program_command
from bootstrap.standins.plugin_process import start_server

Stub = language_pb2_grpc.LanguageRuntimeStub
Tool = Callable[[str, str], None]


@contextmanager
def serving(made: Host) -> Iterator[Stub]:
    server, port = start_server(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(made, server)
    )
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Stub(channel)
    server.stop(None).wait()


@pytest.fixture
def nodejs() -> Iterator[Stub]:
    with serving(NodejsHost(engine="127.0.0.1:1")) as stub:
        yield stub


@pytest.fixture
def go() -> Iterator[Stub]:
    with serving(GoHost(engine="127.0.0.1:1")) as stub:
        yield stub


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Puts a shell script first on PATH under a name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def put(name: str, script: str) -> None:
        file = folder / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    return put


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def info(directory: Path, **options: bool) -> language_pb2.ProgramInfo:
    told = Struct()
    told.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(directory), program_directory=str(directory), entry_point=".", options=told
    )


def run_request(directory: Path, **options: bool) -> language_pb2.RunRequest:
    return language_pb2.RunRequest(
        project="app",
        stack="dev",
        organization="team",
        pwd=str(directory),
        args=["one"],
        dryRun=True,
        parallel=8,
        monitor_address="127.0.0.1:2",
        config={"app:token": "made-up"},
        configSecretKeys=["app:token"],
        info=info(directory, **options),
    )


def install_sdk(directory: Path) -> Path:
    """Leave a file where npm leaves what runs a program."""
    run = directory / RUN
    run.parent.mkdir(parents=True)
    run.touch()
    return run


def test_a_typescript_programs_command_says_what_the_engine_said(project: Path) -> None:
    run = install_sdk(project)

    command = program_command(run_request(project), engine="127.0.0.1:1")

    assert command[:3] == ["node", str(run), "--dry-run"]
    assert command[-2:] == [".", "one"]
    flags = dict(zip(command[3:-2:2], command[4:-2:2], strict=True))
    assert flags == {
        "--monitor": "127.0.0.1:2",
        "--engine": "127.0.0.1:1",
        "--project": "app",
        "--root-directory": str(project),
        "--stack": "dev",
        "--pwd": str(project),
        "--parallel": "8",
        "--organization": "team",
    }


@pytest.mark.parametrize(("options", "typescript"), [({}, "true"), ({"typescript": False}, "false")])
def test_a_typescript_program_gets_its_configuration_by_its_environment(
    options: dict[str, bool], typescript: str, project: Path, nodejs: Stub, tool: Tool
) -> None:
    install_sdk(project)
    tool(
        "node",
        'printf "%s %s %s" "$PULUMI_CONFIG" "$PULUMI_CONFIG_SECRET_KEYS" "$PULUMI_NODEJS_TYPESCRIPT" > said',
    )

    assert nodejs.Run(run_request(project, **options)) == language_pb2.RunResponse()

    said = (project / "said").read_text()
    assert said == f'{{"app:token": "made-up"}} ["app:token"] {typescript}'


def test_a_typescript_program_without_its_packages_is_told_what_to_run(project: Path, nodejs: Stub) -> None:
    assert "run `pulumi install`" in nodejs.Run(run_request(project)).error


def test_an_sdk_becomes_a_dependency_that_may_compile_itself_and_the_rest_of_package_json_stays() -> None:
    before = {"name": "app", "dependencies": {"other": "1.0.0"}, "allowScripts": {"other": True}}

    after = json.loads(linked(json.dumps(before), {"@pulumi/ci-runners": "sdks/ci-runners"}))

    assert after == {
        "name": "app",
        "dependencies": {"other": "1.0.0", "@pulumi/ci-runners": "file:sdks/ci-runners"},
        "allowScripts": {"other": True, "file:sdks/ci-runners": True},
    }


def test_a_linked_typescript_sdk_is_imported_by_its_own_name(project: Path, nodejs: Stub) -> None:
    (project / "package.json").write_text("{}")
    sdk = project / "sdks" / "ci-runners"
    sdk.mkdir(parents=True)
    (sdk / "package.json").write_text('{"name": "@pulumi/ci-runners"}')
    linked_one = language_pb2.LinkRequest.LinkDependency(path="sdks/ci-runners")

    told = nodejs.Link(language_pb2.LinkRequest(info=info(project), packages=[linked_one]))

    assert 'import * as ci_runners from "@pulumi/ci-runners";' in told.import_instructions
    assert "file:sdks/ci-runners" in (project / "package.json").read_text()


def test_npm_installs_in_the_programs_folder_and_its_failure_is_the_hosts(
    project: Path, nodejs: Stub, tool: Tool
) -> None:
    request = language_pb2.InstallDependenciesRequest(info=info(project))
    tool("npm", 'pwd; echo "$@" >&2')
    said = list(nodejs.InstallDependencies(request))
    assert b"".join(each.stdout for each in said).decode() == f"{project}\n"
    assert b"".join(each.stderr for each in said).startswith(b"install ")

    tool("npm", "exit 7")
    with pytest.raises(grpc.RpcError, match="exit code 7"):
        list(nodejs.InstallDependencies(request))


def test_a_lock_files_packages_are_the_programs(project: Path, nodejs: Stub) -> None:
    packages = {
        "": {"name": "app"},
        "node_modules/@pulumi/pulumi": {"version": "3.270.0"},
        "node_modules/a/node_modules/b": {"version": "2.0.0"},
        "node_modules/@pulumi/ci-runners": {"resolved": "sdks/ci-runners", "link": True},
    }
    (project / "package-lock.json").write_text(json.dumps({"packages": packages}))

    told = nodejs.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest(info=info(project)))

    assert [(each.name, each.version) for each in told.dependencies] == [
        ("@pulumi/pulumi", "3.270.0"),
        ("b", "2.0.0"),
    ]


def test_a_go_program_is_built_and_told_everything_by_its_environment(
    project: Path, go: Stub, tool: Tool
) -> None:
    # "go build -o <program> .": the program that it leaves is a script.
    tool("go", 'printf \'#!/bin/sh\\nenv > said\\necho "$@" > words\\n\' > "$3"; chmod +x "$3"')

    assert go.Run(run_request(project)) == language_pb2.RunResponse()

    said = dict(line.split("=", 1) for line in (project / "said").read_text().splitlines() if "=" in line)
    assert {name: said[name] for name in said if name.startswith("PULUMI_")}.items() >= {
        "PULUMI_CONFIG": '{"app:token": "made-up"}',
        "PULUMI_CONFIG_SECRET_KEYS": '["app:token"]',
        "PULUMI_ORGANIZATION": "team",
        "PULUMI_PROJECT": "app",
        "PULUMI_STACK": "dev",
        "PULUMI_ROOT_DIRECTORY": str(project),
        "PULUMI_DRY_RUN": "true",
        "PULUMI_PARALLEL": "8",
        "PULUMI_MONITOR": "127.0.0.1:2",
        "PULUMI_ENGINE": "127.0.0.1:1",
    }.items()
    assert (project / "words").read_text() == "one\n"


def test_a_go_program_that_does_not_build_says_why(project: Path, go: Stub, tool: Tool) -> None:
    tool("go", "echo main.go:1: no such thing >&2; exit 1")

    assert go.Run(run_request(project)).error == "go build: main.go:1: no such thing"


def test_a_linked_go_sdk_is_taken_from_its_folder(project: Path, go: Stub) -> None:
    (project / "go.mod").write_text("module app\n\ngo 1.25\n")
    sdk = project / "sdks" / "ci-runners"
    sdk.mkdir(parents=True)
    (sdk / "go.mod").write_text("module example.com/sdk/go\n")
    linked_one = language_pb2.LinkRequest.LinkDependency(path="sdks/ci-runners")

    told = go.Link(language_pb2.LinkRequest(info=info(project), packages=[linked_one]))

    assert 'import "example.com/sdk/go"' in told.import_instructions
    assert "replace example.com/sdk/go => ./sdks/ci-runners\n" in (project / "go.mod").read_text()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (NodejsHost, ["pulumi-codegen", "nodejs"]),
        (GoHost, ["pulumi-codegen", "go"]),
        (DotnetHost, ["pulumi-codegen-dotnet"]),
    ],
)
def test_a_generator_gets_the_schema_and_a_folder_and_its_failure_is_the_hosts(
    host: type[Host], words: list[str], project: Path, tool: Tool
) -> None:
    request = language_pb2.GeneratePackageRequest(directory=str(project / "sdk"), schema='{"name": "it"}')
    with serving(host(engine="")) as stub:
        tool(words[0], f'cat > {project}/schema; echo "$@" > {project}/words')
        assert stub.GeneratePackage(request) == language_pb2.GeneratePackageResponse()
        assert (project / "schema").read_text() == '{"name": "it"}'
        assert (project / "words").read_text().split() == [*words[1:], str(project / "sdk")]

        tool(words[0], "echo the schema has no name >&2; exit 1")
        with pytest.raises(grpc.RpcError, match="the schema has no name"):
            stub.GeneratePackage(request)


def test_the_python_host_writes_no_sdk_and_says_so(project: Path) -> None:
    with serving(LanguageHost(engine="")) as stub, pytest.raises(grpc.RpcError, match="writes no SDK"):
        stub.GeneratePackage(language_pb2.GeneratePackageRequest(directory=str(project)))


@pytest.mark.parametrize(("host", "program"), [(NodejsHost, "node"), (GoHost, "go")])
def test_a_host_says_that_it_is_a_stand_in(host: type[Host], program: str, project: Path, tool: Tool) -> None:
    tool(program, "echo 1.2.3")
    with serving(host(engine="")) as stub:
        assert stub.GetPluginInfo(Empty()).version.endswith("+stand-in")
        about = stub.About(language_pb2.AboutRequest(info=info(project)))
    assert (about.executable, about.version) == (program, "1.2.3")
    assert "stand-in" in about.metadata["host"]


def test_a_hosts_programs_end_with_the_engines_word(project: Path, tool: Tool) -> None:
    install_sdk(project)
    tool("node", "echo $$ > pid; exec sleep 600")
    with serving(NodejsHost(engine="")) as stub:
        call = stub.Run.future(run_request(project))
        _wait_for(project / "pid")
        stub.Cancel(Empty())
        assert "by signal" in call.result(30).error


def _wait_for(file: Path) -> None:
    subprocess.run(["sh", "-c", f"until [ -s {file} ]; do sleep 0.05; done"], check=True, timeout=30)
