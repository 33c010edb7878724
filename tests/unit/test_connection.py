"""The connection: one value, one text."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given

from ci_runners.connection import Connection, DaemonKind
from ci_runners.connections import (
    buildkit_connection,
    client_environment,
    dind_connection,
    host_connection,
    kaniko_connection,
)
from ci_runners.problems import InvalidInput
from tests.unit.strategies import connections

DIND = dind_connection(host="ci", network="net", client_volume="certs", tags=("dind", "big"))
DOOD = host_connection(
    socket="/run/docker.sock",
    group="998",
    jobs_volume="ci-jobs",
    jobs_dir="/data/volumes/ci-jobs/_data",
    tags=("dood",),
)
BUILDKIT = buildkit_connection(
    host="ci",
    network="net",
    client_volume="certs",
    socket="/run/docker.sock",
    group="998",
    cache_dir="/data/volumes/buildkit-jobs/_data",
    tags=("buildkit",),
)
KANIKO = kaniko_connection(
    socket="/run/docker.sock",
    group="998",
    cache_dir="/data/jobs",
    environment={"KANIKO_FLAGS": ""},
    tags=("kaniko",),
)


def changed(**change: object) -> str:
    return json.dumps({**json.loads(DIND.dump()), **change})


@given(connection=connections())
def test_a_connection_comes_back_as_it_went(connection: Connection) -> None:
    assert Connection.parse(connection.dump()) == connection


@given(connection=connections())
def test_equal_connections_are_equal_texts(connection: Connection) -> None:
    turned = dict(sorted(connection.job_environment.items(), reverse=True))

    assert dataclasses.replace(connection, job_environment=turned).dump() == connection.dump()


@pytest.mark.parametrize("text", ["", "tcp://dind:2376", "{", "'a'"])
def test_a_text_that_is_no_connection_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected JSON"):
        Connection.parse(text)


@pytest.mark.parametrize(
    "text", ["[]", "null", "3", "{}", changed(version=1), changed(version=3), changed(version="2")]
)
def test_another_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected version 2"):
        Connection.parse(text)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"port": 2376}, "port"),
        ({"kind": "host"}, "kind"),
        ({"kind": ["dind"]}, "kind"),
        ({"runner_host": 3}, "runner_host"),
        ({"certificates": None}, "certificates"),
        ({"network": []}, "network"),
        ({"runner_volumes": []}, "runner_volumes"),
        ({"runner_volumes": {"certs": 1}}, "runner_volumes"),
        ({"job_environment": {"A": None}}, "job_environment"),
        ({"job_volumes": "/certs"}, "job_volumes"),
        ({"job_extra_hosts": [1]}, "job_extra_hosts"),
        ({"tags": {"dind": 1}}, "tags"),
        ({"job_image": None}, "job_image"),
        ({"job_capabilities": "CAP_CHOWN"}, "job_capabilities"),
        ({"runner_groups": [998]}, "runner_groups"),
    ],
)
def test_a_wrong_part_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Connection.parse(changed(**change))

    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Connection)])
def test_a_missing_part_is_named(name: str) -> None:
    plain = json.loads(DIND.dump())
    del plain[name]

    with pytest.raises(InvalidInput) as caught:
        Connection.parse(json.dumps(plain))

    assert [problem.field for problem in caught.value.problems] == [name]


def test_every_wrong_part_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        Connection.parse(changed(port=1, kind="host", tags="dind"))

    assert [problem.field for problem in caught.value.problems] == ["port", "kind", "tags"]


def test_a_dind_connection_says_where_the_daemon_is_for_the_runner_and_for_its_jobs() -> None:
    assert DIND.kind is DaemonKind.DIND
    assert DIND.runner_host == "tcp://ci:2376"
    assert DIND.job_environment["DOCKER_HOST"] == "tcp://docker:2376"
    assert DIND.job_extra_hosts == ("docker:host-gateway",)
    assert DIND.runner_volumes == {"certs": "/certs/client"}
    assert DIND.job_volumes == ("/certs/client:/certs/client:ro",)


def test_a_client_always_verifies() -> None:
    assert client_environment("ci") == {
        "DOCKER_HOST": "tcp://ci:2376",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": "/certs/client",
    }


def test_a_job_on_the_hosts_engine_gets_its_socket_and_group_and_one_path_for_its_files() -> None:
    assert DOOD.runner_host == "unix:///var/run/docker.sock"
    assert DOOD.job_environment == {"DOCKER_HOST": "unix:///var/run/docker.sock"}
    assert DOOD.job_groups == DOOD.runner_groups == ("998",)
    assert DOOD.job_volumes == (
        "/run/docker.sock:/var/run/docker.sock",
        f"ci-jobs:{DOOD.builds_dir}",
    )


@pytest.mark.parametrize("connection", [BUILDKIT, KANIKO], ids=lambda connection: connection.kind.value)
def test_where_nothing_is_privileged_the_runner_holds_the_socket_and_a_job_does_not(
    connection: Connection,
) -> None:
    assert connection.runner_socket == "/run/docker.sock"
    assert connection.job_groups == ()
    assert not any("docker.sock" in volume for volume in connection.job_volumes)
    assert connection.job_capabilities is not None
    assert "CAP_SYS_ADMIN" not in connection.job_capabilities


@pytest.mark.parametrize(
    "connection", [DIND, DOOD, BUILDKIT, KANIKO], ids=lambda connection: connection.kind.value
)
def test_a_way_to_build_has_a_client_for_its_jobs_and_an_engine_for_its_runner(
    connection: Connection,
) -> None:
    assert connection.job_image
    assert bool(connection.certificates) == (connection.kind is DaemonKind.DIND)
    assert Connection.parse(connection.dump()) == connection


def test_what_a_new_job_finds_in_its_environment_is_no_reason_for_a_new_runner() -> None:
    told = dataclasses.replace(
        DIND, job_environment={"A": "b"}, job_image="docker:1", tags=("other",), job_extra_hosts=("a:::1",)
    )

    assert told.wiring_digest() == DIND.wiring_digest()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": DaemonKind.DOOD},
        {"runner_host": "tcp://other:2376"},
        {"network": "other"},
        {"runner_volumes": {"other": "/certs/client"}},
        {"job_volumes": ("other:/certs/client:ro",)},
        {"builds_dir": "/builds"},
        {"runner_groups": ("998",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_runner_or_a_running_job_holds_asks_for_a_new_runner(change: dict[str, Any]) -> None:
    assert dataclasses.replace(DIND, **change).wiring_digest() != DIND.wiring_digest()
