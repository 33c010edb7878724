"""The host preflight: which host is fit for which way to build, by recorded facts."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from ci_runners.connection import DaemonKind
from ci_runners.preflight import HostFacts, Way, facts_table, preflight
from ci_runners.preflight.findings import RULES
from ci_runners.preflight.table import WIDTH
from ci_runners.preflight.way import ROOTLESS
from ci_runners.problems import InvalidInput, Problem
from tests.unit.preflight_cases import FINDINGS, HOSTS, WAYS

CLIENTS = [
    # the host, the job's image, the fields of the errors
    ("ubuntu-20.04-docker-20.10", "docker:29.7.2-cli", []),
    ("ubuntu-20.04-docker-20.10", "docker:29.1.3-cli", ["api_version"]),
    ("ubuntu-20.04-docker-20.10", "docker:29", []),
    ("ubuntu-20.04-docker-20.10", "registry.example.com/mirror/docker:29.2.0", ["api_version"]),
    ("ubuntu-20.04-docker-20.10", "docker:28.5.2-cli@sha256:" + "0" * 64, []),
    ("debian-13-docker-29.1", "docker:29.7.2-cli", []),
    ("debian-13-docker-29.1", "docker:25.0-cli", []),
    ("debian-13-docker-29.1", "docker:24-cli", ["min_api_version"]),
    ("debian-13-docker-29.1", "docker:20.10.24", ["min_api_version"]),
    ("debian-12", "docker:20.10.24", []),
    ("debian-13-docker-29.1", "docker:1.13", []),
    ("debian-13-docker-29.1", "docker:cli", []),
    ("debian-13-docker-29.1", "registry.example.com/team/tools:1.0", []),
]
NAMES = [field.name for field in dataclasses.fields(HostFacts) if field.name not in {"socket", "notes"}]


def fields(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.field for problem in problems]


def changed(host: str, **change: Any) -> HostFacts:  # noqa: ANN401  any field's value
    return dataclasses.replace(HOSTS[host], **change)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_has_exactly_these_problems_for_a_way_to_build(host: str, way: str) -> None:
    found = preflight(HOSTS[host], WAYS[way])

    expected = FINDINGS.get((host, way), ("", ""))
    assert (fields(found.errors), fields(found.warnings)) == (expected[0].split(), expected[1].split())


@pytest.mark.parametrize(("host", "image", "expected"), CLIENTS)
def test_a_jobs_client_and_the_hosts_engine_must_have_an_api_in_common(
    host: str, image: str, expected: list[str]
) -> None:
    way = Way(kind=DaemonKind.DOOD, job_image=image)

    found = preflight(HOSTS[host], way)

    assert fields(found.errors) == expected
    assert all(image in problem.expected for problem in found.errors)


def test_a_job_of_another_way_does_not_speak_with_the_hosts_engine() -> None:
    for kind in (DaemonKind.DIND, DaemonKind.BUILDKIT, DaemonKind.KANIKO):
        way = Way(kind=kind, job_image="docker:20.10.24")
        assert preflight(HOSTS["debian-13-docker-29.1"], way).errors == ()


def test_every_rule_is_broken_by_some_host() -> None:
    extra = [
        (HOSTS["ubuntu-20.04-docker-20.10"], Way(kind=DaemonKind.DOOD, job_image="docker:29.1-cli")),
        (HOSTS["debian-13-docker-29.1"], Way(kind=DaemonKind.DOOD, job_image="docker:24-cli")),
        (
            HOSTS["ubuntu-20.04-docker-20.10"],
            Way(kind=DaemonKind.DIND, variant=ROOTLESS, daemon_image="docker:28.5.2-dind-rootless"),
        ),
        (changed("debian-12", max_user_namespaces=512), WAYS["buildkit"]),
    ]
    cases = [*((facts, way) for facts in HOSTS.values() for way in WAYS.values()), *extra]

    unbroken = [
        rule.field
        for rule in RULES
        if not any(
            way.name in rule.ways and getattr(facts, rule.field) is not None and rule.broken(facts, way)
            for facts, way in cases
        )
    ]

    assert unbroken == []


@given(
    host=st.sampled_from(sorted(HOSTS)),
    way=st.sampled_from(sorted(WAYS)),
    erased=st.sets(st.sampled_from(NAMES)),
)
def test_an_unknown_fact_never_adds_a_problem(host: str, way: str, erased: set[str]) -> None:
    found = preflight(HOSTS[host], WAYS[way])
    less = preflight(changed(host, **dict.fromkeys(erased)), WAYS[way])

    assert set(fields(less.errors)) <= set(fields(found.errors))
    assert set(fields(less.warnings)) <= set(fields(found.warnings))


@pytest.mark.parametrize("way", WAYS)
def test_a_host_of_which_nothing_is_known_has_no_problem_but_is_said_to_be_unchecked(way: str) -> None:
    found = preflight(HostFacts(), WAYS[way])

    assert (found.errors, found.warnings) == ((), ())
    assert {"os_type", "free_bytes"} <= set(found.unchecked)


def test_a_profile_for_another_path_of_rootlesskit_does_not_help() -> None:
    only_local = changed("ubuntu-24.04", rootlesskit_profiles=("/usr/local/bin/rootlesskit",))

    assert fields(preflight(only_local, WAYS["buildkit"]).errors) == ["apparmor_restrict_unprivileged_userns"]
    assert fields(preflight(only_local, WAYS["dind rootless"]).warnings) == [
        "apparmor_restrict_unprivileged_userns"
    ]


@pytest.mark.parametrize(
    ("mtu", "expected"), [(None, ["bridge_mtu"]), (1500, ["bridge_mtu"]), (1450, []), (1400, [])]
)
def test_the_mtu_inside_a_daemon_may_not_be_above_the_one_around_it(
    mtu: int | None, expected: list[str]
) -> None:
    way = Way(kind=DaemonKind.DIND, mtu=mtu)

    found = preflight(changed("debian-12", bridge_mtu=1450), way)

    assert fields(found.warnings) == expected


@pytest.mark.parametrize(
    ("free", "errors", "warnings"),
    [
        (1_999_999_999, ["free_bytes"], []),
        (2_000_000_000, [], ["free_bytes"]),
        (9_999_999_999, [], ["free_bytes"]),
        (10_000_000_000, [], []),
    ],
)
def test_little_disk_is_a_warning_and_none_an_error(
    free: int, errors: list[str], warnings: list[str]
) -> None:
    found = preflight(changed("debian-12", free_bytes=free), WAYS["dood"])

    assert (fields(found.errors), fields(found.warnings)) == (errors, warnings)


def test_a_problem_names_the_host_the_value_and_the_fix() -> None:
    problem = preflight(HOSTS["rootless-engine"], WAYS["buildkit"]).errors[0]

    assert str(problem).startswith(
        "host 'ssh://ci@build.example.com': ids: got 65537, expected 165536 or more"
    )
    assert "/etc/subuid" in problem.fix


@pytest.mark.parametrize("host", HOSTS)
def test_facts_are_read_back_as_they_were_written(host: str) -> None:
    assert HostFacts.parse(HOSTS[host].dump()) == HOSTS[host]


def test_unknown_facts_are_left_out_of_the_file() -> None:
    assert "null" not in HostFacts(docker_host="ssh://a").dump()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("no JSON", "text"),
        ("[]", "text"),
        ('{"kernel": "6.1"}', "kernel"),
        ('{"cpus": "4"}', "cpus"),
        ('{"tun": true}', "tun"),
        ('{"runtimes": "runc"}', "runtimes"),
        ('{"notes": [1]}', "notes[0]"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(text: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        HostFacts.parse(text)

    assert fields(refused.value.problems) == [field]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", HOSTS)
def test_the_table_has_no_line_over_80_columns_and_every_problem(host: str, way: str) -> None:
    found = preflight(HOSTS[host], WAYS[way])

    table = facts_table(HOSTS[host], WAYS[way], found)

    assert max(map(len, table.splitlines())) <= WIDTH
    assert table.count("\nerror: ") == len(found.errors)
    assert table.count("\nwarning: ") == len(found.warnings)
    assert ("speaks against" in table) is (not found.errors)


@pytest.mark.parametrize(
    ("host", "way"),
    [
        ("debian-12", "dood"),
        ("ubuntu-24.04-without-profiles", "buildkit"),
        ("rhel-9", "dood"),
        ("centos-7", "dind rootless"),
    ],
)
def test_the_table_reads_like_this(host: str, way: str, snapshot: SnapshotAssertion) -> None:
    assert facts_table(HOSTS[host], WAYS[way], preflight(HOSTS[host], WAYS[way])) == snapshot


def test_the_table_of_a_host_that_did_not_answer_reads_like_this(snapshot: SnapshotAssertion) -> None:
    note = "the engine did not answer: ssh: connect to host build.example.com port 22: Connection refused"
    facts = HostFacts(docker_host="ssh://ci@build.example.com", notes=(note,))

    assert facts_table(facts, WAYS["buildkit"], preflight(facts, WAYS["buildkit"])) == snapshot
