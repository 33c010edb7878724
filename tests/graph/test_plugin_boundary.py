"""What crosses the plugin's boundary: numbers, connections, secrets, errors."""

import json
import tomllib
from typing import Any

import pytest

from ci_runners import Connection, DaemonKind
from ci_runners.connections import dind_connection
from tests.graph.plugin_process import Plugin, output, plain, secret
from tests.graph.recorder import RUNNER_TOKEN
from tests.unit.authority import AUTHORITY, KEY

CONNECTION = dind_connection(host="dind", network="dind", client_volume="certs", tags=("dind",)).dump()
RUNNER = {"url": "https://gitlab.example.com", "token": "glrt-made-up", "connection": CONNECTION}


def test_the_connection_survives_and_whole_numbers_stay_whole(plugin: Plugin) -> None:
    daemon = {"acceptPrivileged": True, "memory": 2048, "daemonJson": {"mtu": 1400, "logMaxFiles": 2}}
    runner = {
        **RUNNER,
        "concurrent": 4,
        "logLevel": "warn",
        "pullPolicies": ["always", "if-not-present"],
        "featureFlags": {"FF_USE_FASTZIP": True},
        "s3Cache": {"serverAddress": "s3.example.com", "bucketName": "cache"},
    }

    made = plugin.construct("DindDaemon", daemon)
    connection = plain(made.outputs["connection"])
    wired = plugin.construct("GitLabRunner", {**runner, "connection": connection})

    assert Connection.parse(connection).runner_host == "tcp://dinddaemon:2376"
    (daemon_json,) = made.registered["dinddaemon-container"]["uploads"]
    assert json.loads(daemon_json["content"])["mtu"] == 1400
    assert "1400.0" not in daemon_json["content"]
    (upload,) = wired.registered["gitlabrunner-config-writer"]["uploads"]
    text = upload["content"]["secret"]
    assert "concurrent = 4\n" in text
    written = tomllib.loads(text)
    assert written["log_level"] == "warn"
    assert written["runners"][0]["docker"]["host"] == "tcp://dinddaemon:2376"
    assert written["runners"][0]["docker"]["pull_policy"] == ["always", "if-not-present"]
    assert written["runners"][0]["cache"]["s3"]["BucketName"] == "cache"


@pytest.mark.parametrize(
    ("component", "kind", "inputs"),
    [
        ("DindDaemon", DaemonKind.DIND, {"acceptPrivileged": True}),
        ("HostDaemon", DaemonKind.DOOD, {"acceptHostRoot": True}),
        ("BuildkitDaemon", DaemonKind.BUILDKIT, {"cacheSize": "5GB", "maxParallelism": 2}),
        ("Kaniko", DaemonKind.KANIKO, {"snapshotMode": "redo"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_daemons_connection_survives(
    plugin: Plugin, component: str, kind: DaemonKind, inputs: dict[str, Any]
) -> None:
    made = plugin.construct(component, inputs)

    assert made.error == ""
    assert Connection.parse(plain(made.outputs["connection"])).kind is kind


def test_a_secret_token_is_taken_and_stays_one(plugin: Plugin) -> None:
    made = plugin.construct("GitLabRunner", {**RUNNER, "token": secret("glrt-made-up")})

    registered = dict(made.registered)
    (upload,) = registered.pop("gitlabrunner-config-writer")["uploads"]
    assert tomllib.loads(upload["content"]["secret"])["runners"][0]["token"] == "glrt-made-up"
    assert "glrt-made-up" not in repr(registered)


def test_the_key_of_an_own_authority_is_taken_and_stays_a_secret(plugin: Plugin) -> None:
    certificates = {"authorityCertificate": AUTHORITY, "warnDays": 60}
    inputs = {"acceptPrivileged": True, "certificates": certificates, "authorityKey": secret(KEY)}

    made = plugin.construct("DindDaemon", inputs)

    uploads = made.registered["dinddaemon-certificates"]["uploads"]
    assert [upload["content"] for upload in uploads] == [AUTHORITY, {"secret": KEY}]


def test_a_registered_runners_token_comes_out_as_a_secret(plugin: Plugin) -> None:
    made = plugin.construct("GitLabProject", {"project": "team/app", "registration": {"tags": ["dind"]}})

    assert made.outputs["runnerToken"] == {"secret": RUNNER_TOKEN}
    assert made.outputs["runnerId"] == "7"


def test_what_a_section_without_marked_outputs_depends_on_leaves_its_plain_values_plain(
    plugin: Plugin,
) -> None:
    source = "urn:pulumi:stack::project::other:index:Thing::registry"
    pipeline = {"content": "build:\n  script: [make]\n", "branch": "main"}

    made = plugin.construct(
        "GitLabProject",
        {"project": "team/app", "pipelineFile": pipeline},
        dependencies={"pipelineFile": [source]},
    )

    assert made.error == ""
    assert made.registered["gitlabproject-pipeline"]["branch"] == "main"
    assert source in made.dependencies


@pytest.mark.parametrize("mark", [secret, output], ids=["secret", "output"])
def test_a_section_that_is_marked_as_a_whole_keeps_what_is_in_it(plugin: Plugin, mark: Any) -> None:  # noqa: ANN401  a function
    app = {"clientId": "Iv1.made-up", "installationId": "42", "privateKey": KEY}
    runner = {"url": "https://github.com/acme/app", "connection": CONNECTION}

    made = plugin.construct("GitHubRunner", {**runner, "app": mark(app)})

    assert made.error == ""
    assert "Iv1.made-up" in repr(made.registered)


def test_a_key_that_no_component_knows_is_refused(plugin: Plugin) -> None:
    made = plugin.construct("DindDaemon", {"acceptPrivileged": True, "daemonJson": {"mtuu": 1400}})

    assert "daemon_json.mtuu: got 1400, expected no such argument" in made.error
    assert made.registered == {}


def test_a_fraction_is_no_whole_number(plugin: Plugin) -> None:
    made = plugin.construct("DindDaemon", {"acceptPrivileged": True, "stopGraceSeconds": 60.5})

    assert "stop_grace_seconds: got 60.5, expected a whole number" in made.error
    assert made.registered == {}


def test_wrong_arguments_are_named_without_a_traceback_and_nothing_is_registered(plugin: Plugin) -> None:
    made = plugin.construct("DindDaemon", {"acceptPrivileged": False, "memory": 1})

    assert "accept_privileged: got False" in made.error
    assert "memory: got 1, expected" in made.error
    assert 'File "' not in made.error
    assert made.registered == {}
