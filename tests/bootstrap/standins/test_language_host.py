import json
import os
import runpy
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from bootstrap.standins import program
from bootstrap.standins.host import program_environment, run_result
from bootstrap.standins.language_host import LanguageHost, program_command, python_of
from bootstrap.standins.plugin_process import start_server


@pytest.fixture(scope="module")
def host() -> Iterator[language_pb2_grpc.LanguageRuntimeStub]:
    served = LanguageHost(engine="127.0.0.1:1")
    server, port = start_server(
        lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(served, server)
    )
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)
    server.stop(None).wait()


def info(directory: Path, **options: str) -> language_pb2.ProgramInfo:
    told = Struct()
    told.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(directory), program_directory=str(directory), entry_point=".", options=told
    )


def plugin_in(directory: Path, code: str) -> language_pb2.RunPluginRequest:
    (directory / "__main__.py").write_text(code)
    return language_pb2.RunPluginRequest(
        pwd=str(directory), info=info(directory), args=["127.0.0.1:9"], env=["GIVEN=yes"], kind="resource"
    )


def test_a_program_runs_in_our_own_environment_unless_it_names_one_that_is_there(tmp_path: Path) -> None:
    assert python_of(info(tmp_path)) == sys.executable
    assert python_of(info(tmp_path, virtualenv="venv")) == sys.executable
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert python_of(info(tmp_path, virtualenv="venv")) == str(python)


def test_a_programs_command_says_what_the_engine_said(tmp_path: Path) -> None:
    request = language_pb2.RunRequest(
        project="ci-runners",
        stack="dev",
        pwd=str(tmp_path),
        args=["one"],
        dryRun=True,
        parallel=8,
        monitor_address="127.0.0.1:2",
        organization="organization",
        info=info(tmp_path),
    )
    command = program_command(request, engine="127.0.0.1:1")
    assert command[:3] == [sys.executable, "-P", program.__file__]
    said = program.arguments(command[3:])
    assert (said.project, said.stack, said.organization) == ("ci-runners", "dev", "organization")
    assert (said.engine, said.monitor) == ("127.0.0.1:1", "127.0.0.1:2")
    assert (said.dry_run, said.parallel) == ("true", 8)
    assert (said.program, said.args, said.pwd, said.root_directory) == (
        ".",
        ["one"],
        str(tmp_path),
        str(tmp_path),
    )


def test_a_programs_configuration_goes_into_its_environment() -> None:
    request = language_pb2.RunRequest(
        config={"ci-runners:token": "made-up"}, configSecretKeys=["ci-runners:token"]
    )
    environment = program_environment(request)
    assert json.loads(environment["PULUMI_CONFIG"]) == {"ci-runners:token": "made-up"}
    assert json.loads(environment["PULUMI_CONFIG_SECRET_KEYS"]) == ["ci-runners:token"]


@pytest.mark.parametrize(
    ("code", "error", "bail"),
    [
        (0, "", False),
        (32, "", True),
        (1, "program exited with non-zero exit code: 1", False),
        (-9, "program exited by signal 9", False),
    ],
)
def test_the_engine_is_told_how_a_program_ended(code: int, error: str, bail: bool) -> None:  # noqa: FBT001
    assert run_result(code) == language_pb2.RunResponse(error=error, bail=bail)


def test_a_traceback_starts_at_the_programs_own_code(tmp_path: Path) -> None:
    file = tmp_path / "__main__.py"
    file.write_text("def fail():\n    raise ValueError('boom')\n\nfail()\n")
    with pytest.raises(ValueError, match="boom") as raised:
        runpy.run_path(str(tmp_path))
    shown = program.traceback_of(raised.value, program.main_file(str(tmp_path)))
    assert "runpy" not in shown
    assert [line.strip() for line in shown.splitlines() if line.startswith("  File")] == [
        f'File "{file}", line 4, in <module>',
        f'File "{file}", line 2, in fail',
    ]


def test_a_plugins_output_and_exit_code_are_passed_on(
    tmp_path: Path, host: language_pb2_grpc.LanguageRuntimeStub
) -> None:
    request = plugin_in(
        tmp_path,
        "import os, sys\n"
        "print(sys.argv[1], os.environ['GIVEN'], os.getcwd(), flush=True)\n"
        "print('a warning', file=sys.stderr)\n"
        "sys.exit(7)\n",
    )
    said = list(host.RunPlugin(request))
    assert b"".join(each.stdout for each in said).decode() == f"127.0.0.1:9 yes {tmp_path}\n"
    assert b"".join(each.stderr for each in said) == b"a warning\n"
    assert said[-1].exitcode == 7


def test_a_plugin_ends_when_the_engine_no_longer_listens(
    tmp_path: Path, host: language_pb2_grpc.LanguageRuntimeStub
) -> None:
    call = host.RunPlugin(
        plugin_in(tmp_path, "import os, signal\nprint(os.getpid(), flush=True)\nsignal.pause()\n")
    )
    ended = os.pidfd_open(int(next(call).stdout))
    call.cancel()
    try:
        assert select.select([ended], [], [], 10.0)[0] == [ended]
    finally:
        os.close(ended)


@pytest.mark.parametrize("kind", ["resource", "analyzer"])
def test_a_plugin_that_the_stand_in_cannot_run_is_refused_with_the_reason(
    kind: str, tmp_path: Path, host: language_pb2_grpc.LanguageRuntimeStub
) -> None:
    request = language_pb2.RunPluginRequest(pwd=str(tmp_path), info=info(tmp_path), kind=kind)
    with pytest.raises(grpc.RpcError, match=r"no __main__\.py"):
        list(host.RunPlugin(request))


def test_a_policy_packs_port_arrives_unflushed_and_its_imports_are_not_the_programs(
    tmp_path: Path, host: language_pb2_grpc.LanguageRuntimeStub
) -> None:
    program = tmp_path / "program"
    program.mkdir()
    (program / "json.py").write_text("raise RuntimeError('the program has a module of this name')\n")
    pack = tmp_path / "pack"
    pack.mkdir()
    request = plugin_in(pack, "import signal, sys\nsys.stdout.buffer.write(b'4321\\n')\nsignal.pause()\n")
    request.kind, request.pwd = "analyzer", str(program)
    call = host.RunPlugin(request)
    try:
        assert next(call).stdout == b"4321\n"
    finally:
        call.cancel()


def test_the_host_says_that_it_is_a_stand_in(
    tmp_path: Path, host: language_pb2_grpc.LanguageRuntimeStub
) -> None:
    assert host.GetPluginInfo(Empty()).version.endswith("+stand-in")
    assert "stand-in" in host.About(language_pb2.AboutRequest(info=info(tmp_path))).metadata["host"]
    (line,) = host.InstallDependencies(language_pb2.InstallDependenciesRequest(info=info(tmp_path)))
    assert b"stand-in and installs nothing" in line.stdout


def test_the_host_tells_what_is_installed_and_asks_for_no_plugin(
    tmp_path: Path, host: language_pb2_grpc.LanguageRuntimeStub
) -> None:
    request = language_pb2.GetProgramDependenciesRequest(info=info(tmp_path))
    assert "pulumi" in {each.name for each in host.GetProgramDependencies(request).dependencies}
    assert not host.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info(tmp_path))).packages
