"""What `HostDaemon` registers."""

from collections.abc import Callable

import pulumi
import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners import Connection, InvalidInput
from ci_runners.daemons.engine_socket import group_of
from ci_runners.daemons.host import HostDaemon, HostDaemonArgs
from tests.graph.recorder import UNKNOWN, Graph, Registered, only, shown

DIRECT: HostDaemonArgs = {"accept_host_root": True}
PROXIED: HostDaemonArgs = {
    "accept_host_root": True,
    "socket": "/run/docker.sock",
    "tags": ["dood", "amd64"],
    "labels": {"team": "build"},
    "socket_proxy": True,
    "proxy_image": "registry.example.com/caddy:2.11.4",
}
BOTH = pytest.mark.parametrize("args", [DIRECT, PROXIED], ids=["direct", "proxied"])


def daemon(args: HostDaemonArgs) -> Callable[[], None]:
    def program() -> None:
        made = HostDaemon("host", args)
        for output in ("connection", "socket_group", "jobs_volume", "jobs_dir"):
            pulumi.export(output, getattr(made, output))

    return program


def names(found: list[Registered]) -> list[str]:
    return sorted(resource.name for resource in found)


@BOTH
def test_a_daemon_is_these_resources(graph: Graph, snapshot: SnapshotAssertion, args: HostDaemonArgs) -> None:
    assert shown(graph.run(daemon(args))) == snapshot


@BOTH
def test_a_preview_registers_the_same_resources(graph: Graph, args: HostDaemonArgs) -> None:
    real = names(graph.run(daemon(args)))

    assert names(graph.run(daemon(args), preview=True)) == real
    assert graph.exports["socket_group"] == UNKNOWN


def test_runner_and_jobs_share_the_socket_and_one_path_for_files(graph: Graph) -> None:
    found = graph.run(daemon(DIRECT))

    connection = Connection.parse(graph.exports["connection"])
    volume = only(found, "host-jobs").inputs["name"]
    assert graph.exports["socket_group"] == "998"
    assert (graph.exports["jobs_volume"], graph.exports["jobs_dir"]) == (volume, connection.builds_dir)
    assert connection.job_volumes == (
        "/var/run/docker.sock:/var/run/docker.sock",
        f"{volume}:{connection.builds_dir}",
    )
    assert connection.runner_groups == connection.job_groups == ("998",)
    assert connection.tags == ("dood",)


def test_behind_a_proxy_jobs_get_neither_socket_nor_group_nor_each_others_files(graph: Graph) -> None:
    found = graph.run(daemon(PROXIED))

    connection = Connection.parse(graph.exports["connection"])
    volume = only(found, "host-proxy-socket").inputs["name"]
    assert connection.cache_dir == f"{graph.exports['jobs_dir']}/cache"
    assert (connection.runner_socket, connection.runner_groups) == ("/run/docker.sock", ("998",))
    assert connection.job_volumes == (f"{volume}:/run/docker-proxy:ro",)
    assert connection.job_environment == {"DOCKER_HOST": "unix:///run/docker-proxy/docker.sock"}
    assert (connection.job_groups, connection.builds_dir) == ((), "")


def containers(found: list[Registered]) -> dict[str, Registered]:
    return {each.name: each for each in found if each.type == "docker:index/container:Container"}


@BOTH
def test_no_container_is_privileged_has_a_network_or_keeps_a_capability_in_use(
    graph: Graph, args: HostDaemonArgs
) -> None:
    for made in containers(graph.run(daemon(args))).values():
        assert "privileged" not in made.inputs
        assert made.inputs["networkMode"] == "none"
        assert made.inputs["capabilities"]["drops"] == ["ALL"]
        assert made.inputs["securityOpts"] == ["no-new-privileges:true"]
        assert "ports" not in made.inputs


def test_the_proxy_is_an_ordinary_user_of_the_sockets_group_in_a_read_only_container(graph: Graph) -> None:
    proxy = only(graph.run(daemon(PROXIED)), "host-proxy").inputs

    assert (proxy["user"], proxy["groupAdds"], proxy["readOnly"]) == ("65534:65534", ["998"], True)
    assert proxy["wait"] is True


def test_the_look_at_the_socket_makes_nothing_on_the_host(graph: Graph) -> None:
    look = containers(graph.run(daemon(PROXIED)))["host-socket-group"].inputs

    assert [(mount["type"], mount["source"], mount["readOnly"]) for mount in look["mounts"]] == [
        ("bind", "/run/docker.sock", True)
    ]
    assert "volumes" not in look


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_what_uses_the_connection_waits_until_the_proxy_answers(graph: Graph, *, preview: bool) -> None:
    def program() -> None:
        pulumi.CustomResource(
            "test:index:User", "user", {"connection": HostDaemon("host", PROXIED).connection}
        )

    assert "host-proxy" in only(graph.run(program, preview=preview), "user").dependencies


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
def test_wrong_arguments_are_named_all_at_once_and_nothing_is_registered(
    graph: Graph, *, preview: bool
) -> None:
    wrong: HostDaemonArgs = {"accept_host_root": False, "socket": "unix:///var/run/docker.sock", "tags": []}

    with pytest.raises(InvalidInput) as caught:
        graph.run(daemon(wrong), preview=preview)

    assert sorted(problem.field for problem in caught.value.problems) == [
        "accept_host_root",
        "socket",
        "tags",
    ]
    assert graph.resources == []


@pytest.mark.parametrize(
    ("said", "group"), [("gid=998\n", "998"), ("gid=0\n", "0"), ("a\ngid=23750", "23750")]
)
def test_the_group_is_what_the_look_said(said: str, group: str) -> None:
    assert group_of("/run/docker.sock", said) == group


@pytest.mark.parametrize("said", ["", "no socket\n", "stat: cannot statx", "gid=\n"])
def test_a_look_that_found_no_socket_names_the_path_and_what_it_saw(said: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        group_of("/run/other.sock", said)

    assert "'/run/other.sock'" in str(caught.value)
    assert repr(said.strip()) in str(caught.value)
