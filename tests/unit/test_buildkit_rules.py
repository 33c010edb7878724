"""What is refused of a buildkitd's arguments, and what its container is started with."""

from typing import Any

import pytest

from ci_runners.connections import buildkit_connection
from ci_runners.render.buildkit import (
    BuildkitSpec,
    buildkit_problems,
    daemon_flags,
    mirrors,
    ready_test,
    server_names,
)
from ci_runners.render.certificates import Certificates, subject_names

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"image": "moby/buildkit:latest"}, "image"),
    ({"image": "moby/buildkit"}, "image"),
    ({"socket": "unix:///var/run/docker.sock"}, "socket"),
    ({"socket": "docker.sock"}, "socket"),
    ({"memory": 127}, "memory"),
    ({"memory": 512, "memory_swap": 511}, "memory_swap"),
    ({"memory_swap": 512}, "memory_swap"),
    ({"cpus": 0.0}, "cpus"),
    ({"cpus": float("nan")}, "cpus"),
    ({"stop_grace_seconds": 4}, "stop_grace_seconds"),
    ({"ready_seconds": 9}, "ready_seconds"),
    ({"tls_names": ("a_b",)}, "tls_names[0]"),
    ({"tls_names": ("a,DNS:b",)}, "tls_names[0]"),
    ({"tls_names": ("a", "a")}, "tls_names"),
    ({"networks": ("a b",)}, "networks[0]"),
    ({"networks": ("ab", "ab")}, "networks"),
    ({"networks": ("buildkit",)}, "networks"),
    ({"extra_hosts": ("registry",)}, "extra_hosts[0]"),
    ({"extra_hosts": ("a:10.0.0.1", "a:10.0.0.1")}, "extra_hosts"),
    ({"tags": ()}, "tags"),
    ({"tags": ("a,b",)}, "tags[0]"),
    ({"tags": ("a", "a")}, "tags"),
    ({"labels": {"ci-runners.kind": "x"}}, "labels.ci-runners.kind"),
    ({"cache_size": "all"}, "cache_size"),
    ({"cache_size": "50%"}, "cache_size"),
    ({"max_parallelism": 0}, "max_parallelism"),
    ({"registry_mirrors": ("mirror:5000",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("https://user:word@mirror",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("https://m", "https://m")}, "registry_mirrors"),
    ({"registry_mirrors": ("http://m/a", "https://m/b")}, "registry_mirrors[1]"),
    ({"insecure_registries": ("http://registry:5000",)}, "insecure_registries[0]"),
    ({"insecure_registries": ("r", "r")}, "insecure_registries"),
    ({"certificates": Certificates(warn_days=0)}, "certificates.warn_days"),
    ({"dns": ("one.one",)}, "dns[0]"),
    ({"dns": ("10.0.0.1", "10.0.0.1")}, "dns"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"memory": 128, "memory_swap": 128, "cpus": 0.01},
    {"stop_grace_seconds": 5, "ready_seconds": 10},
    {"tls_names": ("build.example.com", "b"), "networks": ("registries",)},
    {"extra_hosts": ("registry:10.0.0.2", "gitlab:host-gateway"), "tags": ("a", "b")},
    {"cache_size": "500m", "max_parallelism": 1},
    {"registry_mirrors": ("http://m:5000/a", "http://m:5000/b", "https://n"), "insecure_registries": ("n",)},
    {"dns": ()},
    {"data_only": True, "protect_data": True, "retain_data": True},
]


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=str)
def test_a_wrong_argument_is_named_and_nothing_else_is(change: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in buildkit_problems("buildkit", BuildkitSpec(**change))] == [field]


@pytest.mark.parametrize("change", ACCEPTED, ids=str)
def test_what_works_is_not_refused(change: dict[str, Any]) -> None:
    assert buildkit_problems("buildkit", BuildkitSpec(**change)) == []


def test_a_name_that_cannot_be_a_host_name_is_refused() -> None:
    assert [problem.field for problem in buildkit_problems("my_buildkit", BuildkitSpec())] == ["name"]


def test_a_mirrors_password_is_not_shown() -> None:
    (problem,) = buildkit_problems("bk", BuildkitSpec(registry_mirrors=("https://user:word@mirror",)))

    assert "word" not in str(problem)


def test_a_mirror_is_host_and_path_without_the_last_slash() -> None:
    spec = BuildkitSpec(registry_mirrors=("http://m:5000/", "https://harbor.example.com/hub/"))

    assert mirrors(spec) == [("http", "m:5000", ""), ("https", "harbor.example.com", "/hub")]


def test_the_certificate_covers_every_name_of_the_daemon_once() -> None:
    names = server_names("buildkitd", BuildkitSpec(tls_names=("localhost", "build.example.com")))

    assert names == ("buildkitd", "localhost", "build.example.com")
    assert subject_names(names) == "DNS:buildkitd,DNS:localhost,DNS:build.example.com"


def test_the_daemon_listens_on_the_connections_port_and_asks_for_certificates() -> None:
    flags = daemon_flags()
    pairs = list(zip(flags[::2], flags[1::2], strict=True))
    connection = buildkit_connection(
        host="ci", network="n", client_volume="c", socket="/s", group="1", cache_dir="/j", tags=("buildkit",)
    )
    port = connection.job_environment["BUILDKIT_HOST"].rpartition(":")[2]

    assert [value for flag, value in pairs if flag == "--addr"] == [
        "unix:///run/user/1000/buildkit/buildkitd.sock",
        f"tcp://0.0.0.0:{port}",
    ]
    # buildkitd asks a client for a certificate only where it has an authority to check it by.
    assert ("--tlscacert", "/certs/server/ca.pem") in pairs
    assert ("--tlskey", "/certs/server/key.pem") in pairs


def test_the_health_check_asks_over_tls() -> None:
    test = ready_test()

    assert test[0] == "CMD"
    assert test[test.index("--addr") + 1] == "tcp://localhost:1234"
    assert test[test.index("--tlsdir") + 1] == "/certs/client"
