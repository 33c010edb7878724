"""What a GitHub runner refuses before anything is created, and what it makes of a connection."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ci_runners.connections import (
    buildkit_connection,
    dind_connection,
    host_connection,
    kaniko_connection,
)
from ci_runners.problems import Problem
from ci_runners.render import github_runner
from ci_runners.render.github_runner import (
    GitHubRunnerSpec,
    Mount,
    api_of,
    placement,
    registrar_environment,
    render_credential,
    runner_command,
    runner_environment,
    runner_labels,
)
from ci_runners.render.github_runner_rules import LONGEST_NAME, runner_problems, wiring_problems

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n"
APP = {"client_id": "Iv1.client", "installation_id": "77", "private_key": KEY}
DIND = dind_connection(host="dind", network="dind-net", client_volume="dind-client", tags=("dind",))
DOOD = host_connection(
    socket="/run/docker.sock", group="998", jobs_volume="jobs", jobs_dir="/data/jobs", tags=("dood",)
)
PROXIED = host_connection(
    socket="/run/docker.sock",
    group="998",
    jobs_volume="jobs",
    jobs_dir="/data/jobs",
    proxy_volume="proxy-socket",
    tags=("dood",),
)
BUILDKIT = buildkit_connection(
    host="buildkitd",
    network="buildkit-net",
    client_volume="buildkit-client",
    socket="/run/docker.sock",
    group="998",
    cache_dir="/data/jobs",
    tags=("buildkit",),
)
KANIKO = kaniko_connection(socket="/s", group="998", cache_dir="/c", environment={}, tags=("kaniko",))
WIRING: dict[str, Any] = {
    "url": "https://github.com/owner/repository",
    "token": "github_pat_good",
    "connection": DIND.dump(),
}
ORGANIZATION = "https://github.com/organization"


def fields(problems: list[Problem]) -> list[str]:
    return [problem.field for problem in problems]


@pytest.mark.parametrize(
    "wiring",
    [
        {},
        {"url": ORGANIZATION},
        {"url": ORGANIZATION, "runner_group": "builders"},
        {"url": "https://github.com/owner/repository/"},
        {"url": "http://ghes.example.com:8080/own-er/re_po.sitory"},
        {"url": "https://octo.ghe.com/org"},
        {"url": "https://github.com/mona_octo/app"},
        {"token": "ghp_classic"},
        {"token": None, "app": APP},
        {"token": None, "app": {**APP, "client_id": "123456"}},
        {"token": None, "app": {**APP, "private_key": KEY.replace("RSA ", "")}},
        {"connection": DOOD.dump()},
        {"connection": PROXIED.dump()},
        {"connection": BUILDKIT.dump()},
    ],
)
def test_what_github_takes_is_no_problem(wiring: dict[str, Any]) -> None:
    assert wiring_problems("runner", {**WIRING, **wiring}) == []


@pytest.mark.parametrize(
    ("wiring", "field", "words"),
    [
        ({"url": None}, "url", "a value"),
        ({"url": "https://github.com"}, "url", "the address of a repository or an organization"),
        ({"url": "https://github.com/a/b/c"}, "url", "the address of a repository"),
        ({"url": "https://github.com/owner/repository.git"}, "url", "the address of a repository"),
        ({"url": "https://github.com/enterprises/big"}, "url", "the address of a repository"),
        ({"url": "https://github.com/-owner"}, "url", "the address of a repository"),
        ({"url": "https://github.com/owner?tab=repositories"}, "url", "the address of a repository"),
        ({"url": "https://me:secret@github.com/owner"}, "url", "a URL without credentials"),
        ({"url": "git@github.com:owner/repository"}, "url", "http"),
        ({"connection": None}, "connection", "a value"),
        ({"connection": "nonsense"}, "connection.text", "JSON"),
        ({"connection": KANIKO.dump()}, "connection", "Kaniko would put an image's files in the place"),
        ({"runner_group": "builders"}, "runner_group", "only an organization has runner groups"),
        ({"url": ORGANIZATION, "runner_group": " "}, "runner_group", "a group's name"),
        ({"token": None}, "token, app", "exactly one"),
        ({"app": APP}, "token, app", "exactly one"),
        ({"token": ""}, "token", "a token without spaces"),
        ({"token": "two words"}, "token", "a token without spaces"),
        ({"token": "$GITHUB_TOKEN"}, "token", "a variable's name"),
        ({"token": "A" + "B2" * 14}, "token", "a registration token"),
        ({"token": "ghs_" + "a" * 36}, "token", "an App's installation token"),
        ({"token": None, "app": {**APP, "client_id": "my app"}}, "app.client_id", "client ID"),
        ({"token": None, "app": {**APP, "installation_id": "abc"}}, "app.installation_id", "the number"),
        ({"token": None, "app": {**APP, "installation_id": 77}}, "app.installation_id", "text"),
        ({"token": None, "app": {**APP, "private_key": "MIIE"}}, "app.private_key", "a private key in PEM"),
        (
            {"token": None, "app": {**APP, "private_key": KEY.replace("RSA ", "ENCRYPTED ")}},
            "app.private_key",
            "without a passphrase",
        ),
        ({"token": None, "app": {**APP, "private_key": None}}, "app.private_key", "a value"),
        ({"token": None, "app": {**APP, "key": "x"}}, "app.key", "no such argument"),
    ],
)
def test_what_github_refuses_is_refused_before(wiring: dict[str, Any], field: str, words: str) -> None:
    (problem,) = wiring_problems("runner", {**WIRING, **wiring})

    assert problem.field == field
    assert words in problem.expected


@pytest.mark.parametrize(
    "wiring",
    [
        {"token": "marker secret"},
        {"token": "ghs_markersecret"},
        {"token": None, "app": {**APP, "private_key": "markersecret"}},
    ],
)
def test_no_message_shows_a_secret(wiring: dict[str, Any]) -> None:
    text = "\n".join(map(str, wiring_problems("runner", {**WIRING, **wiring})))

    assert "a secret value" in text
    assert "marker" not in text


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"image": "ghcr.io/actions/actions-runner:latest"}, "image"),
        ({"concurrent": 0}, "concurrent"),
        ({"concurrent": 101}, "concurrent"),
        ({"runner_labels": ("a,b",)}, "runner_labels[0]"),
        ({"runner_labels": (" ",)}, "runner_labels[0]"),
        ({"runner_labels": ("x" * 257,)}, "runner_labels[0]"),
        ({"runner_labels": ("X64",)}, "runner_labels[0]"),
        ({"runner_labels": ("big", "BIG")}, "runner_labels[1]"),
        ({"environment": {"1A": "x"}}, "environment.1A"),
        ({"environment": {"DOCKER_HOST": "x"}}, "environment.DOCKER_HOST"),
        ({"environment": {"ACTIONS_RUNNER_INPUT_TOKEN": "x"}}, "environment.ACTIONS_RUNNER_INPUT_TOKEN"),
        ({"environment": {"HOME": "/"}}, "environment.HOME"),
        ({"networks": ("a b",)}, "networks[0]"),
        ({"networks": ("forge", "forge")}, "networks"),
        ({"extra_hosts": ("nonsense",)}, "extra_hosts[0]"),
        ({"extra_hosts": ("a:10.0.0.1", "a:10.0.0.1")}, "extra_hosts"),
        ({"memory": 255}, "memory"),
        ({"memory_swap": 512}, "memory_swap"),
        ({"cpus": 0.0}, "cpus"),
        ({"drain_seconds": 9}, "drain_seconds"),
        ({"labels": {"ci-runners.component": "x"}}, "labels.ci-runners.component"),
    ],
)
def test_a_bad_plain_argument_is_named(spec: dict[str, Any], field: str) -> None:
    assert fields(runner_problems("runner", GitHubRunnerSpec(**spec))) == [field]


def test_good_plain_arguments_are_no_problem() -> None:
    spec = GitHubRunnerSpec(
        runner_labels=("big", "gpu 1"),
        concurrent=100,
        environment={"HTTPS_PROXY": "http://proxy:3128"},
        networks=("forge",),
        extra_hosts=("ghes.example.com:10.0.0.2",),
        memory=256,
        memory_swap=256,
        cpus=0.5,
        drain_seconds=10,
        labels={"team": "build"},
    )

    assert runner_problems("r" * LONGEST_NAME, spec) == []


def test_a_name_leaves_room_for_what_github_s_runners_are_called() -> None:
    assert fields(runner_problems("r" * (LONGEST_NAME + 1), GitHubRunnerSpec())) == ["name"]
    longest = f"{'r' * LONGEST_NAME}-abcdef-100-01234567"
    assert len(longest) <= 64


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com/owner/app", ("https://api.github.com", "repos/owner/app")),
        ("https://github.com/owner/app/", ("https://api.github.com", "repos/owner/app")),
        ("https://github.com/org", ("https://api.github.com", "orgs/org")),
        ("https://octo.ghe.com/org", ("https://api.octo.ghe.com", "orgs/org")),
        ("https://ghes.example.com/org", ("https://ghes.example.com/api/v3", "orgs/org")),
        ("http://10.0.0.2:8930/owner/app", ("http://10.0.0.2:8930/api/v3", "repos/owner/app")),
    ],
)
def test_the_api_is_where_github_has_it(url: str, api: tuple[str, str]) -> None:
    assert api_of(url) == api


def test_with_dind_a_job_is_beside_the_daemon() -> None:
    place = placement(DIND, "runner-1")

    assert place.environment["DOCKER_HOST"] == "tcp://dind:2376"
    assert place.mounts == (Mount(source="dind-client", path="/certs/client", read_only=True),)
    assert place.networks == ("dind-net",)
    assert place.root == "/runner"
    assert place.groups == place.extra_hosts == ()


def test_with_dood_a_job_s_files_are_where_the_engine_has_them() -> None:
    place = placement(DOOD, "runner-1")

    assert place.root == "/data/jobs/runner-1"
    assert place.externals_copied
    assert Mount(source="jobs", path="/data/jobs", read_only=False) in place.mounts
    assert Mount(source="/run/docker.sock", path="/var/run/docker.sock", read_only=False) in place.mounts
    assert place.groups == ("998",)


def test_behind_a_socket_proxy_a_job_has_no_group_and_its_files_to_itself() -> None:
    place = placement(PROXIED, "runner-1")

    assert place.root == "/runner"
    assert not place.externals_copied
    assert place.mounts == (Mount(source="proxy-socket", path="/run/docker-proxy", read_only=True),)
    assert place.groups == ()


def test_with_buildkit_a_job_joins_the_daemon_s_network_and_has_no_socket() -> None:
    place = placement(BUILDKIT, "runner-1")

    assert place.networks == ("buildkit-net",)
    assert place.mounts == (Mount(source="buildkit-client", path="/certs/client", read_only=True),)
    assert place.environment["BUILDKIT_TLS_DIR"] == "/certs/client"


def test_labels_are_the_kind_s_the_connection_s_and_the_user_s() -> None:
    spec = GitHubRunnerSpec(runner_labels=("big",))

    assert runner_labels(spec, DIND) == ["self-hosted", "linux", "x64", "dind", "big"]


def test_the_registrar_s_environment_wins_over_the_user_s() -> None:
    spec = GitHubRunnerSpec(environment={"SCOPE": "orgs/somebody-else", "NO_PROXY": "x"}, concurrent=3)
    lines = registrar_environment(
        "runner", spec, url="https://github.com/owner/app", connection=DIND, runner_group=""
    )

    assert {"SCOPE=repos/owner/app", "NO_PROXY=x", "SLOTS=3", "PREFIX=runner"} <= set(lines)
    assert lines == sorted(lines)


def test_a_job_s_environment_is_the_connection_s_and_the_user_s_and_nothing_of_ours() -> None:
    spec = GitHubRunnerSpec(environment={"NO_PROXY": "x"})
    names = {line.partition("=")[0] for line in runner_environment(spec, placement(DIND, "runner-1"))}

    assert names == {"NO_PROXY", *DIND.job_environment}


def test_a_container_s_command_has_no_empty_word() -> None:
    assert all(all(runner_command(placement(each, "runner-1"))) for each in (DIND, DOOD, BUILDKIT))


@pytest.mark.parametrize(("token", "app"), [("github_pat_x", None), (None, APP)])
def test_the_credential_s_file_holds_one_of_the_two(token: str | None, app: dict[str, str] | None) -> None:
    expected: dict[str, str | None] = {**app} if app else {"token": token}
    assert json.loads(render_credential(token, app)) == expected


@pytest.mark.parametrize("name", ["github_registrar.sh", "github_runner.sh"])
def test_the_scripts_are_in_the_package_and_bash_reads_them(name: str) -> None:
    checked = subprocess.run(
        ["bash", "-n"], input=github_runner.script(name), text=True, capture_output=True, check=False
    )

    assert checked.stderr == ""
    assert (Path(github_runner.__file__).parent / "scripts" / name).is_file()
