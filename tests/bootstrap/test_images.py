"""The stand-in images: one for every pin, and the daemon's entrypoint keeps the official image's rules."""

import os
import subprocess
from pathlib import Path

import pytest

from bootstrap.images import DEMO_BASE, REGISTRY, STAND_INS, StandIn
from bootstrap.layout import layout
from ci_runners import images

ROOT = layout().root
PINS = {name: value for name, value in vars(images).items() if name.isupper()}
BY_NAME = pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda stand_in: stand_in.folder)


def folder_of(stand_in: StandIn) -> Path:
    return ROOT / "bootstrap" / "images" / stand_in.folder


def test_every_pinned_image_has_one_stand_in() -> None:
    names = [stand_in.name for stand_in in STAND_INS]

    assert len(PINS) >= 4
    assert sorted(names) == sorted([*PINS.values(), REGISTRY, DEMO_BASE])


@BY_NAME
def test_a_stand_in_has_a_dockerfile_on_our_base_that_says_what_it_is(stand_in: StandIn) -> None:
    text = (folder_of(stand_in) / "Dockerfile").read_text()

    assert text.startswith("# ")
    assert "ARG BASE\nFROM ${BASE}\n" in text
    assert "stand-in" in text.lower() or "stubbed" in text


@BY_NAME
def test_a_stand_in_s_label_says_what_it_is_made_from(stand_in: StandIn) -> None:
    assert stand_in.made_from.strip()


@BY_NAME
def test_what_a_dockerfile_copies_is_in_its_folder_or_put_there(stand_in: StandIn) -> None:
    lines = (folder_of(stand_in) / "Dockerfile").read_text().splitlines()
    copied = {line.split()[1] for line in lines if line.startswith(("COPY ", "ADD "))}

    made = {
        *(["layer.tar"] if stand_in.packages else []),
        *(stand_in.program.binaries if stand_in.program else []),
    }
    assert copied - made == {file.name for file in folder_of(stand_in).iterdir()} - {"Dockerfile"}
    assert ("layer.tar" in copied) == bool(stand_in.packages)


def test_the_demo_project_starts_from_an_image_that_we_stand_in_for() -> None:
    assert f"FROM {DEMO_BASE}" in (ROOT / "bootstrap" / "demo" / "Dockerfile").read_text()


PROGRAMS = {
    "docker-init": 'printf "%s\\n" docker-init "$@"',
    "hostname": "echo station",
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


def enter(script: Path, *words: str, tls: bool = True) -> list[str]:
    """The words that the entrypoint ends as."""
    folder = script.parent
    env = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "DOCKER_TLS_CERTDIR": str(folder / "certs") if tls else "",
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
