"""What `CacheCleanup` registers."""

from collections.abc import Callable

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import Connection, InvalidInput
from ci_runners.connections import (
    buildkit_connection,
    dind_connection,
    host_connection,
    kaniko_connection,
)
from ci_runners.upkeep.cleanup import CacheCleanup, CacheCleanupArgs
from tests.graph.recorder import UNKNOWN, Graph, Registered, only, shown

SOCKET = {"socket": "/run/docker.sock", "group": "998"}
DIND = dind_connection(host="dind", network="dind", client_volume="dind-client", tags=("dind",))
DOOD = host_connection(**SOCKET, jobs_volume="jobs", jobs_dir="/jobs", tags=("dood",))
BUILDKIT = buildkit_connection(
    **SOCKET, host="bk", network="bk", client_volume="bk-client", cache_dir="/jobs/cache", tags=("buildkit",)
)
KANIKO = kaniko_connection(**SOCKET, cache_dir="/jobs/cache", environment={}, tags=("kaniko",))
EACH = pytest.mark.parametrize("connection", [DIND, DOOD, BUILDKIT], ids=["dind", "dood", "buildkit"])


def program(connection: Connection, *, output: bool = True, **args: object) -> Callable[[], None]:
    """A program with one cleanup, whose connection is an output as daemons give it, or plain text."""

    def run() -> None:
        text = connection.dump()
        given: CacheCleanupArgs = {"connection": pulumi.Output.from_input(text) if output else text}
        made = CacheCleanup("cleanup", {**given, **args})  # type: ignore[typeddict-item]
        pulumi.export("container_name", made.container_name)
        pulumi.export("state_volume", made.state_volume)

    return run


def container(found: list[Registered]) -> Registered:
    return only(found, "cleanup-container")


@EACH
def test_a_cleanup_is_these_resources(
    graph: Graph, snapshot: SnapshotAssertion, connection: Connection
) -> None:
    found = shown(graph.run(program(connection)))

    # The script is in the repository, and its last line says what is done with it.
    script = only(graph.resources, "cleanup-container").inputs["command"][1]
    for each in found:
        if each["name"] == "cleanup-container":
            each["inputs"] = {
                **each["inputs"],
                "command": ["-c", script.splitlines()[0], script.splitlines()[-1]],
            }
    assert found == snapshot


@EACH
def test_a_preview_registers_the_same_resources(graph: Graph, connection: Connection) -> None:
    real = [each.name for each in graph.run(program(connection))]

    assert [each.name for each in graph.run(program(connection), preview=True)] == real


@EACH
def test_the_container_can_do_no_more_than_its_client_and_crond(graph: Graph, connection: Connection) -> None:
    inputs = container(graph.run(program(connection))).inputs

    assert inputs["capabilities"] == {"drops": ["ALL"], "adds": ["CAP_SETGID"]}
    assert inputs["securityOpts"] == ["no-new-privileges:true"]
    assert inputs["readOnly"] is True
    assert inputs.get("privileged") is None
    assert inputs.get("ports") is None
    assert inputs["memory"] == inputs["memorySwap"] == 256
    assert inputs["cpuQuota"] == 50_000


def test_a_dind_daemon_is_reached_from_its_network_with_the_client_s_certificate(graph: Graph) -> None:
    inputs = container(graph.run(program(DIND))).inputs

    assert inputs["networksAdvanced"] == [{"name": "dind"}]
    assert {"volumeName": "dind-client", "containerPath": "/certs/client", "readOnly": True} in inputs[
        "volumes"
    ]
    assert "DOCKER_TLS_VERIFY=1" in inputs["envs"]
    assert "CLEANUP_JOBS_ONLY=0" in inputs["envs"]


def test_the_host_s_engine_is_reached_by_its_socket_alone(graph: Graph) -> None:
    inputs = container(graph.run(program(DOOD))).inputs

    assert (inputs["networkMode"], inputs.get("networksAdvanced")) == ("none", None)
    assert inputs["groupAdds"] == ["998"]
    assert {"hostPath": "/run/docker.sock", "containerPath": "/var/run/docker.sock"} in inputs["volumes"]
    assert {"CLEANUP_JOBS_ONLY=1", "CLEANUP_BUILDERS=0"} <= set(inputs["envs"])


def test_a_buildkitd_is_reached_as_a_job_reaches_it_without_the_socket(graph: Graph) -> None:
    inputs = container(graph.run(program(BUILDKIT))).inputs

    assert inputs["image"] == BUILDKIT.job_image
    assert [each.get("hostPath") for each in inputs["volumes"]] == [None, None]
    assert "BUILDKIT_HOST=tcp://bk:1234" in inputs["envs"]


@pytest.mark.parametrize("output", [True, False], ids=["an output", "plain text"])
def test_kaniko_is_refused_and_the_message_says_why(graph: Graph, *, output: bool) -> None:
    # Where the connection is an output, Pulumi may have wrapped what was raised.
    with pytest.raises(ValueError, match="Kaniko has no daemon, and a job leaves nothing behind"):
        graph.run(program(KANIKO, output=output))


def test_all_that_is_wrong_is_said_before_anything_is_created(graph: Graph) -> None:
    with pytest.raises(InvalidInput) as refused:
        graph.run(program(KANIKO, output=False, schedule="weekly", until="1w"))

    assert [problem.field for problem in refused.value.problems] == ["schedule", "until", "connection"]
    assert graph.resources == []


def test_a_cleanup_without_a_connection_is_refused(graph: Graph) -> None:
    def without() -> None:
        CacheCleanup("cleanup", {})  # type: ignore[typeddict-item]

    with pytest.raises(InvalidInput, match="connection: got None"):
        graph.run(without)


def test_the_volume_s_name_is_known_to_who_shows_the_metrics(graph: Graph) -> None:
    graph.run(program(DIND))
    assert graph.exports == {"container_name": "cleanup", "state_volume": "cleanup-state"}

    graph.run(program(DIND), preview=True)
    assert UNKNOWN not in graph.exports.values()
