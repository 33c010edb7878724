"""The stand-in images: one for every pin, and the daemon's entrypoint keeps the official image's rules."""

import os
import subprocess
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import pytest

from bootstrap import programs
from bootstrap.images import mirrored_as
from bootstrap.layout import layout
from bootstrap.stand_in_images import (
    DEMO_BASE,
    GITLAB_CI_LOCAL_UTIL,
    PROMETHEUS,
    SSH_HOST,
    STAND_INS,
    WAIT_FOR_IT,
    StandIn,
)
from ci_runners import images

ROOT = layout().root
PINS = {name: value for name, value in vars(images).items() if name.isupper()}
BY_NAME = pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda stand_in: stand_in.folder)


def folder_of(stand_in: StandIn) -> Path:
    return ROOT / "bootstrap" / "images" / stand_in.folder


def test_every_pinned_image_has_one_stand_in() -> None:
    names = [stand_in.name for stand_in in STAND_INS]

    assert len(PINS) >= 4
    others = [DEMO_BASE, GITLAB_CI_LOCAL_UTIL, PROMETHEUS, SSH_HOST, WAIT_FOR_IT]
    assert sorted(names) == sorted([*PINS.values(), *others])


@BY_NAME
def test_a_stand_in_has_a_dockerfile_on_our_base_that_says_what_it_is(stand_in: StandIn) -> None:
    text = (folder_of(stand_in) / "Dockerfile").read_text()

    assert text.startswith("# ")
    assert "ARG BASE\nFROM ${BASE}" in text
    assert "stand-in" in text.lower() or "stubbed" in text


@BY_NAME
def test_a_stand_in_s_label_says_what_it_is_made_from(stand_in: StandIn) -> None:
    assert stand_in.made_from.strip()


@BY_NAME
def test_what_a_dockerfile_copies_is_in_its_folder_or_put_there(stand_in: StandIn) -> None:
    lines = (folder_of(stand_in) / "Dockerfile").read_text().splitlines()
    copies = [line.split() for line in lines if line.startswith(("COPY ", "ADD "))]
    copied = {name for words in copies if not words[1].startswith("--from") for name in words[1:-1]}

    made = {
        *(["layer.tar"] if stand_in.packages else []),
        *(stand_in.program.binaries if stand_in.program else []),
        *(Path(name).name for name in stand_in.files),
    }
    assert copied - made == {file.name for file in folder_of(stand_in).iterdir()} - {"Dockerfile"}
    assert ("layer.tar" in copied) == bool(stand_in.packages)


def test_the_demo_project_starts_from_an_image_that_we_stand_in_for() -> None:
    assert f"FROM {DEMO_BASE}" in (ROOT / "bootstrap" / "demo" / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("docker:29.7.2-cli", "library/docker:29.7.2-cli"),
        ("moby/buildkit:v0.34.2", "moby/buildkit:v0.34.2"),
        ("ghcr.io/osscontainertools/kaniko:v1", "osscontainertools/kaniko:v1"),
        ("localhost:5000/team/app:1", "team/app:1"),
    ],
)
def test_a_mirror_holds_an_image_without_its_registry_s_host(name: str, held: str) -> None:
    assert mirrored_as(name) == held


def stand_in_for(name: str) -> StandIn:
    return next(stand_in for stand_in in STAND_INS if stand_in.name == name)


def test_kaniko_s_label_says_that_its_code_is_not_the_fork_s() -> None:
    made_from = stand_in_for(images.KANIKO).made_from

    assert f"Google's Kaniko {programs.KANIKO_VERSION}, not the fork's" in made_from
    assert programs.KANIKO_VERSION not in images.KANIKO


@pytest.mark.parametrize("name", [images.BUILDKIT, images.DOCKER_DIND_ROOTLESS])
def test_an_image_that_needs_no_root_maps_users_by_file_capabilities(name: str) -> None:
    text = (folder_of(stand_in_for(name)) / "Dockerfile").read_text()

    for program, capability in (("newuidmap", "cap_setuid"), ("newgidmap", "cap_setgid")):
        assert f"setcap {capability}=ep /usr/bin/{program}" in text
    assert "chmod u-s /usr/bin/newuidmap /usr/bin/newgidmap" in text
    assert {"libcap2-bin", "uidmap"} <= set(stand_in_for(name).packages)


def test_rootless_dind_has_the_very_entrypoint_of_dind() -> None:
    rootful, rootless = (
        folder_of(stand_in_for(name)) / "dockerd-entrypoint.sh"
        for name in (images.DOCKER_DIND, images.DOCKER_DIND_ROOTLESS)
    )

    assert rootless.samefile(rootful)


PROGRAMS = {
    "docker-init": 'printf "%s\\n" docker-init "$@"',
    "hostname": "echo station",
    "id": 'echo "${TEST_UID:-0}"',
    "rootlesskit": 'printf "%s\\n" rootlesskit "$@"',
    "rootlesskit-docker-proxy": "exit 1",
    # Writes something wherever it is told to.
    "openssl": 'while [ $# -gt 0 ]; do [ "$1" != -out ] || echo made > "$2"; shift; done',
}
"""In place of what the daemon's entrypoint calls: making real keys takes long, and no daemon is started."""


@pytest.fixture
def entrypoint(tmp_path: Path) -> Path:
    """The entrypoint, with the machine's own folders moved below a temporary one."""
    text = (ROOT / "bootstrap" / "images" / "docker-dind" / "dockerd-entrypoint.sh").read_text()
    for folder in ("/run/docker", "/sys/fs/cgroup", "/etc/hostname"):
        assert folder in text
        text = text.replace(f" {folder}", f" {tmp_path}{folder}")
    assert " /run/docker" not in text
    assert " /sys/" not in text
    for name, script in PROGRAMS.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)
    moved = tmp_path / "entrypoint.sh"
    moved.write_text(text)
    return moved


def enter(
    script: Path, *words: str, tls: bool = True, more: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """The words that the entrypoint ends as; `more` is added to its environment."""
    folder = script.parent
    env = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "DOCKER_TLS_CERTDIR": str(folder / "certs") if tls else "",
        **more,
    }
    done = subprocess.run(["bash", script, *words], env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


SOCKET = "--host=unix:///var/run/docker.sock"


@pytest.mark.parametrize("flags", [[], ["--debug"], ["--mtu=1400", "--debug"]])
def test_flags_alone_get_the_daemon_its_hosts_and_tls(entrypoint: Path, flags: list[str]) -> None:
    server = entrypoint.parent / "certs" / "server"

    assert enter(entrypoint, *flags) == [
        *["docker-init", "--", "dockerd", SOCKET, "--host=tcp://0.0.0.0:2376", "--tlsverify"],
        f"--tlscacert={server}/ca.pem",
        f"--tlscert={server}/cert.pem",
        f"--tlskey={server}/key.pem",
        *flags,
    ]


def test_without_a_certificates_folder_there_is_no_tls(entrypoint: Path) -> None:
    words = ["docker-init", "--", "dockerd", SOCKET, "--host=tcp://0.0.0.0:2375", "--debug"]

    assert enter(entrypoint, "--debug", tls=False) == words


def test_a_command_that_begins_with_dockerd_gets_neither_hosts_nor_certificates(entrypoint: Path) -> None:
    assert enter(entrypoint, "dockerd", "--debug") == ["docker-init", "--", "dockerd", "--debug"]
    assert not (entrypoint.parent / "certs").exists()


def test_another_command_is_run_as_it_is(entrypoint: Path) -> None:
    assert enter(entrypoint, "printf", "%s-%s", "a", "b") == ["a-b"]


def test_a_client_finds_its_certificate_and_the_authority_in_one_folder(entrypoint: Path) -> None:
    enter(entrypoint)

    client = entrypoint.parent / "certs" / "client"
    assert {"ca.pem", "cert.pem", "key.pem"} <= {file.name for file in client.iterdir()}


def test_certificates_of_the_user_s_own_are_left_as_they_are(entrypoint: Path) -> None:
    server = entrypoint.parent / "certs" / "server"
    server.mkdir(parents=True)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (server / name).write_text("mine")

    assert "--tlsverify" in enter(entrypoint)
    assert {file.name: file.read_text() for file in server.iterdir()} == dict.fromkeys(
        ("ca.pem", "cert.pem", "key.pem"), "mine"
    )
    assert not (entrypoint.parent / "certs" / "client").exists()


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """The environment of an ordinary user."""
    return {
        "TEST_UID": "1000",
        "HOME": str(tmp_path / "home"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run" / "user" / "1000"),
    }


TLS_PORT = 2376


@pytest.mark.parametrize("port", [TLS_PORT, 2375])
def test_an_ordinary_user_s_daemon_is_started_by_rootlesskit_which_publishes_its_port(
    entrypoint: Path, user: dict[str, str], port: int
) -> None:
    words = enter(entrypoint, "--debug", tls=port == TLS_PORT, more=user)

    daemon = words.index("dockerd")
    assert words[:daemon] == [
        *["rootlesskit", "--net=slirp4netns", "--mtu=1500", "--disable-host-loopback"],
        *["--port-driver=builtin", "--copy-up=/etc", "--copy-up=/run", "-p", f"0.0.0.0:{port}:{port}/tcp"],
    ]
    assert words[daemon + 1 : daemon + 3] == [
        f"--host=unix://{user['XDG_RUNTIME_DIR']}/docker.sock",
        f"--host=tcp://0.0.0.0:{port}",
    ]
    assert ("--tlsverify" in words) == (port == TLS_PORT)
    assert words[-2:] == [
        "--debug",
        f"--userland-proxy-path={entrypoint.parent}/bin/rootlesskit-docker-proxy",
    ]
    assert (entrypoint.parent / "home/.local/share/docker").is_dir()


def test_rootlesskit_s_own_settings_come_from_the_environment(entrypoint: Path, user: dict[str, str]) -> None:
    words = enter(
        entrypoint,
        more={
            **user,
            "DOCKERD_ROOTLESS_ROOTLESSKIT_NET": "pasta",
            "DOCKERD_ROOTLESS_ROOTLESSKIT_MTU": "65520",
            "DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS": "--ipv6 -p 0.0.0.0:80:80/tcp",
        },
    )

    flags = words[: words.index("dockerd")]
    assert {"--net=pasta", "--mtu=65520", "--ipv6"} <= set(flags)
    published = [value for flag, value in pairwise(flags) if flag == "-p"]
    assert published == ["0.0.0.0:80:80/tcp", "0.0.0.0:2376:2376/tcp"]


def test_an_ordinary_user_s_command_that_begins_with_dockerd_is_started_by_rootlesskit_without_a_port(
    entrypoint: Path, user: dict[str, str]
) -> None:
    words = enter(entrypoint, "dockerd", "--debug", more=user)

    assert words[0] == "rootlesskit"
    assert "-p" not in words
    assert not [word for word in words if word.startswith(("--host", "--tls"))]
