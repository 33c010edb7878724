"""What `status` makes of an engine's containers: how bad each is, and what is shown of it."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from ci_runners.cli import status as cli
from ci_runners.cli.exit_codes import NEEDS_ATTENTION, NOT_WELL, NOTHING_READ
from ci_runners.status import (
    ContainerFacts,
    EngineFacts,
    Row,
    Severity,
    as_json,
    status_rows,
    status_table,
    worst,
)
from tests.unit.test_cli import printed

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
MIB = 1024**2
CLEANED = """# TYPE ci_runners_cleanup_last_success_timestamp_seconds gauge
ci_runners_cleanup_last_success_timestamp_seconds{component="dev-cleanup"} 1795521600
ci_runners_cleanup_last_run_errors{component="dev-cleanup"} 0
ci_runners_cleanup_held_bytes{component="dev-cleanup",kind="images"} 7
"""


def container(component: str, kind: str, **more: Any) -> ContainerFacts:  # noqa: ANN401  any field
    given = {
        "name": component,
        "component": component,
        "kind": kind,
        "stack": "ci-runners/dev",
        "state": "running",
        "since": "2026-11-25T10:00:00Z",
    }
    return ContainerFacts(**{**given, **more})


def task(component: str, kind: str, name: str, **more: Any) -> ContainerFacts:  # noqa: ANN401  any field
    return container(component, kind, name=name, is_task=True, **{"state": "exited", **more})


def ending(moment: datetime) -> str:
    return f"notAfter={moment:%b %d %H:%M:%S %Y} GMT\n"


def maker(left: timedelta) -> ContainerFacts:
    return task("dev-dind", "dind", "dev-dind-certificates", output=ending(NOW + left))


DAEMON = container("dev-dind", "dind", health="healthy", memory=94 * MIB)
RUNNER = container("dev-runner", "gitlab-runner", memory=24 * MIB, memory_limit=256 * MIB)
CLEANUP = container("dev-cleanup", "cleanup", health="healthy", cleanup_metrics=CLEANED)
WELL = [DAEMON, RUNNER, CLEANUP, maker(timedelta(days=400)), task("dev-runner", "gitlab-runner", "writer")]


def only_row(one: ContainerFacts) -> Row:
    (row,) = status_rows([one], NOW)
    return row


def certificates(made_by: ContainerFacts) -> Row:
    (row,) = (row for row in status_rows([DAEMON, made_by], NOW) if row.part != "dind")
    return row


def test_a_station_that_is_well_has_a_row_for_each_part_and_none_for_what_did_its_work() -> None:
    rows = status_rows(WELL, NOW)

    assert [(row.component, row.part) for row in rows] == [
        ("dev-cleanup", "cleanup"),
        ("dev-dind", "dind"),
        ("dev-dind", "certificates"),
        ("dev-runner", "gitlab-runner"),
    ]
    assert worst(rows) is Severity.WELL


@pytest.mark.parametrize(
    ("changes", "severity", "word"),
    [
        ({}, Severity.WELL, ""),
        ({"state": "exited", "exit_code": 137}, Severity.ERROR, "exit code 137"),
        ({"state": "exited", "exit_code": 0}, Severity.ERROR, "exit code 0"),
        ({"state": "exited", "exit_code": 137, "is_out_of_memory": True}, Severity.ERROR, "out of memory"),
        ({"state": "restarting", "exit_code": 1}, Severity.ERROR, "exit code 1"),
        ({"state": "paused"}, Severity.ERROR, "exit code"),
        ({"state": "created", "since": ""}, Severity.ERROR, "exit code"),
        ({"health": "healthy"}, Severity.WELL, ""),
        ({"health": "starting"}, Severity.WARNING, "does not answer yet"),
        ({"health": "unhealthy", "health_output": "no\n route"}, Severity.ERROR, "says: no route"),
        ({"restarts": 3, "since": "2026-11-25T11:55:00Z"}, Severity.WARNING, "3 times"),
        ({"restarts": 3, "since": "2026-11-25T11:45:00Z"}, Severity.WELL, ""),
        ({"memory": 90 * MIB, "memory_limit": 100 * MIB}, Severity.WELL, ""),
        ({"memory": 91 * MIB, "memory_limit": 100 * MIB}, Severity.WARNING, "91%"),
        ({"memory": 91 * MIB}, Severity.WELL, ""),
        ({"kind": "cleanup", "cleanup_metrics": CLEANED}, Severity.WELL, ""),
        (
            {"kind": "cleanup", "cleanup_metrics": CLEANED.replace('cleanup"} 0', 'cleanup"} 2')},
            Severity.WARNING,
            "2 errors",
        ),
    ],
)
def test_a_container_that_is_meant_to_run_is_as_bad_as_this(
    changes: dict[str, Any], severity: Severity, word: str
) -> None:
    row = only_row(dataclasses.replace(RUNNER, **{"memory": None, "memory_limit": None, **changes}))

    assert row.severity is severity
    assert word in ", ".join(row.notes)
    assert bool(row.notes) == (severity is not Severity.WELL)


def test_the_worst_of_several_things_counts_and_all_are_said() -> None:
    both = dataclasses.replace(RUNNER, health="unhealthy", memory=250 * MIB)

    row = only_row(both)

    assert row.severity is Severity.ERROR
    assert len(row.notes) == 2


@pytest.mark.parametrize(
    ("left", "severity", "state"),
    [
        (timedelta(days=400), Severity.WELL, "valid"),
        (timedelta(days=30), Severity.WELL, "valid"),
        (timedelta(days=29, hours=23), Severity.WARNING, "end soon"),
        (timedelta(seconds=1), Severity.WARNING, "end soon"),
        (timedelta(0), Severity.ERROR, "ended"),
        (timedelta(days=-1), Severity.ERROR, "ended"),
    ],
)
def test_certificates_are_said_before_they_end(left: timedelta, severity: Severity, state: str) -> None:
    row = certificates(maker(left))

    assert (row.part, row.state, row.severity) == ("certificates", state, severity)
    assert row.until == (NOW + left).isoformat().replace("+00:00", "Z")


def test_a_maker_that_tells_a_problem_is_an_error_with_its_words() -> None:
    said = "problem: the authority ends in a day\n" + ending(NOW)

    row = certificates(dataclasses.replace(maker(timedelta(0)), output=said))

    assert (row.part, row.severity) == ("certificates", Severity.ERROR)
    assert "the authority ends in a day" in row.notes[0]


@pytest.mark.parametrize(("code", "severity"), [(0, Severity.WELL), (1, Severity.ERROR)])
def test_a_task_that_failed_is_an_error_and_one_that_did_its_work_is_none(
    code: int, severity: Severity
) -> None:
    rows = status_rows([RUNNER, task("dev-runner", "gitlab-runner", "writer", exit_code=code)], NOW)

    assert worst(rows) is severity
    assert len(rows) == 1 + (code != 0)


def test_what_needs_nothing_to_run_is_ready_once_its_task_is_done() -> None:
    row = only_row(task("dev-dood", "dood", "dev-dood-socket-group", output="gid=998\n"))

    assert (row.component, row.part, row.state, row.severity) == ("dev-dood", "dood", "ready", Severity.WELL)


@pytest.mark.parametrize("one", [maker(timedelta(days=400)), task("dev-runner", "gitlab-runner", "writer")])
def test_what_must_run_and_is_not_there_is_an_error(one: ContainerFacts) -> None:
    rows = status_rows([one], NOW)

    assert [(row.state, row.severity) for row in rows if row.part == one.kind] == [
        ("missing", Severity.ERROR)
    ]


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("", {"dev-cleanup", "dev-dind", "dev-runner", "devel-runner"}),
        ("dev", {"dev-cleanup", "dev-dind", "dev-runner"}),
        ("dev-runner", {"dev-runner"}),
        ("de", set()),
        ("runner", set()),
    ],
)
def test_a_name_is_a_stations_or_a_components(name: str, components: set[str]) -> None:
    rows = status_rows([*WELL, container("devel-runner", "gitlab-runner")], NOW, name)

    assert {row.component for row in rows} == components


@given(st.permutations([*WELL, dataclasses.replace(RUNNER, name="x", component="x", state="dead")]))
def test_the_order_that_the_engine_lists_them_in_says_nothing(containers: list[ContainerFacts]) -> None:
    assert status_rows(containers, NOW) == status_rows(reversed(containers), NOW)


def engine(*containers: ContainerFacts, failure: str = "") -> EngineFacts:
    return EngineFacts(docker_host="unix:///run/docker.sock", containers=containers, failure=failure)


def test_the_table_shows_what_is_well_and_what_is_not(snapshot: SnapshotAssertion) -> None:
    facts = engine(
        DAEMON,
        maker(timedelta(days=12)),
        dataclasses.replace(RUNNER, state="exited", exit_code=1, memory=None, since="2026-11-25T11:59:18Z"),
        CLEANUP,
        task("dev-dood", "dood", "dev-dood-socket-group", since="2026-11-22T10:00:00Z"),
        container("other-mirror", "mirror", stack="ci-runners/prod", health="healthy"),
    )

    assert status_table(facts, status_rows(facts.containers, NOW), NOW) == snapshot


def test_the_json_holds_every_row_in_plain_values() -> None:
    facts = engine(*WELL)
    rows = status_rows(facts.containers, NOW)

    found = json.loads(as_json(facts, rows))

    assert found["docker_host"] == facts.docker_host
    assert found["severity"] == "well"
    assert [Row(**{**row, "notes": tuple(row["notes"])}) for row in found["rows"]] == rows


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (engine(RUNNER), 0),
        (engine(dataclasses.replace(RUNNER, health="starting")), NEEDS_ATTENTION),
        (engine(dataclasses.replace(RUNNER, state="dead")), NOT_WELL),
        (engine(), NOT_WELL),
        (engine(failure="the engine did not answer: no"), NOTHING_READ),
    ],
    ids=["well", "warning", "error", "nothing", "no engine"],
)
def test_the_command_ends_as_bad_as_it_is(
    facts: EngineFacts, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str | None] = []

    def read(docker_host: str | None) -> EngineFacts:
        asked.append(docker_host)
        return facts

    monkeypatch.setattr(cli, "read_containers", read)

    found, text = printed("status", "--host", "tcp://10.0.0.2:2376")

    assert (found, asked) == (code, ["tcp://10.0.0.2:2376"])
    assert bool(text) == bool(facts.containers)
    assert capsys.readouterr().err.startswith(
        "" if facts.containers else "python -m ci_runners status: error: "
    )


def test_a_name_that_nothing_has_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "read_containers", lambda _host: engine(*WELL))

    assert printed("status", "prod") == (NOT_WELL, "")


def test_the_json_of_the_command_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "read_containers", lambda _host: engine(*WELL))

    _, text = printed("status", "dev-runner", "--format", "json")

    assert [row["component"] for row in json.loads(text)["rows"]] == ["dev-runner"]
