"""The host preflight: how what an engine and a container say becomes facts, without an engine."""

import sys
from pathlib import Path

import pytest
import requests
from docker.errors import DockerException
from docker.tls import TLSConfig

from ci_runners.preflight import HostFacts, read_facts
from ci_runners.preflight.client import EngineWay
from ci_runners.preflight.look import seen, storage_roots
from ci_runners.preflight.ssh import ssh_command

SEEN = [
    ("", (), {"socket_status": None, "socket_group": None, "tun": None, "free_bytes": None, "ids": None}),
    ("ids=65537\n", (), {"ids": 65537, "rootlesskit_profiles": ()}),
    ("tun=666", (), {"tun": "open"}),
    ("tun=600", (), {"tun": "closed"}),
    ("tun=664", (), {"tun": "closed"}),
    ("tun=missing", (), {"tun": "missing"}),
    ("ids=1", (), {"unprivileged_userns_clone": 1, "apparmor_restrict_unprivileged_userns": 0}),
    (
        "ids=1\nunprivileged_userns_clone=0\napparmor_restrict_unprivileged_userns=1",
        (),
        {"unprivileged_userns_clone": 0, "apparmor_restrict_unprivileged_userns": 1},
    ),
    ("max_user_namespaces=\nmax_user_namespaces=0", (), {"max_user_namespaces": 0}),
    ("max_user_namespaces=", (), {"max_user_namespaces": None}),
    ("free=100 4096\nfree=7 512\nfree=", (), {"free_bytes": 3584}),
    ("socket=998", (), {"socket_status": "socket", "socket_group": 998}),
    ("socket=0", (), {"socket_status": "socket", "socket_group": 0}),
    ("socket=unreadable", (), {"socket_status": "unreadable", "socket_group": None}),
    ("socket=no socket", (), {"socket_status": "no socket", "socket_group": None}),
    ("socket=unreadable", ("socket",), {"socket_status": "missing", "socket_group": None}),
    (
        "ids=1\nprofile=/usr/local/bin/rootlesskit\nprofile=/usr/bin/rootlesskit\nprofile=/home/usr/bin/rootlesskit",
        (),
        {"rootlesskit_profiles": ("/usr/bin/rootlesskit", "/usr/local/bin/rootlesskit")},
    ),
]
SNAPSHOTTER = [["driver-type", "io.containerd.snapshotter.v1"]]
ROOTS: list[tuple[dict[str, object], tuple[str, ...]]] = [
    ({}, ("/data",)),
    ({"DriverStatus": SNAPSHOTTER}, ("/data",)),
    (
        {"DriverStatus": SNAPSHOTTER, "Containerd": {"Address": "/run/containerd/containerd.sock"}},
        ("/data", "/var/lib/containerd"),
    ),
    (
        {"DriverStatus": SNAPSHOTTER, "Containerd": {"Address": "/run/docker/containerd/containerd.sock"}},
        ("/data",),
    ),
    (
        {"DriverStatus": None, "Containerd": {"Address": "/run/containerd/containerd.sock"}},
        ("/data",),
    ),
]


@pytest.mark.parametrize(("said", "missing", "expected"), SEEN, ids=str)
def test_what_the_container_says_becomes_facts(
    said: str, missing: tuple[str, ...], expected: dict[str, object]
) -> None:
    found = seen(said, missing=missing)

    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize(("info", "expected"), ROOTS, ids=str)
def test_images_lie_with_containerd_where_it_is_not_the_engines_own(
    info: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert storage_roots({"DockerRootDir": "/data", **info}) == expected


def test_ssh_never_asks_and_gets_the_user_and_the_port() -> None:
    command = ssh_command("ssh://ci@build.example.com:2222", shared="/tmp/s")

    assert command[-6:] == ["-l", "ci", "-p", "2222", "--", "build.example.com"]
    assert "BatchMode=yes" in command


def test_ssh_leaves_to_its_own_configuration_what_the_address_does_not_say() -> None:
    command = ssh_command("ssh://builder", shared="/tmp/s")

    assert command[-2:] == ["--", "builder"]
    assert not {"-l", "-p"} & set(command)


def test_without_the_docker_sdk_a_note_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ci_runners.preflight.engine", raising=False)
    monkeypatch.setitem(sys.modules, "docker", None)

    facts = read_facts("ssh://builder")

    assert facts == HostFacts(docker_host="ssh://builder", notes=facts.notes)
    assert "pip install 'ci-runners[preflight]'" in facts.notes[0]


def test_the_engines_own_authority_counts_before_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours = tmp_path / "ca.pem"
    ours.touch()
    sent: list[object] = []

    def send(_session: object, _request: object, **options: object) -> None:
        sent.append(options["verify"])
        raise requests.ConnectionError

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{tmp_path}/others.pem")
    monkeypatch.setattr(requests.Session, "send", send)
    tls = TLSConfig(ca_cert=f"{ours}", verify=True)

    with pytest.raises(DockerException):
        EngineWay(options={"base_url": "tcp://127.0.0.1:9", "tls": tls}).client(timeout=5)

    assert sent == [f"{ours}"]


def test_certificates_that_are_not_there_give_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", f"{tmp_path}")

    facts = read_facts("tcp://127.0.0.1:9")

    assert "cert" in facts.notes[0].lower()
    assert facts.engine_version is None


def test_without_an_ssh_program_a_note_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}")

    assert read_facts("ssh://builder").notes == ("the engine did not answer: no program ssh on the PATH",)
