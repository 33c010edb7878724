"""A layer cache in a registry: what one daemon built, another finds there that never saw it and has nothing of its own.

A pipeline's own commands run as a job's: in the connection's image, with its environment, its mounts and its network.
"""

import contextlib
import json
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from string import Template

import docker
import pytest
import yaml

from ci_runners import Connection, DaemonKind
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci
from tests.e2e.conftest import Station
from tests.e2e.pulumi_cli import PulumiCli

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import BuildkitDaemon, DindDaemon

kinds = {"buildkit": BuildkitDaemon, "dind": DindDaemon}
for name, (kind, args) in json.loads(Path("given.json").read_text()).items():
    pulumi.export(name, kinds[kind](name, args).connection)
"""
CHECKOUT = """
set -e
mkdir /tmp/checkout && cd /tmp/checkout
printf 'FROM debian:13.1-slim\\nRUN %s\\n' "$STEP" > Dockerfile
"""
"""What the runner does before the job's own commands; the repository is one file."""
KINDS = ("buildkit", "dind")
DAEMONS = ("first", "second")


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Two daemons of each kind, up; removed at the end, whatever happened."""
    name = f"e2e-{secrets.token_hex(3)}"
    registry, socket = os.environ["CI_RUNNERS_REGISTRY"], os.environ["DOCKER_HOST"].removeprefix("unix://")
    registries = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
    args = {
        "buildkit": {"socket": socket, **registries},
        "dind": {"accept_privileged": True, "daemon_json": registries},
    }
    given = {f"{name}-{kind}-{which}": (kind, args[kind]) for kind in KINDS for which in DAEMONS}
    cli = PulumiCli.on_machine(tmp_path_factory.mktemp("daemons"), name=name, program=PROGRAM)
    (cli.directory / "given.json").write_text(json.dumps(given))
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        one = Station(cli=cli, engine=engine, name=name, token="")
        try:
            cli.up()
            yield one
            volumes = one.volumes()
            cli.run("destroy", "--yes", "--skip-preview")
            assert one.left(volumes) == {}
        finally:
            one.remove()


def job(daemons: Station, kind: str, which: str, *, step: str, cache: bool) -> str:
    """Run the pipeline's job on one of the daemons, and return the build's log."""
    daemon = f"{daemons.name}-{kind}-{which}"
    connection = Connection.parse(daemons.cli.output(daemon))
    image = f"{os.environ['CI_RUNNERS_REGISTRY']}/{daemons.name}/{kind}"
    spec = GitLabPipelineSpec(image_name=image, layer_cache=f"{image}/cache" if cache else None)
    rendered = yaml.safe_load(render_gitlab_ci(spec, connection))["build"]
    forge = {
        "CI_COMMIT_SHA": which,
        "CI_COMMIT_REF_SLUG": "main",
        "CI_PROJECT_URL": "https://gitlab.example.com",
    }
    given = {name: Template(value).substitute(forge) for name, value in rendered["variables"].items()}
    words = [
        *options(connection),
        *(
            f"--env={name}={value}"
            for name, value in {**connection.job_environment, **forge, **given, "STEP": step}.items()
        ),
        "--entrypoint=sh",
        connection.job_image,
        "-c",
        "\n".join([CHECKOUT, *rendered["script"]]),
    ]
    # With DinD, jobs run inside their daemon.
    inside = ["docker", "exec", daemon] if connection.kind is DaemonKind.DIND else []
    ran = subprocess.run(
        [*inside, "docker", "run", "--rm", *words], capture_output=True, text=True, check=False, timeout=240
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def options(connection: Connection) -> Iterator[str]:
    """What the runner's config.toml gives every job's container."""
    yield from (f"--volume={volume}" for volume in connection.job_volumes)
    yield from (f"--add-host={host}" for host in connection.job_extra_hosts)
    if connection.job_network:
        yield f"--network={connection.job_network}"
    if connection.job_capabilities is not None:
        yield from ("--cap-drop=ALL", "--security-opt=no-new-privileges")
        yield from (f"--cap-add={capability}" for capability in connection.job_capabilities)


def is_cached(shown: str) -> bool:
    """Whether the RUN step was found in a cache, by the build's log: its layer is fetched only if something reads it."""
    found = re.search(r"^#(\d+) \[2/2\] RUN ", shown, re.MULTILINE)
    assert found, shown
    return bool(re.search(rf"^#{found[1]} (CACHED$|extracting sha256:)", shown, re.MULTILINE))


@pytest.mark.parametrize("kind", KINDS)
def test_another_daemon_finds_the_layers_in_the_registry_and_without_it_builds_anew(
    daemons: Station, kind: str
) -> None:
    for step, cache in (
        ("echo kept in the registry > /kept", True),
        ("echo kept by the daemon > /kept", False),
    ):
        assert not is_cached(job(daemons, kind, "first", step=step, cache=cache))
        assert is_cached(job(daemons, kind, "second", step=step, cache=cache)) is cache
