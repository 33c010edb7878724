"""What an interrupted `up` left is removed if it is this stack's, and nothing else is touched."""

from types import SimpleNamespace
from typing import cast

import docker
import pytest
from docker.errors import NotFound

from ci_runners.leftovers import CONTAINER, NETWORK, remove_leftover
from ci_runners.resources import STACK_LABEL

STACK = "ci-runners/dev"


class Thing:
    """A container or a network of the fake engine."""

    def __init__(self, labels: dict[str, str] | None) -> None:
        self.labels = labels or {}
        self.attrs = {"Labels": labels}
        self.is_there = True

    def remove(self, *, force: bool = False) -> None:
        del force
        self.is_there = False


def engine_with(name: str, thing: Thing) -> docker.DockerClient:
    """An engine that holds one container and one network, of one name."""

    def get(asked: str) -> Thing:
        if asked != name:
            raise NotFound(f"No such container: {asked}")
        return thing

    def listed(names: list[str]) -> list[Thing]:
        return [thing] if names == [f"^{name}$"] else []

    fake = SimpleNamespace(containers=SimpleNamespace(get=get), networks=SimpleNamespace(list=listed))
    return cast(docker.DockerClient, fake)


@pytest.mark.parametrize(("kind", "word"), [(CONTAINER, "container"), (NETWORK, "network")])
def test_what_this_stack_left_is_removed_and_named(kind: str, word: str) -> None:
    thing = Thing({STACK_LABEL: STACK})

    assert remove_leftover(engine_with("dev-dind", thing), kind, "dev-dind", STACK) == f"{word} dev-dind"
    assert not thing.is_there


@pytest.mark.parametrize("kind", [CONTAINER, NETWORK])
@pytest.mark.parametrize(
    "labels",
    [{STACK_LABEL: "ci-runners/prod"}, {"ci-runners.component": "dev-dind"}, {}, None],
    ids=["another stack's", "no stack's", "no labels", "null"],
)
def test_what_another_made_stays(kind: str, labels: dict[str, str] | None) -> None:
    thing = Thing(labels)

    assert remove_leftover(engine_with("dev-dind", thing), kind, "dev-dind", STACK) == ""
    assert thing.is_there


@pytest.mark.parametrize("kind", [CONTAINER, NETWORK])
def test_where_nothing_is_in_the_way_nothing_happens(kind: str) -> None:
    thing = Thing({STACK_LABEL: STACK})

    assert remove_leftover(engine_with("dev-runner", thing), kind, "dev-dind", STACK) == ""
    assert thing.is_there
