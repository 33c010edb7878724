"""What `StationMetrics` registers."""

from collections.abc import Callable

import pulumi
import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from ci_runners import DindDaemon, GitLabRunner, InvalidInput
from ci_runners.connections import dind_connection, host_connection
from ci_runners.upkeep.metrics import StationMetrics, StationMetricsArgs
from tests.graph.recorder import UNKNOWN, Graph, Registered, only, shown

DIND = dind_connection(host="dev-dind", network="dev-dind", client_volume="c", tags=("dind",)).dump()
DOOD = host_connection(
    socket="/var/run/docker.sock", group="998", jobs_volume="jobs", jobs_dir="/jobs", tags=("dood",)
).dump()
LEAST: StationMetricsArgs = {"runner_address": "dev-runner:9252"}
MOST: StationMetricsArgs = {
    "connection": DIND,
    "cleanup_state_volume": "dev-cleanup-state",
    "certificate_expiry": "2027-01-02T03:04:05Z",
    "station": "dev",
    "runner_address": "dev-runner:9252",
    "daemon_address": "dev-dind:9323",
    "image": "caddy:2.11.4",
    "memory": 128,
    "networks": ["monitoring"],
    "extra_hosts": ["docker-host:host-gateway"],
    "publish_port": 9464,
    "publish_address": "10.0.0.2",
    "accept_plain_http": True,
    "labels": {"team": "build"},
}
OUTPUTS = ("container_name", "network_name", "scrape_config")


def metrics(args: StationMetricsArgs) -> Callable[[], None]:
    def program() -> None:
        made = StationMetrics("metrics", args)
        for output in OUTPUTS:
            pulumi.export(output, getattr(made, output))

    return program


def container(resources: list[Registered]) -> Registered:
    return only(resources, "metrics-container")


def networks(resources: list[Registered]) -> list[str]:
    return [each["name"] for each in container(resources).inputs["networksAdvanced"]]


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_a_stations_metrics_are_these_resources(
    graph: Graph, snapshot: SnapshotAssertion, args: StationMetricsArgs
) -> None:
    assert shown(graph.run(metrics(args))) == snapshot


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_a_preview_registers_the_same(graph: Graph, args: StationMetricsArgs) -> None:
    assert shown(graph.run(metrics(args), preview=True)) == shown(graph.run(metrics(args)))


@pytest.mark.parametrize("args", [LEAST, MOST], ids=["least", "most"])
def test_the_container_can_write_nothing_and_is_nobody(graph: Graph, args: StationMetricsArgs) -> None:
    inputs = container(graph.run(metrics(args))).inputs

    assert inputs["readOnly"] is True
    assert inputs["user"] == "65534:65534"
    assert inputs["capabilities"] == {"adds": ["CAP_NET_BIND_SERVICE"], "drops": ["ALL"]}
    assert inputs["securityOpts"] == ["no-new-privileges:true"]
    assert inputs["memory"] == inputs["memorySwap"]
    assert all(volume["readOnly"] for volume in inputs.get("volumes", []))


def test_nothing_is_published_unless_a_port_is_named_and_then_to_the_host_alone(graph: Graph) -> None:
    assert "ports" not in container(graph.run(metrics(LEAST))).inputs

    (port,) = container(graph.run(metrics({**LEAST, "publish_port": 9464}))).inputs["ports"]
    assert port == {"internal": 8080, "external": 9464, "ip": "127.0.0.1"}


def test_only_a_daemon_with_a_network_of_its_own_is_joined_in_it(graph: Graph) -> None:
    assert networks(graph.run(metrics(LEAST))) == ["metrics"]
    assert networks(graph.run(metrics({**LEAST, "connection": DIND}))) == ["metrics", "dev-dind"]
    assert networks(graph.run(metrics({**LEAST, "connection": DOOD}))) == ["metrics"]
    assert networks(graph.run(metrics({**LEAST, "connection": DIND, "networks": ["dev-dind"]}))) == [
        "metrics",
        "dev-dind",
    ]


def test_a_daemons_socket_is_reached_through_its_volume_as_a_member_of_its_group(graph: Graph) -> None:
    inputs = container(graph.run(metrics({"daemon_metrics_volume": "dev-buildkit-metrics"}))).inputs

    assert inputs["volumes"] == [
        {
            "containerPath": "/run/ci-runners-metrics",
            "readOnly": True,
            "volumeName": "dev-buildkit-metrics",
        }
    ]
    assert inputs["groupAdds"] == ["1000"]
    assert "reverse_proxy unix//run/ci-runners-metrics/daemon.sock\n" in inputs["command"][1]


def test_a_station_is_daemon_metrics_and_runner_in_this_order(graph: Graph) -> None:
    def program() -> None:
        daemon = DindDaemon("dind", {"accept_privileged": True})
        made = StationMetrics(
            "metrics",
            {
                "connection": daemon.connection,
                "certificate_expiry": daemon.certificate_expiry,
                "runner_address": "runner:9252",
            },
        )
        GitLabRunner(
            "runner",
            {
                "url": "https://gitlab.example.com",
                "token": "glrt-abcdefghij",
                "connection": daemon.connection,
                "metrics_address": ":9252",
                "networks": ["metrics"],
            },
            pulumi.ResourceOptions(depends_on=[made]),
        )

    found = graph.run(program)

    assert "dind-container" in container(found).dependencies
    assert "metrics-container" in only(found, "runner").dependencies
    assert networks(found) == ["metrics", only(found, "dind-network").inputs["name"]]
    assert "ci_runners_certificate_expiry_timestamp_seconds 17" in container(found).inputs["command"][1]


def test_a_first_preview_knows_what_the_last_certificate_will_only_tell_later(graph: Graph) -> None:
    def program() -> None:
        daemon = DindDaemon("dind", {"accept_privileged": True})
        made = StationMetrics("metrics", {"certificate_expiry": daemon.certificate_expiry})
        pulumi.export("scrape_config", made.scrape_config)

    found = graph.run(program, preview=True)

    assert UNKNOWN in str(container(found).inputs["command"])
    assert yaml.safe_load(graph.exports["scrape_config"])["scrape_configs"][0]["metrics_path"] == (
        "/metrics/certificates"
    )


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({}, "runner_address"),
        ({**LEAST, "certificate_expiry": "soon"}, "certificate_expiry"),
        ({**LEAST, "cleanup_state_volume": "/var/lib"}, "cleanup_state_volume"),
        ({**LEAST, "connection": "{}"}, "connection.version"),
        ({**LEAST, "publish_port": 9464, "publish_address": "10.0.0.2"}, "accept_plain_http"),
    ],
    ids=["no source", "no moment", "a path", "no connection", "to the outside"],
)
def test_wrong_arguments_are_refused_before_anything_is_registered(
    graph: Graph,
    args: StationMetricsArgs,
    field: str,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        graph.run(metrics(args))

    assert [problem.field for problem in refused.value.problems] == [field]
    assert graph.resources == []
