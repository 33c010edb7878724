"""The command line's `preflight`: what it prints of recorded hosts, and how it ends."""

import dataclasses
import json
import sys

import pytest

from ci_runners.__main__ import main
from ci_runners.cli import preflight as cli
from ci_runners.cli.exit_codes import NO_WAY_FITS, NOTHING_READ
from ci_runners.connection import SOCKET, DaemonKind
from ci_runners.preflight import HostFacts, Way, facts_table, preflight, ways_table
from ci_runners.preflight.table import WIDTH
from tests.unit.preflight_cases import HOSTS, WAYS
from tests.unit.test_cli import printed


def looking_at(monkeypatch: pytest.MonkeyPatch, facts: HostFacts) -> list[tuple[str | None, str]]:
    """From now on every host is this one; the address and the socket of each that is asked for."""
    asked: list[tuple[str | None, str]] = []

    def read(docker_host: str | None, *, socket: str) -> HostFacts:
        asked.append((docker_host, socket))
        return facts

    monkeypatch.setattr(cli, "read_facts", read)
    return asked


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("facts", HOSTS.values(), ids=HOSTS.keys())
def test_the_preflight_of_one_way_prints_its_table_and_ends_as_the_way_can_work(
    facts: HostFacts, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking_at(monkeypatch, facts)
    found = preflight(facts, way)
    variant = ["--variant", way.variant] if way.kind is DaemonKind.DIND else []

    code, text = printed("preflight", "--way", way.kind.value, *variant)

    assert text == facts_table(facts, way, found) + "\n"
    assert code == (NO_WAY_FITS if found.errors else 0)


@pytest.mark.parametrize("facts", HOSTS.values(), ids=HOSTS.keys())
def test_the_preflight_of_all_ways_says_of_each_whether_it_can_work(
    facts: HostFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking_at(monkeypatch, facts)
    found = {way: preflight(facts, way) for way in (Way(kind=kind) for kind in DaemonKind)}

    code, text = printed("preflight")

    assert text == ways_table(facts, found) + "\n"
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.count("Docker host ") == 1
    for way, one in found.items():
        verdict = "cannot work here" if one.errors else "can work here"
        assert f"\n{way.name}: {verdict}" in text
    assert text.count("\n  error: ") == sum(len(one.errors) for one in found.values())
    assert text.count("\n  warning: ") == sum(len(one.warnings) for one in found.values())
    assert code == (NO_WAY_FITS if all(one.errors for one in found.values()) else 0)


def test_a_preflight_without_all_facts_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dataclasses.replace(HOSTS["debian-12"], tun=None, ids=None, notes=("no container could run",))
    looking_at(monkeypatch, known)

    code, text = printed("preflight", "--variant", "rootless")

    assert code == 0
    assert "\nnot known: no container could run\n" in text
    assert "\ndind rootless: can work here, as far as is known\n" in text
    assert "\n  not known: no rule could look at ids\n\nkaniko: can work here\n" in text
    assert "\ndood: can work here\n" in text


def test_the_preflights_json_holds_everything_in_plain_values(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = HOSTS["ubuntu-24.04-without-profiles"]
    looking_at(monkeypatch, facts)

    code, text = printed("preflight", "--format", "json")

    plain = json.loads(text)
    known = {name: value for name, value in plain["facts"].items() if value is not None}
    assert HostFacts.parse(json.dumps(known)) == facts
    assert {name: way["can_work"] for name, way in plain["ways"].items()} == {
        "dind privileged": True,
        "dood": True,
        "buildkit": False,
        "kaniko": True,
    }
    expected = preflight(facts, WAYS["buildkit"])
    buildkit = plain["ways"]["buildkit"]
    assert buildkit["errors"] == [dataclasses.asdict(problem) for problem in expected.errors]
    assert buildkit["warnings"] == [dataclasses.asdict(problem) for problem in expected.warnings]
    assert buildkit["unchecked"] == list(expected.unchecked)
    assert code == 0


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([], (None, SOCKET)),
        (
            ["--host", "ssh://ci@builder", "--socket", "/run/user/1000/docker.sock"],
            ("ssh://ci@builder", "/run/user/1000/docker.sock"),
        ),
    ],
    ids=["the environment's", "named"],
)
def test_the_preflight_looks_at_the_host_and_the_socket_that_it_is_told(
    words: list[str], asked: tuple[str | None, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = looking_at(monkeypatch, HOSTS["debian-12"])

    printed("preflight", *words)

    assert seen == [asked]


@pytest.mark.parametrize("words", [[], ["--way", "dind"], ["--format", "json"]], ids=str)
def test_a_preflight_that_could_not_ask_the_engine_says_why_and_prints_nothing_else(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "the engine did not answer: ssh: connect to host builder port 22: Connection refused"
    looking_at(monkeypatch, HostFacts(notes=(note,)))

    assert main(["preflight", *words]) == NOTHING_READ

    assert capsys.readouterr() == ("", f"python -m ci_runners preflight: error: {note}\n")


def test_a_preflight_without_the_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "ci_runners.preflight.engine", raising=False)
    monkeypatch.setitem(sys.modules, "docker", None)

    assert main(["preflight"]) == NOTHING_READ

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "pip install 'ci-runners[preflight]'" in shown.err
