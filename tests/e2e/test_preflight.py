"""The host preflight on the real engine: what it reads is what other sources say, and it leaves nothing behind."""

import contextlib
import gc
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from ci_runners.connection import DaemonKind
from ci_runners.images import DOCKER_CLI
from ci_runners.preflight import HostFacts, Way, preflight, read_facts
from ci_runners.preflight import engine as preflight_engine
from ci_runners.preflight.look import folders

pytestmark = pytest.mark.e2e

GIGABYTE = 1_000_000_000
SEEN = (
    "free_bytes",
    "ids",
    "max_user_namespaces",
    "rootlesskit_profiles",
    "socket_status",
    "tun",
    "unprivileged_userns_clone",
    "apparmor_restrict_unprivileged_userns",
)
"""Facts that only the container can tell."""
FAKE_SSH = """#!/bin/sh
# ssh without a network: runs the command here. Asked to end a shared login (-O), it has none.
for word; do [ "$word" != -O ] || exit 0; done
while [ "$1" != -- ]; do shift; done
[ "$2" = builder ] || { echo "ssh: no host $2" >&2; exit 255; }
shift 2
exec "$@"
"""


@pytest.fixture(scope="module")
def docker_host() -> str:
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        pytest.skip("compares with this machine's own files: needs an engine on it")
    return address


@pytest.fixture(scope="module")
def engine(docker_host: str) -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.DockerClient(base_url=docker_host)) as client:
        yield client


@pytest.fixture(scope="module")
def facts(docker_host: str) -> HostFacts:
    return read_facts(docker_host, socket=docker_host.removeprefix("unix://"))


def said_by_client(command: str) -> dict[str, Any]:
    run = subprocess.run(
        ["docker", command, "--format", "{{json .}}"], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def left_behind(engine: docker.DockerClient) -> list[str]:
    kept = engine.containers.list(all=True, filters={"label": "ci-runners.kind=preflight"})
    return [str(container.name) for container in kept]


def sysctl(name: str) -> int | None:
    path = Path("/proc/sys", name)
    return int(path.read_text()) if path.exists() else None


def test_everything_could_be_read(facts: HostFacts) -> None:
    assert facts.notes == ()
    unknown = [name for name, value in vars(facts).items() if value is None]
    assert unknown == []


def test_the_engines_facts_are_what_dockers_own_client_says(facts: HostFacts) -> None:
    info = said_by_client("info")
    server = said_by_client("version")["Server"]

    assert (facts.engine_version, facts.api_version) == (server["Version"], server["ApiVersion"])
    assert facts.min_api_version == server["MinAPIVersion"]
    assert (facts.os_type, facts.operating_system) == (info["OSType"], info["OperatingSystem"])
    assert (facts.cpus, facts.memory) == (info["NCPU"], info["MemTotal"])
    assert (facts.storage_driver, facts.cgroup_version) == (info["Driver"], info["CgroupVersion"])
    assert list(facts.security_options or ()) == info["SecurityOptions"]
    assert facts.runtimes == tuple(sorted(info["Runtimes"]))
    assert facts.default_runtime == info["DefaultRuntime"]
    assert (facts.storage_roots or ())[0] == info["DockerRootDir"]


def test_the_kernels_facts_are_what_this_machine_says(facts: HostFacts) -> None:
    assert (facts.kernel_version, facts.architecture) == (os.uname().release, os.uname().machine)
    assert facts.max_user_namespaces == sysctl("user/max_user_namespaces")
    clone = sysctl("kernel/unprivileged_userns_clone")
    assert facts.unprivileged_userns_clone == (1 if clone is None else clone)
    restricted = sysctl("kernel/apparmor_restrict_unprivileged_userns")
    assert facts.apparmor_restrict_unprivileged_userns == (restricted or 0)
    tun = Path("/dev/net/tun")
    is_open = tun.is_char_device() and tun.stat().st_mode & 0o006 == 0o006
    assert facts.tun == ("open" if is_open else "closed" if tun.exists() else "missing")
    ids = sum(int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines())
    assert facts.ids == ids


def test_the_socket_is_the_one_that_this_machine_has(facts: HostFacts, docker_host: str) -> None:
    own = Path(docker_host.removeprefix("unix://")).stat()

    assert stat.S_ISSOCK(own.st_mode)
    assert (facts.socket_status, facts.socket_group) == ("socket", own.st_gid)


def test_the_free_disk_is_that_of_the_engines_folder(facts: HostFacts) -> None:
    assert facts.storage_roots is not None
    assert facts.free_bytes is not None
    least = min(shutil.disk_usage(root).free for root in facts.storage_roots)
    # Other tests write meanwhile.
    assert abs(facts.free_bytes - least) < 2 * GIGABYTE


def test_the_way_that_the_other_tests_go_is_found_possible(facts: HostFacts) -> None:
    assert preflight(facts, Way(kind=DaemonKind.DIND)).errors == ()


def test_no_container_stays(engine: docker.DockerClient, facts: HostFacts) -> None:
    assert facts.tun is not None  # one was there
    assert left_behind(engine) == []


def test_the_container_can_neither_write_nor_reach_anything(
    engine: docker.DockerClient, docker_host: str
) -> None:
    wanted = folders(("/var/lib",), docker_host.removeprefix("unix://"))
    container, given = preflight_engine._created(
        engine, DOCKER_CLI, wanted, name="docker.sock", is_rootless=False
    )
    try:
        config = container.attrs["HostConfig"]
        mounts = {mount["Destination"]: mount["RW"] for mount in container.attrs["Mounts"]}
    finally:
        container.remove(force=True)

    assert (config["Privileged"], config["CapAdd"], config["CapDrop"]) == (False, None, ["ALL"])
    assert (config["NetworkMode"], config["ReadonlyRootfs"]) == ("none", True)
    assert "no-new-privileges:true" in config["SecurityOpt"]
    assert mounts == {f"/preflight/{name}": False for name in given}


def test_a_socket_that_is_not_there_is_missing_and_its_folder_is_not_made(
    docker_host: str, tmp_path: Path
) -> None:
    folder = tmp_path / "none"

    facts = read_facts(docker_host, socket=f"{folder}/docker.sock")

    assert (facts.socket_status, facts.socket_group) == ("missing", None)
    assert not folder.exists()
    found = preflight(facts, Way(kind=DaemonKind.DOOD))
    assert [problem.field for problem in found.errors] == ["socket_status"]


def test_a_file_and_a_link_in_the_sockets_place_are_no_socket(docker_host: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("/elsewhere/docker.sock")
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(f"{tmp_path}/own")
        os.chown(tmp_path / "own", -1, 4321)
        found = {
            name: read_facts(docker_host, socket=f"{tmp_path}/{name}") for name in ("file", "link", "own")
        }

    assert {name: facts.socket_status for name, facts in found.items()} == {
        "file": "no socket",
        "link": "unreadable",
        "own": "socket",
    }
    assert found["own"].socket_group == 4321


def test_without_the_image_the_engines_facts_are_there_and_a_note_says_the_rest(
    engine: docker.DockerClient, docker_host: str
) -> None:
    facts = read_facts(docker_host, image="127.0.0.1:1/not/there:1")

    assert facts.engine_version == engine.version()["Version"]
    assert [name for name in SEEN if getattr(facts, name) is not None] == []
    assert len(facts.notes) == 1
    assert "connection refused" in facts.notes[0]
    assert preflight(facts, Way(kind=DaemonKind.BUILDKIT)).errors == ()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tcp://127.0.0.1:9", "refused"),
        ("unix:///nowhere/docker.sock", "No such file"),
        ("ssh://ci@127.0.0.1:9", "onnection refused"),
        ("ssh://builder:port", "port"),
        ("gopher://127.0.0.1", "gopher"),
    ],
)
def test_a_host_that_does_not_answer_gives_a_note(address: str, reason: str) -> None:
    with warnings.catch_warnings():
        # The SDK leaves the socket of a failed connection to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        facts = read_facts(address)
        gc.collect()

    assert facts == HostFacts(docker_host=address, notes=facts.notes)
    assert len(facts.notes) == 1
    assert reason in facts.notes[0]


@pytest.mark.parametrize("is_there", [True, False], ids=["a socket", "no socket"])
def test_the_command_line_says_whether_a_way_can_work(
    engine: docker.DockerClient, docker_host: str, facts: HostFacts, tmp_path: Path, *, is_there: bool
) -> None:
    socket = facts.socket if is_there else f"{tmp_path}/docker.sock"
    words = ["--host", docker_host, "--socket", socket, "--way", "dood", "--format", "json"]

    run = subprocess.run(
        [sys.executable, "-m", "ci_runners", "preflight", *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0 if is_there else 3, "")
    said = json.loads(run.stdout)
    assert said["facts"]["engine_version"] == engine.version()["Version"]
    assert said["facts"]["socket_group"] == (facts.socket_group if is_there else None)
    assert said["ways"]["dood"]["can_work"] is is_there
    assert left_behind(engine) == []


@pytest.fixture
def fake_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(FAKE_SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("fake_ssh")
def test_the_same_is_read_through_ssh(facts: HostFacts, engine: docker.DockerClient) -> None:
    through = read_facts("ssh://ci@builder", socket=facts.socket)

    assert through.notes == ()
    same = [name for name in vars(facts) if name not in {"docker_host", "free_bytes"}]
    assert {name: getattr(through, name) for name in same} == {name: getattr(facts, name) for name in same}
    assert left_behind(engine) == []


@pytest.mark.usefixtures("fake_ssh")
def test_what_ssh_says_is_the_reason() -> None:
    assert read_facts("ssh://elsewhere").notes == ("the engine did not answer: ssh: no host elsewhere",)
