"""The steps: `machine` takes every one, `up` leaves out what the dev station does without."""

import io
from collections.abc import Sequence

import pytest
from rich.console import Console

from bootstrap import cli, engine
from bootstrap.engine import Engine
from bootstrap.layout import Layout, layout
from bootstrap.stand_in_images import GITLAB_CI_LOCAL_UTIL, PROMETHEUS, SSH_HOST, WAIT_FOR_IT
from bootstrap.steps import Step
from ci_runners import images

LEFT_OUT = {
    "BuildKit",
    "Kaniko",
    "Caddy",
    "YAML language host",
    "other language hosts",
    "tun device",
    "GitHub sandbox",
    f"image {images.BUILDKIT}",
    f"image {images.KANIKO}",
    f"image {images.CADDY}",
    f"image {images.DOCKER_DIND_ROOTLESS}",
    f"image {images.ACTIONS_RUNNER}",
    f"image {images.SBOM_SCANNER}",
    f"image {GITLAB_CI_LOCAL_UTIL}",
    f"image {WAIT_FOR_IT}",
    f"image {PROMETHEUS}",
    f"image {SSH_HOST}",
    "actionlint",
    "npm packages",
    "tools' Debian packages",
}
"""What only other ways to build, and tests, need."""


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Layout:
    """This checkout's, on a machine without an engine."""
    monkeypatch.setattr(engine, "find_engine", lambda: None)
    return layout()


def names(steps: Sequence[Step]) -> list[str]:
    return [step.name for step in steps]


def taken(places: Layout, monkeypatch: pytest.MonkeyPatch, *, for_every_way: bool) -> list[str]:
    """The names of the steps that would run."""
    runs: list[list[str]] = []
    monkeypatch.setattr(cli, "run_steps", lambda steps, _: runs.append(names(steps)))
    cli.machine(places, Console(file=io.StringIO()), for_every_way=for_every_way)
    [steps] = runs
    return steps


def test_the_machine_command_takes_every_step(places: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = taken(places, monkeypatch, for_every_way=True)

    assert steps == names(cli.machine_steps(places))
    assert set(steps) >= LEFT_OUT


def test_up_leaves_out_what_the_dev_station_does_without(
    places: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = taken(places, monkeypatch, for_every_way=False)

    assert set(names(cli.machine_steps(places))) - set(steps) == LEFT_OUT


def test_every_need_is_a_step(places: Layout) -> None:
    steps = cli.machine_steps(places)

    assert {need for step in steps for need in step.needs} <= set(names(steps))
    assert len(set(names(steps))) == len(steps)


def test_an_image_waits_for_the_program_in_it(places: Layout) -> None:
    needs = {step.name: step.needs for step in cli.machine_steps(places)}

    assert "BuildKit" in needs[f"image {images.BUILDKIT}"]
    assert "Kaniko" in needs[f"image {images.KANIKO}"]


def test_an_engine_that_was_there_keeps_its_devices(places: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_engine", lambda: Engine(host="unix:///engine.sock", namespace=""))

    assert "tun device" not in names(cli.machine_steps(places))
