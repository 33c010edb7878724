"""A daemon's storage is full to the last byte: a file system of 1 GiB on a loop device takes the volume's place."""

import contextlib
import json
import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import docker
import pytest
from docker.models.containers import Container

from ci_runners.images import DOCKER_CLI
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.test_config_change import life
from tests.e2e.test_ways import remove
from tests.faults.signs import has_started_anew, is_well, kill, until

pytestmark = pytest.mark.e2e

Record = Callable[[str, object], None]
SIZE = 1 << 30
BLOCK = 4096

PROGRAM = """
import json
from pathlib import Path

from ci_runners import BuildkitDaemon, DindDaemon

given = json.loads(Path("given.json").read_text())
registries = given["registries"]
if given["part"] == "storage":
    DindDaemon(given["name"], {"accept_privileged": True, "daemon_json": registries})
else:
    BuildkitDaemon(given["name"], {"socket": given["socket"], **registries})
"""
SMALL = "FROM debian:13.1-slim\\nRUN echo small > /small\\n"
LARGE = "FROM debian:13.1-slim\\nRUN head -c {bytes} /dev/urandom > /large\\n"
BUILDS = {
    "storage": "printf '%s' \"$0\" | docker build --progress plain -",
    "cache": "mkdir -p /tmp/context && printf '%s' \"$0\" > /tmp/context/Dockerfile && buildctl build"
    " --progress plain --frontend dockerfile.v0 --local context=/tmp/context --local dockerfile=/tmp/context",
}
PRUNES = {
    "storage": ["docker", "system", "prune", "--all", "--force"],
    "cache": ["buildctl", "prune", "--all"],
}
ANSWERS = {"storage": ["docker", "info"], "cache": ["buildctl", "debug", "workers"]}
USERS = {"storage": 0, "cache": 1000}
"""Whom the volume belongs to in the daemon's image."""
NO_SPACE = "o space left on device"


@dataclass(frozen=True, kw_only=True)
class Small:
    """A daemon whose data lies on a small file system."""

    engine: docker.DockerClient
    name: str
    part: str
    mounted: Path

    def container(self) -> Container:
        return self.engine.containers.get(self.name)

    def run(self, *words: str) -> tuple[int, str]:
        ran = self.container().exec_run(list(words))
        return cast(int, ran.exit_code), cast(bytes, ran.output).decode(errors="replace")

    def build(self, dockerfile: str) -> tuple[int, str]:
        return self.run("sh", "-c", BUILDS[self.part], dockerfile.replace("\\n", "\n"))

    def free(self) -> int:
        """Bytes that may still be written; ext4 keeps some more to itself."""
        there = os.statvfs(self.mounted)
        return there.f_bavail * there.f_frsize

    def fill(self) -> Path:
        """Fill it to the last block; returns the file that does."""
        file = self.mounted / "filler"
        with file.open("ab", buffering=0) as out:
            for piece in (1 << 20, BLOCK):
                with contextlib.suppress(OSError):
                    while out.write(bytes(piece)):
                        pass
        return file


@contextlib.contextmanager
def loop_device(image: Path, *, owner: int) -> Iterator[str]:
    """A file system in a file, all of its blocks for everybody."""
    with image.open("wb") as made:
        made.truncate(SIZE)
    owned = f"root_owner={owner}:{owner}"
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-E", owned, str(image)], check=True)
    words = ["losetup", "--find", "--show", str(image)]
    device = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.fixture(params=["storage", "cache"])
def small(tmp_path: Path, engine: docker.DockerClient, request: pytest.FixtureRequest) -> Iterator[Small]:
    """DinD (`storage`) or BuildKit (`cache`), up, with its data on 1 GiB."""
    name, part = f"full-{secrets.token_hex(3)}", str(request.param)
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    given = {
        "name": name,
        "part": part,
        "socket": os.environ["DOCKER_HOST"].removeprefix("unix://"),
        "registries": {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]},
    }
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    (cli.directory / "given.json").write_text(json.dumps(given))
    with loop_device(tmp_path / "disk", owner=USERS[part]) as device:
        options = {"type": "ext4", "device": device}
        volume = engine.volumes.create(f"{name}-{part}", driver="local", driver_opts=options)
        try:
            cli.up()
            yield Small(engine=engine, name=name, part=part, mounted=Path(volume.attrs["Mountpoint"]))
        finally:
            remove(engine, name)


def case(component: str) -> pytest.MarkDecorator:
    title = (
        "a build ends with `no space left on device` and gives its space back; full to the last byte the daemon still"
        " answers, the host is untouched, a prune mends it, and a killed daemon comes back as soon as there is space"
    )
    return pytest.mark.case(number=39, component=component, title=title)


@pytest.mark.parametrize(
    "small",
    [
        pytest.param("storage", marks=case("DindDaemon")),
        pytest.param("cache", marks=case("BuildkitDaemon")),
    ],
    indirect=True,
)
def test_a_full_storage_fails_builds_and_nothing_else(
    small: Small, engine: docker.DockerClient, record_property: Record
) -> None:
    exit_code, shown = small.build(LARGE.format(bytes=SIZE))
    assert exit_code != 0
    assert NO_SPACE in shown
    until("the space of the failed build", lambda: small.free() > 300 << 20)
    exit_code, shown = small.build(LARGE.format(bytes=100 << 20))
    assert exit_code == 0, shown

    filler = small.fill()
    assert small.free() < 16 * BLOCK  # the daemon itself goes on writing and removing
    exit_code, shown = small.build(SMALL)
    assert exit_code != 0
    assert NO_SPACE in shown
    assert small.run(*ANSWERS[small.part])[0] == 0
    assert is_well(small.container())
    assert (
        engine.containers.run(DOCKER_CLI, ["sh", "-c", "echo host > /file && cat /file"], remove=True)
        == b"host\n"
    )

    before = life(small.container())
    since = kill(small.container())
    filler.unlink()
    until("the daemon", lambda: has_started_anew(small.container(), before))
    record_property("seconds", since.seconds())

    small.fill()
    assert small.build(SMALL)[0] != 0
    exit_code, shown = small.run(*PRUNES[small.part])
    assert exit_code == 0, shown
    assert small.free() > 100 << 20
    exit_code, shown = small.build(SMALL)
    assert exit_code == 0, shown
