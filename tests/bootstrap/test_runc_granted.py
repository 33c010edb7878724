"""The wrapper around runc: what this host cannot grant is not asked for, and nothing else is touched."""

import copy
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bootstrap import runc_granted
from bootstrap.runc_granted import NAMES, granted, narrowed, option, request_file

ALL = frozenset(f"CAP_{name}" for name in NAMES)
STATUS = """Name:\tcat
CapInh:\t0000000000000000
CapPrm:\t00000000a80425fb
CapEff:\t00000000a80425fb
CapBnd:\t00000000a80425fb
CapAmb:\t0000000000000000
NoNewPrivs:\t0
"""
"""Of a container that Docker started with its default capabilities."""

SETS: dict[str, Any] = {
    "bounding": ["CAP_CHOWN", "CAP_SYS_MODULE"],
    "effective": ["CAP_SYS_MODULE"],
    "ambient": None,
}
PROCESS: dict[str, Any] = {"args": ["sh"], "capabilities": SETS}


def test_docker_s_default_mask_is_its_fourteen_default_capabilities() -> None:
    names = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD"

    assert granted(STATUS) == {f"CAP_{name}" for name in f"{names} AUDIT_WRITE SETFCAP".split()}


def test_a_full_mask_is_every_capability_and_an_empty_one_is_none() -> None:
    assert granted("CapBnd:\t000001ffffffffff\n") == ALL
    assert granted("CapBnd:\t0000000000000000\n") == frozenset()


def test_this_process_s_own_status_can_be_read() -> None:
    assert granted(Path("/proc/self/status").read_text()) <= ALL


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["create", "--bundle", "/b", "id"], "/b"),
        (["create", "--bundle=/b", "id"], "/b"),
        (["create", "-b", "/b", "id"], "/b"),
        (["create", "-b=/b", "id"], "/b"),
        (["create", "--bundle=/b=c", "id"], "/b=c"),
        (["create", "--bundles=/b", "id"], None),
        (["create", "id"], None),
    ],
)
def test_an_option_is_found_in_both_its_forms(words: list[str], value: str | None) -> None:
    assert option(words, "--bundle", "-b") == value


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["--root", "/r", "create", "--bundle", "/b", "id"], "/b/config.json"),
        (["--log=/l", "run", "--bundle=/b", "id"], "/b/config.json"),
        (["exec", "--process", "/p.json", "--detach", "id"], "/p.json"),
        (["exec", "-p=/p.json", "id"], "/p.json"),
        (["exec", "id", "sh"], None),
        (["delete", "--force", "id"], None),
        (["state", "id"], None),
        (["--version"], None),
    ],
)
def test_only_create_and_run_and_exec_ask_for_capabilities(words: list[str], file: str | None) -> None:
    assert request_file(words) == (Path(file) if file else None)


@pytest.mark.parametrize("wrapped", [True, False], ids=["create or run", "exec"])
def test_what_cannot_be_granted_is_taken_out_of_every_set(*, wrapped: bool) -> None:
    process = copy.deepcopy(PROCESS)
    request: dict[str, Any] = {"ociVersion": "1.2.0", "process": process} if wrapped else process

    narrowed(request, frozenset({"CAP_CHOWN"}))

    assert process == {
        "args": ["sh"],
        "capabilities": {"bounding": ["CAP_CHOWN"], "effective": [], "ambient": []},
    }


def test_nothing_is_taken_out_where_all_are_granted() -> None:
    request: dict[str, Any] = {
        "process": {"capabilities": {"bounding": sorted(ALL), "ambient": ["CAP_KILL"]}},
        "root": {},
    }

    assert narrowed(copy.deepcopy(request), ALL) == request


class Became(BaseException):
    """Stands for the end of this program: another took its place."""


def become(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """Run the wrapper; what it becomes."""
    became: list[str] = []

    def execvp(program: str, arguments: list[str]) -> None:
        became.extend([program, *arguments])
        raise Became

    monkeypatch.setattr(os, "execvp", execvp)
    monkeypatch.setattr(sys, "argv", ["runc-granted", *words])
    with pytest.raises(Became):
        runc_granted.main()
    return became


@pytest.mark.parametrize("command", ["create", "run"])
def test_a_bundle_is_narrowed_in_place_and_runc_gets_the_words_as_they_were(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setattr(runc_granted, "granted", lambda _: frozenset({"CAP_CHOWN"}))
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"process": PROCESS, "hostname": "h"}))

    became = become(monkeypatch, command, "--bundle", str(tmp_path), "id")

    assert became == ["runc", "runc", command, "--bundle", str(tmp_path), "id"]
    written = json.loads(file.read_text())
    assert written["hostname"] == "h"
    assert written["process"]["capabilities"]["bounding"] == ["CAP_CHOWN"]


def test_another_command_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("not looked at")

    assert become(monkeypatch, "delete", "--bundle", str(tmp_path), "id")[2] == "delete"
    assert file.read_text() == "not looked at"
