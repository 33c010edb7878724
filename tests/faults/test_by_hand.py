"""Somebody removes, stops or cuts off a part by hand, or has a container of their own on our volume."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from ci_runners.images import DOCKER_CLI
from tests.e2e.pulumi_cli import PulumiCli, counts
from tests.e2e.test_config_change import life
from tests.e2e.test_ways import labelled, remove
from tests.faults.signs import Clock, until
from tests.faults.standing import PARTS, Standing

pytestmark = pytest.mark.e2e

HELD_SECONDS = 55
"""A little longer than the sandbox, as GitLab, holds a runner's request for a job."""

Record = Callable[[str, object], None]

PROGRAM = """
import json
from pathlib import Path

import pulumi_docker as docker

from ci_runners import DindDaemon

given = json.loads(Path("given.json").read_text())
name, labels = given["name"], given["labels"]
DindDaemon(f"{name}-ours", {"data_only": True, "labels": labels})
pairs = [docker.VolumeLabelArgs(label=label, value=value) for label, value in labels.items()]
docker.Volume("plain", name=f"{name}-plain", labels=pairs)
"""
SENTINEL = "/data/sentinel"
OURS, PLAIN = "ours-storage", "plain"


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """A daemon's data, and a volume that is declared without us, by the name that theirs begin with."""

    cli: PulumiCli
    engine: docker.DockerClient
    name: str

    def declare(self, **labels: str) -> None:
        """Say what the program declares from now on."""
        given = {"name": self.name, "labels": labels}
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def run(self, part: str, *words: str) -> str:
        """Run a command with a volume at /data; what it wrote."""
        mounts = {f"{self.name}-{part}": {"bind": "/data"}}
        written = self.engine.containers.run(DOCKER_CLI, list(words), volumes=mounts, remove=True)
        return written.decode()


@pytest.fixture
def volumes(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Volumes]:
    name = f"hand-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    made = Volumes(cli=cli, engine=engine, name=name)
    made.declare()
    try:
        cli.up()
        yield made
    finally:
        remove(engine, name)


def after_a_new_label(volumes: Volumes, part: str) -> str:
    """What is on a volume after a file was put there and a label was changed."""
    volumes.run(part, "touch", SENTINEL)
    volumes.declare(team="builds")
    volumes.cli.up()
    return volumes.run(part, "ls", "/data").strip()


@pytest.mark.case(number=36, component="DindDaemon", title="a new label leaves the data where it is")
def test_a_new_label_leaves_a_daemons_data(volumes: Volumes) -> None:
    assert after_a_new_label(volumes, OURS) == "sentinel"


@pytest.mark.case(
    number=36,
    component="DindDaemon",
    title="the provider's own volume is emptied by a new label",
    baseline=True,
)
def test_a_new_label_empties_a_volume_that_is_declared_without_us(volumes: Volumes) -> None:
    assert after_a_new_label(volumes, PLAIN) == ""


@pytest.mark.case(
    number=45,
    component="DindDaemon",
    title="`destroy` ends with an error that names the volume, the state stays right, and a second one succeeds",
)
def test_destroy_with_anothers_container_on_the_volume_can_be_done_again(
    volumes: Volumes, engine: docker.DockerClient, record_property: Record
) -> None:
    mounts = {f"{volumes.name}-{OURS}": {"bind": "/data"}}
    foreign = engine.containers.create(DOCKER_CLI, ["true"], volumes=mounts, name=f"{volumes.name}-foreign")
    try:
        since = Clock()
        refused = volumes.cli.attempt("destroy", "--yes", "--skip-preview")
        record_property("seconds", since.seconds())
    finally:
        foreign.remove()

    assert refused.returncode != 0
    assert f"{volumes.name}-{OURS}" in refused.stdout
    left = [each["urn"].rpartition("::")[2] for each in volumes.cli.exported()["deployment"]["resources"]]
    assert f"{volumes.name}-{OURS}" in left
    volumes.cli.run("destroy", "--yes", "--skip-preview")
    assert labelled(engine, volumes.name) == {}


def removed(stack: Standing, part: str) -> None:
    stack.container(part).remove(force=True)


def stopped(stack: Standing, part: str) -> None:
    stack.container(part).stop(timeout=60)


HANDS = [
    (removed, "dind", "DindDaemon"),
    (removed, "buildkit", "BuildkitDaemon"),
    (removed, "runner", "GitLabRunner"),
    (stopped, "buildkit", "BuildkitDaemon"),
    (stopped, "runner", "GitLabRunner"),
]


def of(hand: tuple[Any, ...]) -> Any:  # noqa: ANN401  pytest's own type is not public
    done, part, component = hand
    words = (
        f"{done.__name__.replace('_', ' ')}: one `pulumi up --refresh` mends that part and touches no other"
    )
    marks = pytest.mark.case(number=37, component=component, title=words)
    return pytest.param(done, part, marks=marks, id=f"{part} {done.__name__}")


@pytest.mark.parametrize(("done", "part"), [of(hand) for hand in HANDS])
def test_one_up_with_a_refresh_mends_what_somebody_did_and_no_more(
    stack: Standing, done: Callable[[Standing, str], None], part: str, record_property: Record
) -> None:
    before = {other: life(stack.container(other)) for other in PARTS}
    done(stack, part)

    since = Clock()
    stack.cli.up("--refresh")
    stack.wait_until_well()
    record_property("seconds", since.seconds())

    changed = {other for other in PARTS if life(stack.container(other)) != before[other]}
    assert changed == {part}
    assert set(counts(stack.cli.up("--refresh", "--expect-no-changes"))) == {"unchanged"}
    stack.green(stack.push("docker version"))


def urn(stack: Standing, part: str) -> str:
    """What Pulumi calls the container of a part."""
    resources = stack.cli.exported()["deployment"]["resources"]
    (found,) = [each["urn"] for each in resources if each["urn"].endswith(f"::{stack.name}-{part}-container")]
    return str(found)


@pytest.mark.case(
    number=37,
    component="DindDaemon, GitLabRunner",
    title="the network removed: a refresh makes it anew, but the provider does not see who is missing in it; one"
    " `pulumi up --replace` of its containers mends that, and touches no other",
)
def test_a_network_that_somebody_removed_wants_its_containers_replaced(
    stack: Standing, record_property: Record
) -> None:
    network = stack.engine.networks.get(f"{stack.name}-dind")
    untouched = ("buildkit", "host-runner")
    before = {part: life(stack.container(part)) for part in untouched}
    for container in network.containers:
        network.disconnect(container, force=True)
    network.remove()

    since = Clock()
    made = counts(stack.cli.up("--refresh"))
    stack.cli.up("--replace", urn(stack, "dind"), "--replace", urn(stack, "runner"))
    stack.wait_until_well()
    record_property("seconds", since.seconds())

    assert made["created"] == 1
    assert {part: life(stack.container(part)) for part in untouched} == before
    assert set(counts(stack.cli.up("--refresh", "--expect-no-changes"))) == {"unchanged"}
    # The forge may still hold the request of the runner that was cut off, and give it a job (docs/recovery.md).
    until("the end of the cut off request", lambda: since.seconds() > HELD_SECONDS)
    stack.green(stack.push("docker version"))
