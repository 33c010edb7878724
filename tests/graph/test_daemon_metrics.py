"""What daemons register so that their metrics can be read."""

import tomllib
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from ci_runners import BuildkitDaemon, DindDaemon, DindVariant, InvalidInput
from ci_runners.daemons.dind import DindDaemonArgs
from ci_runners.upkeep.metrics import StationMetrics
from tests.graph.recorder import Graph, only

ROOTLESS_PORT = "DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS=-p 0.0.0.0:9323:9323/tcp"


def buildkit(**args: Any) -> Callable[[], None]:  # noqa: ANN401  any arguments
    def program() -> None:
        daemon = BuildkitDaemon("buildkit", {**args})  # type: ignore[typeddict-item]
        pulumi.export("metrics_volume", daemon.metrics_volume)

    return program


def test_buildkitd_serves_its_metrics_on_a_socket_in_a_volume_of_its_own_users(graph: Graph) -> None:
    found = graph.run(buildkit(metrics=True))

    daemon, volume = only(found, "buildkit-container"), only(found, "buildkit-metrics")
    (mount,) = [each for each in daemon.inputs["volumes"] if each["volumeName"] == "buildkit-metrics"]
    assert mount == {
        "containerPath": "/run/ci-runners-metrics",
        "readOnly": False,
        "volumeName": "buildkit-metrics",
    }
    config = tomllib.loads(daemon.inputs["uploads"][0]["content"])
    assert config["grpc"] == {"debugAddress": "unix:///run/ci-runners-metrics/daemon.sock"}
    assert volume.inputs["driverOpts"]["o"].startswith("uid=1000,gid=1000,mode=0750,")
    assert graph.exports["metrics_volume"] == "buildkit-metrics"


def dind(args: DindDaemonArgs) -> Callable[[], None]:
    def program() -> None:
        DindDaemon("dind", args)

    return program


@pytest.mark.parametrize("args", [{}, {"metrics": False}, {"metrics": True, "data_only": True}])
def test_without_metrics_there_is_no_socket_and_no_volume(graph: Graph, args: dict[str, bool]) -> None:
    found = graph.run(buildkit(**args))

    assert "buildkit-metrics" not in [resource.name for resource in found]
    assert "debugAddress" not in str(found)
    assert graph.exports["metrics_volume"] == ""


def test_buildkitds_metrics_are_served_from_its_volume(graph: Graph) -> None:
    def program() -> None:
        daemon = BuildkitDaemon("buildkit", {"metrics": True})
        args = {"connection": daemon.connection, "daemon_metrics_volume": daemon.metrics_volume}
        StationMetrics("metrics", args)  # type: ignore[arg-type]

    inputs = only(graph.run(program), "metrics-container").inputs

    assert [(each["volumeName"], each["readOnly"]) for each in inputs["volumes"]] == [
        ("buildkit-metrics", True)
    ]
    assert [each["name"] for each in inputs["networksAdvanced"]] == ["metrics"]


@pytest.mark.parametrize("variant", list(DindVariant))
def test_dockerd_serves_its_metrics_where_it_is_told_to(graph: Graph, variant: DindVariant) -> None:
    args: DindDaemonArgs = {"accept_privileged": True, "variant": variant}

    with_metrics = only(graph.run(dind({**args, "metrics": True})), "dind-container").inputs
    without = only(graph.run(dind(args)), "dind-container").inputs

    assert "--metrics-addr=0.0.0.0:9323" in with_metrics["command"]
    assert (ROOTLESS_PORT in with_metrics["envs"]) == (variant is DindVariant.ROOTLESS)
    assert "metrics" not in str(without["command"])
    assert ROOTLESS_PORT not in without["envs"]


def test_the_metrics_address_is_no_flag_of_the_users(graph: Graph) -> None:
    with pytest.raises(InvalidInput) as refused:
        graph.run(dind({"accept_privileged": True, "flags": ["--metrics-addr=:1"]}))

    assert [problem.field for problem in refused.value.problems] == ["flags[0]"]
