"""What is refused of the arguments of the host's engine."""

from typing import Any

import pytest

from ci_runners.render.host import HostSpec, host_problems

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"accept_host_root": False}, "accept_host_root"),
    ({"accept_host_root": False, "socket_proxy": True}, "accept_host_root"),
    ({"socket": "docker.sock"}, "socket"),
    ({"socket": ""}, "socket"),
    ({"socket": "/"}, "socket"),
    ({"socket": "/var/run/"}, "socket"),
    ({"socket": "unix:///var/run/docker.sock"}, "socket"),
    ({"socket": "tcp://host:2376"}, "socket"),
    ({"socket": "/var/run/docker.sock:ro"}, "socket"),
    ({"tags": ()}, "tags"),
    ({"tags": ("a,b",)}, "tags[0]"),
    ({"tags": ("a", " ")}, "tags[1]"),
    ({"tags": ("a", "a")}, "tags"),
    ({"labels": {"ci-runners.kind": "x"}}, "labels.ci-runners.kind"),
    ({"proxy_image": "caddy"}, "proxy_image"),
    ({"proxy_image": "caddy:latest"}, "proxy_image"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"socket": "/run/user/1000/docker.sock"},
    {"socket_proxy": True, "proxy_image": f"registry.example.com/caddy@sha256:{'0' * 64}"},
    {"tags": ("dood", "amd64"), "labels": {"team": "build"}},
]


def spec(**change: Any) -> HostSpec:  # noqa: ANN401  any field's value
    return HostSpec(**{"accept_host_root": True, **change})


@pytest.mark.parametrize(("change", "field"), REFUSED)
def test_a_wrong_argument_is_named(change: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in host_problems("host", spec(**change))] == [field]


@pytest.mark.parametrize("change", ACCEPTED)
def test_a_right_one_is_taken(change: dict[str, Any]) -> None:
    assert host_problems("host", spec(**change)) == []


def test_what_is_left_out_is_a_refusal() -> None:
    assert [problem.field for problem in host_problems("host", HostSpec())] == ["accept_host_root"]


def test_the_demand_for_consent_says_why_and_what_else_there_is() -> None:
    (problem,) = host_problems("host", HostSpec(socket_proxy=True))

    assert "is root on this host" in problem.expected
    assert "read-only mount of the socket changes nothing" in problem.expected
    assert "behind a socket proxy" in problem.expected
    assert "buildkit or kaniko" in problem.fix


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = HostSpec(socket="docker.sock", tags=(), proxy_image="caddy", labels={"ci-runners.a": ""})

    assert {problem.field for problem in host_problems("h/", wrong)} == {
        "name",
        "accept_host_root",
        "socket",
        "tags",
        "proxy_image",
        "labels.ci-runners.a",
    }
