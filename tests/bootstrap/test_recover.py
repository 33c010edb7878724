"""After a killed `pulumi`: what the state says is half made is removed if it is ours, and nothing else is touched."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest
from docker.errors import NotFound

from bootstrap.recover import CONTAINER, LABEL, NETWORK, Stack, half_made, pending, recover, remove_half_made

OURS = {LABEL: "dind-daemon"}
VOLUME = "docker:index/volume:Volume"


def operation(kind: str, name: str, doing: str = "creating") -> dict[str, Any]:
    return {"type": doing, "resource": {"type": kind, "inputs": {"name": name}}}


def state(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"pending_operations": list(operations), "resources": ["kept"]}}


class Thing:
    """A container or a network of the fake engine."""

    def __init__(self, labels: dict[str, str] | None) -> None:
        self.labels = labels or {}
        self.attrs = {"Labels": labels}
        self.is_there = True

    def remove(self, *, force: bool = False) -> None:
        del force
        self.is_there = False


class FakeEngine:
    """As much of a Docker client as recovery uses."""

    def __init__(
        self, containers: dict[str, Thing] | None = None, networks: dict[str, Thing] | None = None
    ) -> None:
        self._containers, self._networks = containers or {}, networks or {}
        self.containers = SimpleNamespace(get=self._container)
        self.networks = SimpleNamespace(list=self._list)

    def client(self) -> docker.DockerClient:
        return cast(docker.DockerClient, self)

    def _container(self, name: str) -> Thing:
        if name not in self._containers:
            raise NotFound(f"No such container: {name}")
        return self._containers[name]

    def _list(self, names: list[str]) -> list[Thing]:
        return [thing for name, thing in self._networks.items() if f"^{name}$" in names]


def test_containers_and_networks_that_were_being_created_are_half_made() -> None:
    operations = [operation(CONTAINER, "dev-daemon"), operation(NETWORK, "dev-network")]

    assert half_made(state(*operations)) == [(CONTAINER, "dev-daemon"), (NETWORK, "dev-network")]


@pytest.mark.parametrize("doing", ["updating", "deleting", "reading"])
def test_what_was_there_before_is_not_half_made(doing: str) -> None:
    assert half_made(state(operation(CONTAINER, "dev-daemon", doing))) == []


def test_volumes_are_not_half_made_since_they_are_adopted_by_name() -> None:
    assert half_made(state(operation(VOLUME, "dev-data"))) == []


@pytest.mark.parametrize("deployment", [{}, {"pending_operations": None}, {"pending_operations": []}])
def test_a_state_without_pending_operations_has_none(deployment: dict[str, Any]) -> None:
    assert pending({"deployment": deployment}) == []
    assert half_made({"deployment": deployment}) == []


@pytest.mark.parametrize(
    ("labels", "stays"),
    [(OURS, False), ({"com.example": "theirs"}, True), (None, True)],
    ids=["ours", "another's", "no labels"],
)
@pytest.mark.parametrize("kind", [CONTAINER, NETWORK])
def test_only_what_carries_our_label_is_removed(
    kind: str, labels: dict[str, str] | None, *, stays: bool
) -> None:
    thing, other = Thing(labels), Thing(OURS)
    things = {"dev": thing, "dev-other": other}
    engine = FakeEngine(containers=things) if kind == CONTAINER else FakeEngine(networks=things)

    remove_half_made(engine.client(), kind, "dev")

    assert thing.is_there is stays
    assert other.is_there, "only the name that was asked for"


@pytest.mark.parametrize("kind", [CONTAINER, NETWORK])
def test_what_was_never_made_needs_no_removal(kind: str) -> None:
    other = Thing(OURS)

    remove_half_made(FakeEngine(containers={"other": other}, networks={"other": other}).client(), kind, "dev")

    assert other.is_there


PULUMI = """#!/bin/sh
echo "$*" >> calls
case "$*" in
  "stack export"*) cat state.json ;;
  "stack import"*) cat > imported.json ;;
esac
"""
"""Notes how it is called; keeps what it is given."""


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose CLI is a few lines of shell."""
    (tmp_path / "bin").mkdir()
    cli = tmp_path / "bin" / "pulumi"
    cli.write_text(PULUMI)
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{cli.parent}:{os.environ['PATH']}")
    (tmp_path / "state.json").write_text(json.dumps(state()))
    return Stack(
        name="dev", folder=tmp_path, config_file=tmp_path / "Pulumi.dev.yaml", backend=tmp_path / "stacks"
    )


def lock(stack: Stack, name: str) -> None:
    folder = stack.backend / ".pulumi" / "locks" / "organization" / "ci-runners" / name
    folder.mkdir(parents=True)
    (folder / "0b8e.json").write_text("{}")


def calls(stack: Stack) -> list[str]:
    return (stack.folder / "calls").read_text().splitlines()


def test_a_lock_of_another_stack_is_none_of_this_one(stack: Stack) -> None:
    lock(stack, "prod")
    assert not stack.is_locked()
    lock(stack, "dev")
    assert stack.is_locked()


def test_only_commands_that_read_the_configuration_are_told_its_file(stack: Stack) -> None:
    assert stack.command("up", "--yes")[-2:] == ["--config-file", str(stack.config_file)]
    assert stack.command("stack", "export") == ["pulumi", "stack", "export", "--stack", "dev"]


def test_a_stack_that_nobody_cut_short_is_left_as_it_is(stack: Stack) -> None:
    assert recover(stack, FakeEngine().client()) is False
    assert calls(stack) == ["stack export --stack dev"]


def test_a_lock_alone_is_lifted_and_said(stack: Stack) -> None:
    lock(stack, "dev")

    assert recover(stack, FakeEngine().client()) is True
    assert calls(stack) == ["cancel --yes --stack dev", "stack export --stack dev"]


def test_what_was_under_way_is_undone_and_struck_from_the_state(stack: Stack) -> None:
    made = Thing(OURS)
    before = state(operation(CONTAINER, "dev-daemon"), operation(VOLUME, "dev-data"))
    (stack.folder / "state.json").write_text(json.dumps(before))

    assert recover(stack, FakeEngine(containers={"dev-daemon": made}).client()) is True

    assert not made.is_there
    assert json.loads((stack.folder / "imported.json").read_text()) == state()
