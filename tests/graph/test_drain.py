"""What `RunnerDrain` registers."""

from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import GitLabRunner, InvalidInput
from ci_runners.upkeep.drain import RunnerDrain, RunnerDrainArgs
from tests.graph.recorder import SECRET, UNKNOWN, Graph, only, shown
from tests.graph.test_gitlab_runner import WIRING as RUNNER

TOKEN = "glpat-a-token-that-nobody-has"
LEAST: RunnerDrainArgs = {
    "url": "https://gitlab.example.com",
    "api_token": TOKEN,
    "runner_id": "7",
    "runner_container": "runner",
}
MOST: RunnerDrainArgs = {
    **LEAST,
    "image": "gitlab/gitlab-runner:v19.4.1",
    "seconds": 90,
    "networks": ["gitlab"],
    "extra_hosts": ["gitlab.example.com:10.0.0.2"],
    "labels": {"team": "build"},
}
REGISTRATIONS: dict[str, dict[str, Any]] = {
    "url": {"url": "https://other.example.com"},
    "api_token": {"api_token": "glpat-another"},
    "runner_id": {"runner_id": "8"},
}


def drain(args: RunnerDrainArgs) -> Callable[[], None]:
    def program() -> None:
        made = RunnerDrain("drain", args)
        pulumi.export("container_name", made.container_name)
        pulumi.export("state_volume", made.state_volume)

    return program


def changed(change: dict[str, Any]) -> RunnerDrainArgs:
    return cast(RunnerDrainArgs, {**LEAST, **change})


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_everything_that_is_registered(
    graph: Graph, snapshot: SnapshotAssertion, args: RunnerDrainArgs
) -> None:
    assert shown(graph.run(drain(args))) == snapshot


def test_its_outputs_are_names(graph: Graph) -> None:
    graph.run(drain(LEAST))
    assert graph.exports == {"container_name": "drain", "state_volume": "drain-state"}


def test_the_token_is_a_secret_of_the_writer_alone(graph: Graph) -> None:
    resources = graph.run(drain(LEAST))
    (upload,) = only(resources, "drain-writer").inputs["uploads"]
    assert upload["content"] == {SECRET: f"https://gitlab.example.com/api/v4\n7\n{TOKEN}\n"}
    assert upload["permissions"] == "0600"
    holders = [resource.name for resource in resources if TOKEN in str(resource)]
    assert holders == ["drain-writer"]


def test_it_goes_before_the_runner_goes(graph: Graph) -> None:
    def program() -> None:
        runner = GitLabRunner("runner", RUNNER)
        RunnerDrain("drain", {**LEAST, "runner_container": runner.container_name})

    container = only(graph.run(program), "drain-container")
    assert "runner-container" in container.dependencies
    assert "RUNNER=runner" in container.inputs["envs"]


@pytest.mark.parametrize("change", REGISTRATIONS.values(), ids=REGISTRATIONS)
def test_another_registration_leaves_its_container_alone(graph: Graph, change: dict[str, Any]) -> None:
    before, after = graph.run(drain(LEAST)), graph.run(drain(changed(change)))
    different = [one.name for one, other in zip(before, after, strict=True) if one != other]
    assert different == ["drain-writer"]


def test_what_is_not_known_yet_is_checked_later(graph: Graph) -> None:
    def program() -> None:
        runner = pulumi.CustomResource("other:index:Runner", "registered", {})
        RunnerDrain("drain", {**LEAST, "runner_id": runner.id})

    (upload,) = only(graph.run(program, preview=True), "drain-writer").inputs["uploads"]
    assert upload["content"] == {SECRET: UNKNOWN}


def test_wrong_arguments_are_refused_before_anything_is_created(graph: Graph) -> None:
    with pytest.raises(InvalidInput) as refused:
        graph.run(drain(changed({"seconds": 0, "api_token": "glrt-of-a-runner", "runner_id": "seven"})))
    assert [problem.field for problem in refused.value.problems] == ["seconds", "api_token", "runner_id"]
    assert graph.resources == []


def test_a_wrong_output_is_refused_when_it_is_known(graph: Graph) -> None:
    def program() -> None:
        RunnerDrain("drain", changed({"api_token": pulumi.Output.from_input("glrt-of-a-runner")}))

    # Of several resources that wait for the output Pulumi reports one, the later ones in a ValueError of its own.
    with pytest.raises(ValueError, match="may not pause a runner"):
        graph.run(program)
