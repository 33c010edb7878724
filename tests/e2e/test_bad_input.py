"""The root program with wrong settings, through the real CLI: a message, and nothing created."""

import shutil
from pathlib import Path

import docker
import pytest
import yaml

from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli

pytestmark = pytest.mark.e2e

TOKEN = "glrt-made-up-and-long-enough"
GOOD = {
    "name": "never",
    "gitlab": {"url": "https://gitlab.example.com"},
    "builder": "dind",
    "dind": {"accept_privileged": True},
    "pipeline": {"image_name": "registry.example.com/team/app"},
}


def changed(**parts: object) -> dict[str, object]:
    return {**GOOD, **parts}


BAD = {
    "an unknown key": (
        changed(dind={"accept_privileged": True, "memry": 1}),
        ["station.dind.memry", "memory"],
    ),
    "no consent": (changed(dind={}), ["station.dind.accept_privileged", "root on this host"]),
    "text for a number": (
        changed(runner={"concurrent": "4"}),
        ["station.runner.concurrent", "a whole number"],
    ),
    "an empty privileged list": (
        changed(runner={"allowed_privileged_services": []}),
        ["station.runner.allowed_privileged_services", "every service"],
    ),
    "a bad URL": (changed(gitlab={"url": "gitlab.example.com"}), ["station.gitlab.url", "https://"]),
    "three at once": (
        changed(
            gitlab={"url": "x"}, dind={"accept_privileged": True, "memory": -1}, runner={"concurrent": 0}
        ),
        ["station.gitlab.url", "station.dind.memory", "station.runner.concurrent", "3 problems"],
    ),
    "a token in plain text": (GOOD, ["ci-runners:runner_token", "a secret", "pulumi config set --secret"]),
    "no token": (GOOD, ["ci-runners:runner_token", "pulumi config set --secret"]),
}


@pytest.fixture
def cli(tmp_path: Path) -> PulumiCli:
    made = PulumiCli.on_machine(tmp_path, name="ci-runners", program="")
    for name in ("__main__.py", "Pulumi.yaml"):
        shutil.copyfile(REPOSITORY / name, made.directory / name)
    made.run("config", "set", "--secret", "runner_token", TOKEN)
    return made


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", ["preview", "up"])
def test_wrong_settings_end_with_a_message_and_no_resource(
    cli: PulumiCli, engine: docker.DockerClient, case: str, command: str
) -> None:
    station, parts = BAD[case]
    file = cli.directory / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    document["config"]["ci-runners:station"] = station
    if case == "no token":
        del document["config"]["ci-runners:runner_token"]
    if case == "a token in plain text":
        document["config"]["ci-runners:runner_token"] = TOKEN
    file.write_text(yaml.safe_dump(document))

    words = ["up", "--yes", "--skip-preview"] if command == "up" else ["preview"]
    done = cli.attempt(*words)

    assert done.returncode != 0, done.stdout
    assert not [part for part in parts if part not in done.stdout], done.stdout
    assert "Fix:" in done.stdout
    assert "Traceback" not in done.stdout
    assert TOKEN not in done.stdout
    resources = cli.exported()["deployment"].get("resources", [])
    assert [each["type"] for each in resources if each["type"] != "pulumi:pulumi:Stack"] == []
    there = [
        *(container.name for container in engine.containers.list(all=True, ignore_removed=True)),
        *(volume.name for volume in engine.volumes.list()),
        *(network.name for network in engine.networks.list()),
    ]
    assert not [name for name in there if (name or "").startswith("never")]
