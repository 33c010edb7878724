"""What `GitLabRunner` registers."""

import tomllib
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import GitLabRunner, GitLabRunnerArgs, InvalidInput, LogLevel, PullPolicy
from ci_runners.connections import dind_connection, kaniko_connection
from tests.graph.recorder import UNKNOWN, Graph, Registered, only, shown

TOKEN = "glrt-a-token-that-nobody-has"
CONNECTION = dind_connection(
    host="dind", network="dind-net", client_volume="dind-client", tags=("dind",)
).dump()
KANIKO = kaniko_connection(
    socket="/run/docker.sock",
    group="998",
    cache_dir="/data/jobs",
    environment={"KANIKO_FLAGS": ""},
    tags=("kaniko",),
).dump()
WIRING: GitLabRunnerArgs = {
    "url": "https://gitlab.example.com",
    "token": TOKEN,
    "connection": CONNECTION,
}
MOST: GitLabRunnerArgs = {
    **WIRING,
    "description": "builds images",
    "concurrent": 4,
    "limit": 3,
    "log_level": LogLevel.WARN,
    "pull_policies": [PullPolicy.ALWAYS, PullPolicy.IF_NOT_PRESENT],
    "allowed_images": ["registry.example.com/*"],
    "volumes": ["/cache", "/srv/keys:/keys:ro"],
    "environment": {"HTTP_PROXY": "http://proxy:3128"},
    "feature_flags": {"FF_USE_FASTZIP": True},
    "s3_cache": {"server_address": "s3.example.com", "bucket_name": "cache"},
    "networks": ["gitlab"],
    "memory": 512,
    "memory_swap": 768,
    "cpus": 0.5,
    "drain_seconds": 600,
    "labels": {"team": "build"},
    "retain_config": True,
}
CONFIG_CHANGES: dict[str, dict[str, Any]] = {
    "concurrent": {"concurrent": 9},
    "token": {"token": "glrt-another"},
    "url": {"url": "https://other.example.com"},
    "job_image": {"job_image": "docker:29.0.0-cli"},
    "environment": {"environment": {"A": "b"}},
    "log_level": {"log_level": LogLevel.DEBUG},
    "tags": {"connection": CONNECTION.replace('["dind"]', '["dind","amd64"]')},
}


def runner(args: GitLabRunnerArgs) -> Callable[[], None]:
    def program() -> None:
        GitLabRunner("runner", args)

    return program


def changed(args: GitLabRunnerArgs, change: dict[str, Any]) -> GitLabRunnerArgs:
    return cast(GitLabRunnerArgs, {**args, **change})


def container(resources: list[Registered]) -> Registered:
    return only(resources, "runner-container")


def config(resources: list[Registered]) -> dict[str, Any]:
    (upload,) = only(resources, "runner-config-writer").inputs["uploads"]
    return tomllib.loads(upload["content"]["secret"])


@pytest.mark.parametrize("args", [WIRING, MOST], ids=["least", "most"])
def test_a_runner_is_these_resources(
    graph: Graph, snapshot: SnapshotAssertion, args: GitLabRunnerArgs
) -> None:
    assert shown(graph.run(runner(args))) == snapshot


@pytest.mark.parametrize("args", [WIRING, MOST], ids=["least", "most"])
def test_a_preview_registers_the_same_as_an_update(graph: Graph, args: GitLabRunnerArgs) -> None:
    assert shown(graph.run(runner(args), preview=True)) == shown(graph.run(runner(args)))


@pytest.mark.parametrize("mark", [str, pulumi.Output.secret, pulumi.Output.from_input])
def test_the_token_is_a_secret_wherever_it_goes(
    graph: Graph, mark: Callable[[str], pulumi.Input[str]]
) -> None:
    def program() -> None:
        GitLabRunner("runner", {**WIRING, "token": mark(TOKEN)})

    found = graph.run(program)

    seen = [place for resource in found for place in places_of(TOKEN, vars(resource), resource.name)]
    assert seen == ["runner-config-writer.inputs.uploads.0.content.secret"]
    assert "uploads" in only(found, "runner-config-writer").additional_secret_outputs


def test_an_unknown_token_leaves_only_the_file_unknown(graph: Graph) -> None:
    def program() -> None:
        unknown = pulumi.CustomResource("test:index:Runner", "forge-runner", {"token": None})
        GitLabRunner("runner", {**WIRING, "token": unknown.id})

    found = graph.run(program, preview=True)

    (upload,) = only(found, "runner-config-writer").inputs["uploads"]
    assert upload["content"] == {"secret": UNKNOWN}
    assert UNKNOWN not in str(container(found).inputs)


@pytest.mark.parametrize("change", CONFIG_CHANGES.values(), ids=CONFIG_CHANGES)
def test_a_change_of_the_configuration_leaves_the_runner_and_its_jobs_alone(
    graph: Graph, change: dict[str, Any]
) -> None:
    before = graph.run(runner(WIRING))
    after = graph.run(runner(changed(WIRING, change)))

    assert container(after) == container(before)
    if change.get("connection") is None:
        assert only(after, "runner-config-writer") != only(before, "runner-config-writer")


def test_the_runner_starts_when_its_configuration_is_written(graph: Graph) -> None:
    found = graph.run(runner(WIRING))

    assert "runner-config-writer" in container(found).dependencies
    assert "runner-config" in only(found, "runner-config-writer").dependencies


def test_nothing_publishes_a_port_and_nothing_is_privileged(graph: Graph) -> None:
    found = graph.run(runner(changed(MOST, {"metrics_address": ":9252"})))

    assert [resource.name for resource in found if "ports" in resource.inputs] == []
    assert [resource.name for resource in found if resource.inputs.get("privileged")] == []
    containers = [resource for resource in found if resource.type.endswith(":Container")]
    assert [each.inputs["capabilities"] for each in containers] == [{"drops": ["ALL"]}] * 2
    assert [each.inputs["securityOpts"] for each in containers] == [["no-new-privileges:true"]] * 2


def test_the_runner_gets_the_client_certificate_read_only(graph: Graph) -> None:
    mounts = container(graph.run(runner(WIRING))).inputs["volumes"]

    assert {"volumeName": "dind-client", "containerPath": "/certs/client", "readOnly": True} in mounts
    assert [mount["volumeName"] for mount in mounts] == ["runner-config", "dind-client"]


def test_the_runner_of_the_hosts_engine_gets_its_socket_and_the_sockets_group(graph: Graph) -> None:
    made = container(graph.run(runner(changed(WIRING, {"connection": KANIKO})))).inputs

    assert {"hostPath": "/run/docker.sock", "containerPath": "/var/run/docker.sock"} in made["volumes"]
    assert made["groupAdds"] == ["998"]
    assert "networksAdvanced" not in made or made["networksAdvanced"] == []


def test_another_way_to_build_gives_another_runner_and_another_file(graph: Graph) -> None:
    before = graph.run(runner(WIRING))
    after = graph.run(runner(changed(WIRING, {"connection": KANIKO})))

    def told(found: list[Registered]) -> tuple[str, str]:
        (name,) = only(found, "runner-config-writer").inputs["envs"]
        (file,) = container(found).inputs["envs"]
        return name.removeprefix("CONFIG_NAME="), file.removeprefix("CONFIG_FILE=/etc/gitlab-runner/")

    assert len({*told(before), *told(after)}) == 2
    assert all(name == file for name, file in (told(before), told(after)))


def test_the_runner_joins_the_daemons_network_first(graph: Graph) -> None:
    joined = container(graph.run(runner(MOST))).inputs["networksAdvanced"]

    assert joined == [{"name": "dind-net"}, {"name": "gitlab"}]


@pytest.mark.parametrize(
    ("memory", "expected"),
    [({}, (256, 256)), ({"memory": 512}, (512, 512)), ({"memory": 512, "memory_swap": 1024}, (512, 1024))],
    ids=["by default", "memory", "memory and swap"],
)
def test_memory_never_comes_without_a_limit_of_swap(
    graph: Graph, memory: dict[str, int], expected: tuple[int, int]
) -> None:
    inputs = container(graph.run(runner(changed(WIRING, memory)))).inputs

    assert (inputs["memory"], inputs["memorySwap"]) == expected


def test_a_runner_drains_before_it_stops(graph: Graph) -> None:
    made = container(graph.run(runner(MOST)))

    assert made.inputs["stopSignal"] == "SIGQUIT"
    assert made.inputs["destroyGraceSeconds"] == made.inputs["stopTimeout"] == 600
    assert made.timeouts == {"delete": "720s"}


@pytest.mark.parametrize(("retain", "kept"), [(False, []), (True, ["runner-config"])])
def test_only_the_configuration_can_be_retained(graph: Graph, *, retain: bool, kept: list[str]) -> None:
    found = graph.run(runner({**WIRING, "retain_config": retain}))

    assert [resource.name for resource in found if resource.retain_on_delete] == kept
    assert [resource.name for resource in found if resource.protect] == []


def test_a_new_label_leaves_the_volume_alone(graph: Graph) -> None:
    assert only(graph.run(runner(MOST)), "runner-config").ignore_changes == ("labels",)


def test_the_written_configuration_is_the_one_asked_for(graph: Graph) -> None:
    written = config(graph.run(runner(MOST)))

    assert written["concurrent"] == 4
    assert written["runners"][0]["limit"] == 3
    assert written["runners"][0]["docker"]["host"] == "tcp://dind:2376"


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_wrong_arguments_are_named_all_at_once_and_nothing_is_registered(
    graph: Graph, *, preview: bool
) -> None:
    wrong = {"url": "gitlab", "token": "GR1348941secret", "concurrent": 0, "job_image": "docker"}

    with pytest.raises(InvalidInput) as caught:
        graph.run(runner(changed(WIRING, wrong)), preview=preview)

    fields = sorted(problem.field for problem in caught.value.problems)
    assert fields == ["concurrent", "job_image", "token", "url"]
    assert "GR1348941" not in str(caught.value)
    assert graph.resources == []


def test_a_wrong_connection_is_named_with_everything_else_and_nothing_is_registered(graph: Graph) -> None:
    with pytest.raises(InvalidInput) as caught:
        graph.run(runner(changed(WIRING, {"connection": "tcp://dind:2376", "url": "gitlab"})))

    assert [problem.field for problem in caught.value.problems] == ["url", "connection.text"]
    assert graph.resources == []


def test_what_is_missing_is_named_all_at_once_and_nothing_is_registered(graph: Graph) -> None:
    with pytest.raises(InvalidInput) as caught:
        graph.run(runner(cast(GitLabRunnerArgs, {"concurrent": 0})))

    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["concurrent", "url", "token", "connection"]
    assert graph.resources == []


def test_a_wrong_url_that_is_an_output_stops_the_program_before_the_runner(graph: Graph) -> None:
    def program() -> None:
        GitLabRunner("runner", {**WIRING, "url": pulumi.Output.from_input("gitlab")})

    # Of several resources that wait for the output Pulumi reports one, the later ones in a ValueError of its own.
    with pytest.raises(ValueError, match="url: got 'gitlab'"):
        graph.run(program)

    assert [found.name for found in graph.resources if found.type.endswith(":Container")] == []


def places_of(needle: str, value: object, path: str) -> list[str]:
    """Where a text stands in nested values."""
    if isinstance(value, dict):
        return [at for key, inner in value.items() for at in places_of(needle, inner, f"{path}.{key}")]
    if isinstance(value, list | tuple):
        return [at for key, inner in enumerate(value) for at in places_of(needle, inner, f"{path}.{key}")]
    return [path] if needle in str(value) else []
