"""What is refused of a DinD daemon's arguments, and what the container is started with."""

from typing import Any

import pytest

from ci_runners.render.certificates import Certificates
from ci_runners.render.daemon_json import DaemonJson
from ci_runners.render.dind import (
    DindSpec,
    container_environment,
    daemon_flags,
    dind_problems,
    ready_test,
    server_names,
    shutdown_seconds,
)
from ci_runners.render.dind_variants import NEEDS, DindVariant

ROOTLESS, SYSBOX = DindVariant.ROOTLESS, DindVariant.SYSBOX
REMAPPED = DaemonJson(userns_remap=True)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"accept_privileged": False}, "accept_privileged"),
    ({"image": "docker:latest"}, "image"),
    ({"memory": 255}, "memory"),
    ({"memory": 512, "memory_swap": 511}, "memory_swap"),
    ({"memory_swap": 512}, "memory_swap"),
    ({"cpus": 0.0}, "cpus"),
    ({"cpus": -1.0}, "cpus"),
    ({"cpus": float("nan")}, "cpus"),
    ({"stop_grace_seconds": 9}, "stop_grace_seconds"),
    ({"ready_seconds": 9}, "ready_seconds"),
    ({"tls_names": ("a_b",)}, "tls_names[0]"),
    ({"tls_names": ("10.0.0.2",)}, "tls_names[0]"),
    ({"certificates": Certificates(rotate="tomorrow")}, "certificates.rotate"),
    ({"networks": ("a b",)}, "networks[0]"),
    ({"networks": ("ab", "ab")}, "networks"),
    ({"extra_hosts": ("registry",)}, "extra_hosts[0]"),
    ({"tags": ()}, "tags"),
    ({"tags": ("a,b",)}, "tags[0]"),
    ({"tags": ("a", "a")}, "tags"),
    ({"labels": {"ci-runners.kind": "x"}}, "labels.ci-runners.kind"),
    ({"flags": ("dockerd",)}, "flags[0]"),
    ({"flags": ("--debug", "--host=tcp://0.0.0.0:2375")}, "flags[1]"),
    ({"flags": ("-H=tcp://0.0.0.0:2375",)}, "flags[0]"),
    ({"flags": ("--tls=false",)}, "flags[0]"),
    ({"flags": ("--tlsverify=false",)}, "flags[0]"),
    ({"flags": ("--data-root=/elsewhere",)}, "flags[0]"),
    ({"flags": ("-DH=tcp://0.0.0.0:2375",)}, "flags[0]"),
    ({"flags": ("--",)}, "flags[0]"),
    ({"flags": ("--mtu=1400",)}, "flags[0]"),
    ({"flags": ("--log-driver=none",)}, "flags[0]"),
    ({"flags": ("--insecure-registry=registry:5000",)}, "flags[0]"),
    ({"flags": ("--userns-remap=default",)}, "flags[0]"),
    ({"networks": ("dind",)}, "networks"),
    ({"daemon_json": DaemonJson(mtu=1)}, "daemon_json.mtu"),
    ({"variant": ROOTLESS, "image": "docker:latest"}, "image"),
    ({"variant": ROOTLESS, "daemon_json": REMAPPED}, "daemon_json.userns_remap"),
    ({"variant": SYSBOX, "daemon_json": REMAPPED}, "daemon_json.userns_remap"),
    (
        {"variant": ROOTLESS, "daemon_json": DaemonJson(storage_driver="fuse-overlayfs")},
        "daemon_json.storage_driver",
    ),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"memory": 256},
    {"memory": 256, "memory_swap": 256},
    {"cpus": 0.5},
    {"flags": ("--debug", "--experimental=true", "--host-gateway-ip=10.0.0.2")},
    {"tls_names": ("build.example.com",), "networks": ("registries",), "extra_hosts": ("a:10.0.0.2",)},
    {"daemon_json": REMAPPED},
    {"variant": ROOTLESS},
    {"variant": ROOTLESS, "daemon_json": DaemonJson(storage_driver="overlay2")},
    {"variant": SYSBOX, "daemon_json": DaemonJson(storage_driver="btrfs")},
]


def spec(**change: Any) -> DindSpec:  # noqa: ANN401  any field's value
    return DindSpec(**{"accept_privileged": True, **change})


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_wrong_argument_is_named_and_nothing_else_is(change: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in dind_problems("dind", spec(**change))] == [field]


@pytest.mark.parametrize("change", ACCEPTED, ids=str)
def test_what_works_is_not_refused(change: dict[str, Any]) -> None:
    assert dind_problems("dind", spec(**change)) == []


def test_a_name_that_cannot_be_a_host_name_is_refused() -> None:
    assert [problem.field for problem in dind_problems("my_dind", spec())] == ["name"]


def test_consent_is_asked_for_in_words_that_say_what_it_means() -> None:
    (problem,) = dind_problems("dind", DindSpec())

    assert "can become root on this host" in str(problem)
    assert "another variant" in problem.fix


@pytest.mark.parametrize(
    "without_consent",
    [DindSpec(variant=ROOTLESS), DindSpec(variant=SYSBOX), DindSpec(data_only=True)],
    ids=["rootless", "sysbox", "data_only"],
)
def test_consent_is_asked_for_only_where_a_container_is_privileged(without_consent: DindSpec) -> None:
    assert dind_problems("dind", without_consent) == []


def test_only_the_variant_of_that_name_is_privileged() -> None:
    assert [variant for variant in DindVariant if NEEDS[variant].privileged] == [DindVariant.PRIVILEGED]


@pytest.mark.parametrize(
    ("variant", "image"),
    [
        (DindVariant.PRIVILEGED, "docker:29.7.2-dind"),
        (ROOTLESS, "docker:29.7.2-dind-rootless"),
        (SYSBOX, "docker:29.7.2-dind"),
    ],
)
def test_each_variant_has_its_image_unless_another_is_asked_for(variant: DindVariant, image: str) -> None:
    assert DindSpec(variant=variant).daemon_image == image
    assert DindSpec(variant=variant, image="mine:1").daemon_image == "mine:1"


def test_no_two_variants_share_a_volume() -> None:
    assert len({needs.volumes for needs in NEEDS.values()}) == len(DindVariant)


def test_the_certificate_covers_the_daemons_name_and_every_further_one() -> None:
    names = server_names("ci", spec(tls_names=("a.example.com", "docker")))

    assert names == ("ci", "docker", "localhost", "a.example.com")


def test_the_daemon_is_told_where_its_certificates_are_and_which() -> None:
    environment = container_environment("2027-01-02T03:04:05Z")

    assert environment == ["DOCKER_TLS_CERTDIR=/certs", "CERTIFICATE_EXPIRY=2027-01-02T03:04:05Z"]


def test_a_daemon_listens_with_certificates_or_not_at_all() -> None:
    assert daemon_flags(spec(flags=("--debug",))) == ["--tlsverify", "--debug"]


def test_the_daemon_ends_before_it_is_killed() -> None:
    made = spec(stop_grace_seconds=60)

    assert 0 < shutdown_seconds(made) < made.stop_grace_seconds


def test_the_health_check_asks_over_tls() -> None:
    kind, command = ready_test()

    assert kind == "CMD-SHELL"
    assert "tcp://localhost:2376" in command
    assert "DOCKER_TLS_VERIFY=1" in command
