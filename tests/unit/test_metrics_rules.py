"""What a station's metrics are refused for, and what is not."""

import dataclasses
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.render.metrics import (
    Sources,
    StationMetricsSpec,
    metrics_problems,
    served_paths,
    target,
    wiring_problems,
)

SPEC = StationMetricsSpec(runner_address="dev-runner:9252")
ALL = Sources(daemon_socket=True, cleanup=True, certificates=True)


def fields(spec: StationMetricsSpec, sources: Sources | None = None) -> list[str]:
    return [problem.field for problem in metrics_problems("metrics", spec, sources or Sources())]


def changed(**values: object) -> StationMetricsSpec:
    return dataclasses.replace(SPEC, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (changed(runner_address=":9252"), "runner_address"),
        (changed(runner_address="dev-runner"), "runner_address"),
        (changed(daemon_address="http://dev-dind:9323"), "daemon_address"),
        (changed(image="caddy:latest"), "image"),
        (changed(memory=16), "memory"),
        (changed(networks=("metrics",)), "networks"),
        (changed(networks=("a b",)), "networks[0]"),
        (changed(extra_hosts=("dev-dind",)), "extra_hosts[0]"),
        (changed(station=""), "station"),
        (changed(station='a"b'), "station"),
        (changed(labels={"ci-runners.kind": "x"}), "labels.ci-runners.kind"),
        (changed(publish_port=0), "publish_port"),
        (changed(publish_address="localhost"), "publish_address"),
        (changed(publish_address="0.0.0.0"), "publish_address"),
        (changed(publish_port=9464, publish_address="::"), "publish_address"),
    ],
)
def test_a_wrong_value_is_refused_under_its_own_name(spec: StationMetricsSpec, field: str) -> None:
    assert fields(spec) == [field]


def test_every_problem_is_said_at_once() -> None:
    spec = changed(memory=1, image="caddy", publish_port=70000, station="")

    assert fields(spec) == ["station", "image", "memory", "publish_port"]


@given(st.ip_addresses())
def test_a_port_leaves_the_host_by_an_explicit_word_alone(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    spec = changed(publish_port=9464, publish_address=str(address))
    accepted = dataclasses.replace(spec, accept_plain_http=True)

    if address.is_unspecified:
        assert fields(spec) == fields(accepted) == ["publish_address"]
    else:
        assert fields(spec) == ([] if address.is_loopback else ["accept_plain_http"])
        assert fields(accepted) == []


def test_a_daemon_is_asked_in_one_way() -> None:
    assert fields(changed(daemon_address="dev-dind:9323"), Sources(daemon_socket=True)) == ["daemon_address"]


def test_something_must_be_served() -> None:
    nothing = StationMetricsSpec()

    assert fields(nothing) == ["runner_address"]
    assert [fields(nothing, one) for one in (Sources(cleanup=True), Sources(certificates=True))] == [[], []]


@pytest.mark.parametrize(
    ("spec", "sources", "served"),
    [
        (SPEC, Sources(), ["runner"]),
        (changed(daemon_address="dev-dind:9323"), Sources(), ["runner", "daemon"]),
        (StationMetricsSpec(), ALL, ["daemon", "cleanup", "certificates"]),
        (SPEC, ALL, ["runner", "daemon", "cleanup", "certificates"]),
    ],
)
def test_what_is_given_is_served(spec: StationMetricsSpec, sources: Sources, served: list[str]) -> None:
    assert served_paths(spec, sources) == {source: f"/metrics/{source}" for source in served}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "metrics:8080"),
        ({"publish_port": 9464}, "127.0.0.1:9464"),
        ({"publish_port": 9464, "publish_address": "::1"}, "[::1]:9464"),
        ({"publish_port": 9464, "publish_address": "10.0.0.2", "accept_plain_http": True}, "10.0.0.2:9464"),
    ],
)
def test_prometheus_is_led_to_the_published_port_or_else_into_the_network(
    values: dict[str, object], expected: str
) -> None:
    assert target("metrics", changed(**values)) == expected


@pytest.mark.parametrize(
    ("wiring", "fields"),
    [
        ({}, []),
        ({"certificate_expiry": "2027-01-02T03:04:05Z", "cleanup_state_volume": "state"}, []),
        ({"certificate_expiry": "Jan  2 03:04:05 2027 GMT"}, ["certificate_expiry"]),
        (
            {"daemon_metrics_volume": "/run", "cleanup_state_volume": ""},
            ["daemon_metrics_volume", "cleanup_state_volume"],
        ),
        ({"connection": "no JSON"}, ["connection.text"]),
        ({"connection": object(), "certificate_expiry": None}, []),
    ],
)
def test_what_other_components_give_is_checked_where_it_is_known(
    wiring: dict[str, object], fields: list[str]
) -> None:
    assert [problem.field for problem in wiring_problems("metrics", wiring)] == fields
