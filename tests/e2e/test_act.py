"""Rendered workflows run for real: by act, on each daemon, with a registry that wants a login.

A job of a station runs in a container that is placed as a GitHub runner's is, and act runs its steps right there; a
hosted one on a machine of its own, which is a Docker Engine in a container. The actions are our stand-ins.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests
from docker.models.containers import Container

from ci_runners.connection import Connection, DaemonKind
from ci_runners.render.actions import ACTIONS
from ci_runners.render.github_runner import placement
from ci_runners.render.github_workflow import (
    render_github_workflow,
    render_hosted_workflow,
)
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from tests.e2e.act_runs import (
    ATTESTATIONS,
    DAEMONS,
    ON_HOSTED,
    PASSWORD,
    Machine,
    act,
    attested,
    hosted_machine,
    placed,
    remove,
    start_registry,
    working_copy,
)
from tests.e2e.pulumi_cli import PulumiCli

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners.daemons.buildkit import BuildkitDaemon
from ci_runners.daemons.dind import DindDaemon
from ci_runners.daemons.host import HostDaemon

given = json.loads(Path("given.json").read_text())
name = given["name"]
for kind, daemon in {
    "dind": DindDaemon(f"{name}-dind", {"accept_privileged": True, "daemon_json": given["registries"]}),
    "dood": HostDaemon(f"{name}-dood", {"accept_host_root": True, **given["engine"]}),
    "buildkit": BuildkitDaemon(f"{name}-buildkit", {**given["engine"], **given["registries"]}),
}.items():
    pulumi.export(kind, daemon.connection)
"""
every_daemon = pytest.mark.parametrize("kind", DAEMONS, ids=lambda kind: kind.value)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A registry that wants a login, and a daemon of every kind, by the components."""
    name = f"act-{secrets.token_hex(3)}"
    mirror = os.environ["CI_RUNNERS_REGISTRY"]
    with contextlib.ExitStack() as ended:
        engine = ended.enter_context(contextlib.closing(docker.from_env(timeout=120)))
        ended.callback(remove, engine, name)
        gateway = mirror.partition(":")[0]
        kept = start_registry(engine, name, gateway)
        bindings = kept.attrs["NetworkSettings"]["Ports"]["5000/tcp"]
        ports = {binding["HostIp"]: binding["HostPort"] for binding in bindings}
        registry = f"{gateway}:{ports[gateway]}"
        cli = PulumiCli.on_machine(tmp_path_factory.mktemp("act"), name=name, program=PROGRAM)
        registries = {
            "registry_mirrors": [f"http://{mirror}"],
            "insecure_registries": [mirror, registry],
        }
        socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
        given = {"name": name, "registries": registries, "engine": {"socket": socket}}
        (cli.directory / "given.json").write_text(json.dumps(given))
        ended.callback(cli.run, "destroy", "--yes", "--skip-preview")
        cli.up()
        yield Machine(
            engine=engine,
            name=name,
            host_registry=f"127.0.0.1:{ports['127.0.0.1']}",
            registry=registry,
            connections={kind: Connection.parse(cli.output(kind.value)) for kind in DAEMONS},
        )


def run_on(
    machine: Machine, kind: DaemonKind, image: str, folder: Path, password: str = PASSWORD
) -> tuple[str, int, str]:
    """Run the workflow of a daemon's; the commit, act's exit code and what it wrote."""
    connection = machine.connections[kind]
    registry = machine.host_registry if kind is DaemonKind.DOOD else machine.registry
    spec = GitHubWorkflowSpec(image_name=f"{registry}/{image}", layer_cache=f"{registry}/{image}-cache")
    commit = working_copy(folder, render_github_workflow(spec, connection), "feature/Login")
    here = [f"--platform={label}=-self-hosted" for label in ("self-hosted", *connection.tags)]
    with placed(machine, placement(connection, "runner")) as container:
        return commit, *act(container, folder, *here, password=password)


@every_daemon
def test_the_workflow_builds_on_its_daemon_and_pushes_by_commit_and_by_branch(
    machine: Machine, kind: DaemonKind, tmp_path: Path
) -> None:
    image = f"{machine.name}-{kind.value}"
    commit, code, shown = run_on(machine, kind, image, tmp_path / "source")

    assert code == 0, shown
    by_commit, by_branch = (machine.manifest(image, tag) for tag in (commit, "feature-Login"))
    assert by_commit.status_code == 200, shown
    assert by_commit.content == by_branch.content
    assert machine.manifest(f"{image}-cache", "latest").status_code == 200
    if kind is DaemonKind.BUILDKIT:
        assert attested(machine, image, by_commit.json()) == ATTESTATIONS


@every_daemon
def test_with_a_wrong_password_the_job_fails_and_nothing_is_pushed(
    machine: Machine, kind: DaemonKind, tmp_path: Path
) -> None:
    image = f"{machine.name}-{kind.value}-refused"
    commit, code, shown = run_on(machine, kind, image, tmp_path / "source", password="not-the-password")

    assert code != 0, shown
    assert "Failure - Main Build and push" in shown, shown
    assert machine.manifest(image, commit).status_code == 404


def test_the_registry_lets_nobody_in_without_a_login(machine: Machine) -> None:
    assert requests.get(f"http://{machine.host_registry}/v2/", timeout=30).status_code == 401


@pytest.fixture
def hosted(machine: Machine) -> Iterator[Container]:
    with hosted_machine(machine.engine, f"{machine.name}-hosted", machine.registry) as container:
        yield container


def test_the_hosted_workflow_logs_in_builds_and_pushes_with_attestations(
    machine: Machine, hosted: Container, tmp_path: Path
) -> None:
    image = f"{machine.name}-hosted"
    name = f"{machine.registry}/{image}"
    spec = GitHubWorkflowSpec(image_name=name, layer_cache=f"{name}-cache")
    commit = working_copy(tmp_path / "source", render_hosted_workflow(spec), "feature/Login")

    code, shown = act(hosted, tmp_path / "source", *ON_HOSTED)

    assert code == 0, shown
    by_commit, by_branch = (machine.manifest(image, tag) for tag in (commit, "feature-Login"))
    assert by_commit.status_code == 200, shown
    assert by_commit.content == by_branch.content
    assert machine.manifest(f"{image}-cache", "latest").status_code == 200
    assert attested(machine, image, by_commit.json()) == ATTESTATIONS
    assert [action.name for action in ACTIONS if f"stand-in for {action.name}" not in shown] == [
        "actions/checkout"  # act has the working copy already
    ]
