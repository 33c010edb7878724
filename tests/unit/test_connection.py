"""The connection: one value, one text."""

import dataclasses
import json

import pytest
from hypothesis import given

from ci_runners.connection import Connection, DaemonKind, client_environment, dind_connection
from ci_runners.problems import InvalidInput
from tests.unit.strategies import connections

DIND = dind_connection(host="ci", network="net", client_volume="certs", tags=("dind", "big"))


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
    "text", ["[]", "null", "3", "{}", changed(version=0), changed(version=2), changed(version="1")]
)
def test_another_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected version 1"):
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
