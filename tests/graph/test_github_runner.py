"""What `GitHubRunner` registers."""

import json
from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import InvalidInput
from ci_runners.connections import buildkit_connection, dind_connection, host_connection, kaniko_connection
from ci_runners.runners.github import GitHubRunner, GitHubRunnerArgs
from tests.graph.recorder import UNKNOWN, Graph, Registered, only, shown

TOKEN = "github_pat_that_nobody_has"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nnone\n-----END RSA PRIVATE KEY-----\n"
DIND = dind_connection(host="dind", network="dind-net", client_volume="dind-client", tags=("dind",)).dump()
DOOD = host_connection(
    socket="/run/docker.sock", group="998", jobs_volume="jobs", jobs_dir="/data/jobs/_data", tags=("dood",)
).dump()
BUILDKIT = buildkit_connection(
    host="buildkitd",
    network="buildkit-net",
    client_volume="buildkit-client",
    socket="/run/docker.sock",
    group="998",
    cache_dir="/data/jobs",
    tags=("buildkit",),
).dump()
KANIKO = kaniko_connection(
    socket="/run/docker.sock", group="998", cache_dir="/data/jobs", environment={}, tags=("kaniko",)
).dump()
WIRING: GitHubRunnerArgs = {
    "url": "https://github.com/owner/repository",
    "token": TOKEN,
    "connection": DIND,
}
MOST: GitHubRunnerArgs = {
    "url": "https://ghes.example.com/organization",
    "app": {"client_id": "Iv1.client", "installation_id": "77", "private_key": KEY},
    "connection": DOOD,
    "runner_group": "builders",
    "runner_labels": ["big"],
    "concurrent": 2,
    "environment": {"HTTPS_PROXY": "http://proxy:3128"},
    "networks": ["forge"],
    "extra_hosts": ["ghes.example.com:10.0.0.2"],
    "memory": 2048,
    "memory_swap": 3072,
    "cpus": 1.5,
    "drain_seconds": 600,
    "labels": {"team": "build"},
}
REGISTRAR_CHANGES: dict[str, dict[str, Any]] = {
    "url": {"url": "https://github.com/other"},
    "runner_labels": {"runner_labels": ["big"]},
    "tags": {"connection": DIND.replace('["dind"]', '["dind","amd64"]')},
}


def runner(args: GitHubRunnerArgs) -> Callable[[], None]:
    def program() -> None:
        GitHubRunner("runner", args)

    return program


def changed(args: GitHubRunnerArgs, change: dict[str, Any]) -> GitHubRunnerArgs:
    return cast(GitHubRunnerArgs, {**args, **change})


def credential(resources: list[Registered]) -> dict[str, str]:
    (upload,) = only(resources, "runner-credential-writer").inputs["uploads"]
    found: dict[str, str] = json.loads(upload["content"]["secret"])
    return found


@pytest.mark.parametrize("args", [WIRING, MOST], ids=["least", "most"])
def test_a_runner_is_these_resources(
    graph: Graph, snapshot: SnapshotAssertion, args: GitHubRunnerArgs
) -> None:
    resources = shown(graph.run(runner(args)))
    # The scripts have tests of their own.
    for inputs in (each["inputs"] for each in resources if "command" in each.get("inputs", {})):
        inputs["command"] = [
            "(script)" if word.startswith("#!/bin/bash") else word for word in inputs["command"]
        ]

    assert resources == snapshot


@pytest.mark.parametrize("args", [WIRING, MOST], ids=["least", "most"])
def test_a_preview_registers_the_same_as_an_update(graph: Graph, args: GitHubRunnerArgs) -> None:
    assert shown(graph.run(runner(args), preview=True)) == shown(graph.run(runner(args)))


@pytest.mark.parametrize("mark", [str, pulumi.Output.secret, pulumi.Output.from_input])
def test_a_token_is_a_secret_wherever_it_goes(graph: Graph, mark: Callable[[str], pulumi.Input[str]]) -> None:
    def program() -> None:
        GitHubRunner("runner", {**WIRING, "token": mark(TOKEN)})

    found = graph.run(program)

    seen = [place for resource in found for place in places_of(TOKEN, vars(resource), resource.name)]
    assert seen == ["runner-credential-writer.inputs.uploads.0.content.secret"]
    assert "uploads" in only(found, "runner-credential-writer").additional_secret_outputs


def test_an_app_s_key_may_be_an_output_and_is_a_secret_wherever_it_goes(graph: Graph) -> None:
    def program() -> None:
        key = pulumi.Output.from_input(KEY)
        GitHubRunner("runner", {**MOST, "app": {**MOST["app"], "private_key": key}})

    found = graph.run(program)

    assert credential(found) == {"client_id": "Iv1.client", "installation_id": "77", "private_key": KEY}
    text = json.dumps(KEY).strip('"')
    seen = [place for resource in found for place in places_of(text, vars(resource), resource.name)]
    assert seen == ["runner-credential-writer.inputs.uploads.0.content.secret"]


def test_another_credential_changes_nothing_but_its_writer(graph: Graph) -> None:
    before = shown(graph.run(runner(WIRING)))
    after = shown(graph.run(runner(changed(WIRING, {"token": "github_pat_another"}))))

    differing = [one["name"] for one, other in zip(before, after, strict=True) if one != other]
    assert differing == ["runner-credential-writer"]


@pytest.mark.parametrize("change", REGISTRAR_CHANGES.values(), ids=REGISTRAR_CHANGES)
def test_what_only_a_registration_says_leaves_the_runners_alone(graph: Graph, change: dict[str, Any]) -> None:
    before = shown(graph.run(runner(WIRING)))
    after = shown(graph.run(runner(changed(WIRING, change))))

    differing = [one["name"] for one, other in zip(before, after, strict=True) if one != other]
    assert differing == ["runner-registrar"]


def test_one_more_runner_leaves_the_first_alone(graph: Graph) -> None:
    one = graph.run(runner(WIRING))
    two = graph.run(runner(changed(WIRING, {"concurrent": 2})))

    assert vars(only(one, "runner-1")) == vars(only(two, "runner-1"))


def test_the_credential_and_the_state_are_mounted_nowhere_but_in_the_registrar(graph: Graph) -> None:
    found = graph.run(runner(MOST))

    for number in (1, 2):
        volumes = only(found, f"runner-{number}").inputs["volumes"]
        mounted = {volume.get("volumeName") for volume in volumes} - {None}
        assert mounted == {f"runner-{number}-registration", f"runner-{number}-work", "jobs"}


def test_runners_go_before_the_registrar_and_the_registrar_before_the_credential(graph: Graph) -> None:
    found = graph.run(runner(WIRING))

    assert "runner-registrar" in only(found, "runner-1").dependencies
    assert "runner-credential-writer" in only(found, "runner-registrar").dependencies


@pytest.mark.parametrize(
    ("connection", "environment"),
    [
        (DIND, {"DOCKER_HOST=tcp://dind:2376", "DOCKER_TLS_VERIFY=1", "DOCKER_CERT_PATH=/certs/client"}),
        (DOOD, {"DOCKER_HOST=unix:///var/run/docker.sock"}),
        (BUILDKIT, {"BUILDKIT_HOST=tcp://buildkitd:1234", "BUILDKIT_TLS_DIR=/certs/client"}),
    ],
    ids=["dind", "dood", "buildkit"],
)
def test_a_job_finds_its_daemon_in_its_environment(
    graph: Graph, connection: str, environment: set[str]
) -> None:
    found = graph.run(runner(changed(WIRING, {"connection": connection})))

    assert environment <= set(only(found, "runner-1").inputs["envs"])


@pytest.mark.parametrize("connection", [DIND, DOOD, BUILDKIT], ids=["dind", "dood", "buildkit"])
def test_a_connection_may_be_known_later(graph: Graph, connection: str) -> None:
    def program() -> None:
        unknown = pulumi.Output.from_input(connection)
        GitHubRunner("runner", {**WIRING, "connection": unknown})

    assert shown(graph.run(program)) == shown(graph.run(runner(changed(WIRING, {"connection": connection}))))


@pytest.mark.parametrize("late", [str, pulumi.Output.from_input], ids=["plain", "output"])
def test_kaniko_is_refused(graph: Graph, late: Callable[[str], pulumi.Input[str]]) -> None:
    def program() -> None:
        GitHubRunner("runner", {**WIRING, "connection": late(KANIKO)})

    with pytest.raises(InvalidInput, match="Kaniko would put an image's files in the place"):
        graph.run(program)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"token": "ghs_short_lived"}, "installation token"),
        ({"token": ""}, "a token without spaces"),
        ({"url": "https://github.com"}, "the address of a repository or an organization"),
        ({"runner_group": "builders"}, "only an organization has runner groups"),
    ],
)
def test_an_output_is_checked_once_it_is_known(graph: Graph, args: dict[str, str], message: str) -> None:
    def program() -> None:
        late = {key: pulumi.Output.from_input(value) for key, value in args.items()}
        GitHubRunner("runner", changed(WIRING, late))

    # Of several resources that wait for the output Pulumi reports one, the later ones in a ValueError of its own.
    with pytest.raises(ValueError, match=message):
        graph.run(program)


def test_bad_arguments_are_refused_together_before_anything_is_registered(graph: Graph) -> None:
    bad = changed(WIRING, {"concurrent": 0, "url": "ftp://x", "token": "two words", "memory": 1})
    with pytest.raises(InvalidInput) as refused:
        graph.run(runner(bad))

    assert {problem.field for problem in refused.value.problems} == {"concurrent", "url", "token", "memory"}
    assert "two words" not in str(refused.value)
    assert graph.resources == []


def test_nothing_is_unknown_after_an_update(graph: Graph) -> None:
    found = graph.run(runner(MOST))

    assert [place for resource in found for place in places_of(UNKNOWN, vars(resource), resource.name)] == []


def places_of(text: str, value: object, path: str) -> list[str]:
    """Where a text is in a value: every path to it."""
    if isinstance(value, dict):
        return [place for key, inner in value.items() for place in places_of(text, inner, f"{path}.{key}")]
    if isinstance(value, list | tuple):
        return [place for at, inner in enumerate(value) for place in places_of(text, inner, f"{path}.{at}")]
    return [path] if isinstance(value, str) and text in value else []
