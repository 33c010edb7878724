import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli

pytestmark = pytest.mark.e2e

PROGRAM = """
import sys
import pulumi

class Thing(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("hosted:index:Thing", name)
        self.register_outputs({})

print("said by the program", *sys.argv)
Thing("thing")
config = pulumi.Config()
pulumi.export("number", config.get_int("number"))
pulumi.export("word", config.get_secret("word"))
match config.get("fail"):
    case "RunError":
        raise pulumi.RunError("a message without a traceback")
    case "ValueError":
        raise ValueError("a bug in the program")
    case "exit":
        sys.exit(3)
"""

COMPONENTS = """
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host


class GreetingArgs(TypedDict):
    whom: pulumi.Input[str]


class Greeting(pulumi.ComponentResource):
    text: pulumi.Output[str]

    def __init__(self, name: str, args: GreetingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("greetings:index:Greeting", name, {}, opts)
        self.text = pulumi.Output.from_input(args["whom"]).apply(lambda whom: f"hello {whom}")
        self.register_outputs({"text": self.text})


component_provider_host(name="greetings", components=[Greeting], version="1.2.3")
"""

CONSUMER = """
import pulumi

class Greeting(pulumi.ComponentResource):
    text: pulumi.Output[str]

    def __init__(self, name, whom):
        super().__init__("greetings:index:Greeting", name, {"whom": whom, "text": None}, remote=True)

pulumi.export("text", Greeting("greeting", "world").text)
"""


@pytest.fixture
def hosted(tmp_path: Path) -> PulumiCli:
    return PulumiCli.at(tmp_path, name="hosted", program=PROGRAM)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    directory = tmp_path / "greetings"
    directory.mkdir()
    (directory / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (directory / "__main__.py").write_text(COMPONENTS)
    return directory


def test_a_program_is_deployed_with_its_configuration_and_its_output_shown(hosted: PulumiCli) -> None:
    hosted.run("config", "set", "number", "3")
    hosted.run("config", "set", "--secret", "word", "made-up-secret")
    shown = hosted.up()
    assert "said by the program ." in shown
    assert "2 created" in shown
    assert "made-up-secret" not in shown
    assert hosted.output("number") == "3"
    assert hosted.output("word") == "made-up-secret"
    assert "2 unchanged" in hosted.up("--expect-no-changes")


@pytest.mark.parametrize(
    ("how", "said", "not_said"),
    [
        ("RunError", "error: a message without a traceback", "Traceback"),
        ("ValueError", "ValueError: a bug in the program", "runpy"),
        ("exit", "program exited with non-zero exit code: 3", "Traceback"),
    ],
)
def test_a_program_that_fails_fails_the_preview_and_says_why(
    how: str, said: str, not_said: str, hosted: PulumiCli
) -> None:
    done = hosted.attempt("preview", "--config", f"hosted:fail={how}")
    assert done.returncode != 0
    assert said in done.stdout
    assert not_said not in done.stdout


def test_a_project_without_a_program_says_which_file_is_missing(hosted: PulumiCli) -> None:
    (hosted.directory / "__main__.py").unlink()
    done = hosted.attempt("preview")
    assert done.returncode != 0
    assert f"unable to find main python program `__main__.py` in `{hosted.directory}`" in done.stdout


def test_an_interrupted_program_ends_at_once_and_without_a_traceback(hosted: PulumiCli) -> None:
    waiting = "import signal\nprint('begun', flush=True)\nsignal.pause()\n"
    (hosted.directory / "__main__.py").write_text(waiting)
    with hosted.start("preview") as preview:
        assert preview.stdout is not None
        shown = []
        for line in preview.stdout:
            shown.append(line)
            if "begun" in line:
                preview.send_signal(signal.SIGINT)
                break
        rest, _ = preview.communicate(timeout=30)
    assert preview.returncode != 0
    assert "preview canceled" in rest
    assert "KeyboardInterrupt" not in "".join(shown) + rest


def test_the_host_is_shown_as_a_stand_in(hosted: PulumiCli) -> None:
    assert "stand-in" in hosted.run("about")
    assert "stand-in and installs nothing" in hosted.run("install")


def test_a_component_plugin_shows_its_schema(hosted: PulumiCli, plugin: Path) -> None:
    assert '"greetings:index:Greeting"' in hosted.run("package", "get-schema", str(plugin))


def test_a_component_of_a_plugin_is_deployed_from_another_program(tmp_path: Path, plugin: Path) -> None:
    provider = f"plugins:\n  providers:\n    - name: greetings\n      path: {plugin}\n"
    consumer = PulumiCli.at(tmp_path, name="consumer", program=CONSUMER, extra=provider)
    consumer.up()
    assert consumer.output("text") == "hello world"
    assert "2 unchanged" in consumer.up("--expect-no-changes")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_the_host_stops_quietly_when_told_to(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "bootstrap.standins.language_host", "127.0.0.1:1"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        assert int(host.stdout.readline()) > 0
        host.send_signal(stop)
        rest, errors = host.communicate(timeout=30)
    assert (host.returncode, rest, errors) == (0, "", "")


def test_the_host_ends_when_the_engine_that_started_it_was_killed() -> None:
    command = [sys.executable, "-m", "bootstrap.standins.language_host", "127.0.0.1:1"]
    engine = (
        "import subprocess, sys\n"
        f"host = subprocess.Popen({command!r}, stdout=subprocess.PIPE, text=True)\n"
        "host.stdout.readline()\n"
        "print(host.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", engine],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        ended = os.pidfd_open(int(started.stdout.readline()))
        started.kill()
    try:
        assert select.select([ended], [], [], 30.0)[0] == [ended]
    finally:
        os.close(ended)
