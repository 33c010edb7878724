"""The stand-in images beside pipelines: the scanner that BuildKit starts, and what waits for a service."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bootstrap.layout import layout

IMAGES = layout().root / "bootstrap" / "images"
STATUS = """\
Package: bash
Status: install ok installed
Version: 5.2.37-2+b5

Package: gone
Status: deinstall ok config-files
Version: 1

Package: libc6
Status: install ok installed
Multi-Arch: same
Version: 2:2.41-12~x
"""


def scanned(folder: Path, status: str | None) -> dict[str, Any]:
    """What the scanner says of a file tree."""
    source, destination = folder / "source", folder / "destination"
    (source / "var" / "lib" / "dpkg").mkdir(parents=True)
    destination.mkdir()
    if status is not None:
        (source / "var" / "lib" / "dpkg" / "status").write_text(status)
    places = {"BUILDKIT_SCAN_SOURCE": str(source), "BUILDKIT_SCAN_DESTINATION": str(destination)}
    scanner = IMAGES / "syft-scanner" / "syft-scanner"
    subprocess.run(["sh", scanner], env={"PATH": os.environ["PATH"], **places}, check=True)
    [file] = destination.iterdir()
    assert file.name.endswith(".spdx.json"), "BuildKit takes no other"
    statement: dict[str, Any] = json.loads(file.read_text())
    return statement


def test_the_scanner_lists_the_packages_that_are_installed(tmp_path: Path) -> None:
    statement = scanned(tmp_path, STATUS)

    assert statement["predicateType"] == "https://spdx.dev/Document"
    packages = statement["predicate"]["packages"]
    assert [(each["name"], each["versionInfo"]) for each in packages] == [
        ("bash", "5.2.37-2+b5"),
        ("libc6", "2:2.41-12~x"),
    ]
    assert len({each["SPDXID"] for each in packages}) == 2


@pytest.mark.parametrize("status", [None, ""])
def test_an_image_without_packages_has_a_list_without_any(tmp_path: Path, status: str | None) -> None:
    assert scanned(tmp_path, status)["predicate"]["packages"] == []


def test_the_list_says_that_a_stand_in_made_it(tmp_path: Path) -> None:
    (creator,) = scanned(tmp_path, STATUS)["predicate"]["creationInfo"]["creators"]

    assert "stand-in" in creator


def waited(port: int, seconds: int) -> subprocess.CompletedProcess[str]:
    words = [str(IMAGES / "wait-for-it" / "wait-for-it.sh"), f"127.0.0.1:{port}", "-t", str(seconds)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_a_port_that_takes_connections_is_waited_for_no_longer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert waited(server.getsockname()[1], 30).returncode == 0


def test_a_port_that_takes_none_is_given_up() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        ended = waited(unused.getsockname()[1], 0)

    assert ended.returncode == 1
    assert "no connection within 0 s" in ended.stderr
