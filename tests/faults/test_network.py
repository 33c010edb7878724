"""The network is cut for a while, carries less than it says, or what lies at its other end is down."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import docker
import pytest
from docker.models.containers import Container

from tests.e2e.conftest import said
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.test_config_change import life
from tests.e2e.test_ways import remove
from tests.faults.narrow_path import NARROW, SIZE, SYSTEM, narrow_path
from tests.faults.signs import Clock
from tests.faults.standing import PARTS, Standing

pytestmark = pytest.mark.e2e

Record = Callable[[str, object], None]

CUT_S = 10
PROGRAM = """
import json
from pathlib import Path

from ci_runners import DindDaemon

for name, daemon_json in json.loads(Path("given.json").read_text()).items():
    DindDaemon(name, {"accept_privileged": True, "daemon_json": daemon_json})
"""
IMAGE = "debian:13.1-slim"
LOAD = "exec 3<>/dev/tcp/$0/$1; printf 'GET /file HTTP/1.0\\r\\n\\r\\n' >&3; timeout 15 cat <&3 | wc -c"
"""How many bytes of a file bash gets in 15 seconds."""


@contextlib.contextmanager
def daemons(folder: Path, engine: docker.DockerClient, **given: dict[str, object]) -> Iterator[str]:
    """Daemons with these daemon.json, by what their names end with; yields what they begin with."""
    name = f"net-{secrets.token_hex(3)}"
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    usual = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    named = {f"{name}-{part}": {**usual, **said_more} for part, said_more in given.items()}
    (cli.directory / "given.json").write_text(json.dumps(named))
    try:
        cli.up()
        yield name
    finally:
        remove(engine, name)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """How many bytes jobs of two daemons got through a network that carries less than it says."""
    folder = tmp_path_factory.mktemp("mtu")
    with contextlib.closing(docker.from_env(timeout=120)) as engine, narrow_path(folder) as (host, port):
        given: dict[str, dict[str, object]] = {"usual": {}, "narrow": {"mtu": NARROW}}
        with daemons(folder, engine, **given) as name:
            got = {}
            for part in given:
                daemon = engine.containers.get(f"{name}-{part}")
                words = [
                    "docker",
                    "run",
                    "--rm",
                    "--network",
                    "bridge",
                    IMAGE,
                    "bash",
                    "-c",
                    LOAD,
                    host,
                    port,
                ]
                got[part] = int(said(daemon, *words).splitlines()[-1])
            yield got


@pytest.mark.case(
    number=42,
    component="DindDaemon",
    title="a large download hangs with Docker's own 1500 bytes",
    baseline=True,
)
def test_a_large_download_hangs_where_the_network_carries_less_than_it_says(loaded: dict[str, int]) -> None:
    assert loaded["usual"] < SIZE


@pytest.mark.case(number=42, component="DindDaemon", title="with `mtu` of the network's size it ends well")
def test_with_the_networks_own_mtu_a_large_download_ends_well(loaded: dict[str, int]) -> None:
    assert loaded["narrow"] > SIZE


@pytest.fixture
def silent() -> Iterator[str]:
    """A registry that takes connections and never answers."""
    host = os.environ["CI_RUNNERS_REGISTRY"].partition(":")[0]
    with socket.create_server((host, 0)) as listener:
        yield f"{host}:{listener.getsockname()[1]}"


@pytest.mark.case(
    number=41, component="DindDaemon", title="a mirror that is down, or never answers: the next one is asked"
)
def test_with_a_mirror_down_the_next_one_is_asked(
    tmp_path: Path, engine: docker.DockerClient, silent: str, record_property: Record
) -> None:
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    down = registry.replace(":5000", ":1")
    both = {
        part: {
            "registry_mirrors": [f"http://{dead}", f"http://{registry}"],
            "insecure_registries": [dead, registry],
        }
        for part, dead in {"down": down, "silent": silent}.items()
    }
    with daemons(tmp_path, engine, **cast(dict[str, dict[str, object]], both)) as name:
        slowest = 0.0
        for part in both:
            since = Clock()
            said(engine.containers.get(f"{name}-{part}"), "docker", "pull", "--quiet", IMAGE)
            slowest = max(slowest, since.seconds())
        record_property("seconds", slowest)


@contextlib.contextmanager
def cut(container: Container, *rule: str) -> Iterator[Clock]:
    """A rule of the packet filter in a container's own network."""
    inside = ["nsenter", "--net", f"--target={container.attrs['State']['Pid']}", "iptables"]
    subprocess.run([*inside, "-I", *rule], check=True, env=SYSTEM)
    try:
        yield Clock()
    finally:
        subprocess.run([*inside, "-D", *rule], check=True, env=SYSTEM)


CUTS = {
    "between runner and daemon": ("dind", ("INPUT", "-p", "tcp", "--dport", "2376", "-j", "DROP")),
    "between runner and GitLab": ("runner", ("OUTPUT", "-p", "tcp", "--dport", "8929", "-j", "DROP")),
}


def of(where: str) -> Any:  # noqa: ANN401  pytest's own type is not public
    title = f"the network {where} is cut for {CUT_S} seconds in a job: the job ends well"
    return pytest.param(
        where, marks=pytest.mark.case(number=37, component="GitLabRunner", title=title), id=where
    )


@pytest.mark.parametrize("where", [of(where) for where in CUTS])
def test_a_job_outlives_a_cut(stack: Standing, where: str, record_property: Record) -> None:
    part, rule = CUTS[where]
    commit = stack.push("echo it began", f"sleep {CUT_S // 2}", "echo it went on")
    job = stack.running_job(commit)
    before = {one: life(stack.container(one)) for one in PARTS}

    with cut(stack.container(part), *rule):
        time.sleep(CUT_S)
    since = Clock()

    assert "it went on" in stack.green(commit)
    record_property("seconds", since.seconds())
    assert stack.job(commit).id == job.id
    assert {one: life(stack.container(one)) for one in PARTS} == before


REGISTRY = ("OUTPUT", "-p", "tcp", "--dport", "5000", "-j")


@pytest.mark.case(
    number=41,
    component="GitLabRunner",
    title="the registry is down: with `always`, then `if-not-present`, a job starts on the image that is there",
)
@pytest.mark.parametrize(
    "how", [("REJECT", "--reject-with", "tcp-reset"), ("DROP",)], ids=["refused", "no answer"]
)
def test_a_job_starts_while_the_registry_is_down(
    stack: Standing, how: tuple[str, ...], record_property: Record
) -> None:
    stack.green(stack.push("echo the image is there"))

    with cut(stack.container("dind"), *REGISTRY, *how) as since:
        assert stack.container("dind").exec_run(["docker", "pull", IMAGE]).exit_code != 0
        trace = stack.green(stack.push("echo it ran"))
        record_property("seconds", since.seconds())

    assert "it ran" in trace
    assert "if-not-present" in trace
