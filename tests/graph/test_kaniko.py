"""What `Kaniko` registers, and the connection that it makes."""

from collections.abc import Callable

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners.connection import Connection, DaemonKind
from ci_runners.connections import KANIKO_CAPABILITIES
from ci_runners.daemons.kaniko import Kaniko, KanikoArgs
from ci_runners.images import KANIKO
from ci_runners.problems import InvalidInput
from ci_runners.render.kaniko import SnapshotMode
from tests.graph.recorder import UNKNOWN, Graph, only, shown

MOST: KanikoArgs = {
    "image": "registry:5000/tools/kaniko:1.28.5-debug",
    "socket": "/run/user/1000/docker.sock",
    "registry_mirrors": ["http://mirror:5000"],
    "insecure_registries": ["registry:5000"],
    "cache_repository": "registry:5000/cache",
    "cache_ttl": "24h",
    "snapshot_mode": SnapshotMode.REDO,
    "compressed_caching": True,
    "tags": ["kaniko", "amd64"],
    "labels": {"team": "build"},
}


def kaniko(args: KanikoArgs) -> Callable[[], None]:
    def program() -> None:
        made = Kaniko("kaniko", args)
        pulumi.export("connection", made.connection)
        pulumi.export("socket_group", made.socket_group)

    return program


def connection(graph: Graph, args: KanikoArgs) -> Connection:
    graph.run(kaniko(args))
    return Connection.parse(graph.exports["connection"])


@pytest.mark.parametrize("args", [{}, MOST], ids=["least", "most"])
def test_kaniko_is_these_resources(graph: Graph, snapshot: SnapshotAssertion, args: KanikoArgs) -> None:
    assert shown(graph.run(kaniko(args))) == snapshot


@pytest.mark.parametrize("args", [{}, MOST], ids=["least", "most"])
def test_nothing_stays_running_and_nothing_is_privileged(graph: Graph, args: KanikoArgs) -> None:
    found = graph.run(kaniko(args))

    assert [resource.name for resource in found] == ["kaniko", "kaniko-socket-group", "kaniko-jobs"]
    reader = only(found, "kaniko-socket-group").inputs
    assert reader["mustRun"] is False
    assert "privileged" not in reader
    assert reader["capabilities"] == {"drops": ["ALL"]}


def test_a_job_builds_in_the_given_image_with_few_capabilities_and_without_the_socket(graph: Graph) -> None:
    made = connection(graph, {})

    assert made.kind is DaemonKind.KANIKO
    assert made.job_image == KANIKO
    assert made.job_capabilities == KANIKO_CAPABILITIES
    assert (made.job_volumes, made.job_groups, made.certificates) == ((), (), "")


def test_the_runner_alone_gets_the_socket_and_the_group_that_it_lets_in(graph: Graph) -> None:
    made = connection(graph, MOST)

    assert made.runner_socket == "/run/user/1000/docker.sock"
    assert made.runner_groups == (graph.exports["socket_group"],) == ("998",)


def test_everything_that_is_said_of_registries_reaches_the_job_as_flags(graph: Graph) -> None:
    made = connection(graph, MOST)

    assert dict(made.job_environment) == {
        "KANIKO_FLAGS": "--cache=true --cache-repo=registry:5000/cache --cache-ttl=24h --cache-dir="
        " --compressed-caching=true --snapshot-mode=redo --registry-mirror=mirror:5000"
        " --insecure-registry=mirror:5000 --insecure-registry=registry:5000"
        " --skip-tls-verify-registry=registry:5000"
    }
    assert made.tags == ("kaniko", "amd64")


def test_another_mirror_leaves_a_running_runner_alone(graph: Graph) -> None:
    before = connection(graph, {}).wiring_digest()

    assert connection(graph, {"registry_mirrors": ["https://mirror"]}).wiring_digest() == before


def test_the_group_is_unknown_in_a_preview(graph: Graph) -> None:
    graph.run(kaniko({}), preview=True)

    assert (graph.exports["socket_group"], graph.exports["connection"]) == (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_wrong_arguments_are_named_all_at_once_and_nothing_is_registered(
    graph: Graph, *, preview: bool
) -> None:
    wrong: KanikoArgs = {
        "image": "gcr.io/kaniko-project/executor:debug",
        "registry_mirrors": ["a b"],
        "cache_ttl": "soon",
        "tags": [],
    }

    with pytest.raises(InvalidInput) as caught:
        graph.run(kaniko(wrong), preview=preview)

    assert sorted(problem.field for problem in caught.value.problems) == [
        "cache_ttl",
        "image",
        "registry_mirrors[0]",
        "tags",
    ]
    assert graph.resources == []
