"""Reading an engine's containers: what the SDK's answers become. That a real engine answers so is for tests/e2e to say."""

import contextlib
import io
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from docker.errors import APIError, DockerException, NotFound

from ci_runners.status import engine as reading
from ci_runners.status import read_containers
from ci_runners.status.facts import ContainerFacts

STATE = {
    "Status": "running",
    "StartedAt": "2026-11-25T10:00:00.123456789Z",
    "ExitCode": 0,
    "OOMKilled": False,
}


@dataclass
class Fake:
    """A container of the fake engine."""

    name: str = "dev-runner"
    kind: str = "gitlab-runner"
    state: dict[str, Any] = field(default_factory=dict)
    restart: str = "unless-stopped"
    memory: int = 0
    output: bytes = b""
    archive: bytes | None = None

    @property
    def labels(self) -> dict[str, str]:
        return {"ci-runners.component": "dev-runner", "ci-runners.kind": self.kind}

    @property
    def attrs(self) -> dict[str, Any]:
        host = {"RestartPolicy": {"Name": self.restart}, "Memory": self.memory}
        return {"State": {**STATE, **self.state}, "HostConfig": host, "RestartCount": 2}

    def logs(self, *, tail: int) -> bytes:
        return b"\n".join(self.output.splitlines()[-tail:])

    def get_archive(self, path: str) -> tuple[Iterator[bytes], dict[str, Any]]:
        if self.archive is None or path != "/var/lib/ci-runners-cleanup/cleanup.prom":
            raise NotFound("no such file")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            member = tarfile.TarInfo("cleanup.prom")
            member.size = len(self.archive)
            tar.addfile(member, io.BytesIO(self.archive))
        return iter([packed.getvalue()[:100], packed.getvalue()[100:]]), {}


def read(
    monkeypatch: pytest.MonkeyPatch, *containers: Fake, stats: object = None
) -> tuple[ContainerFacts, ...]:
    """What is read of an engine that has these containers, all of which use the same memory."""

    def answer(_name: str, *, stream: bool, one_shot: bool) -> object:
        assert (stream, one_shot) == (False, True)
        if isinstance(stats, Exception):
            raise stats
        return stats or {"memory_stats": {"usage": 50, "stats": {"inactive_file": 8}}}

    def listed(**asked: object) -> list[Fake]:
        assert asked["filters"] == {"label": "ci-runners.component"}
        return list(containers)

    client = SimpleNamespace(
        containers=SimpleNamespace(list=listed), api=SimpleNamespace(stats=answer), close=lambda: None
    )
    way = SimpleNamespace(client=lambda *, timeout: client if timeout else None)
    monkeypatch.setattr(reading, "engine_way", lambda _host: contextlib.nullcontext(way))
    found = read_containers("tcp://10.0.0.2:2376")
    assert (found.failure, found.docker_host) == ("", "tcp://10.0.0.2:2376")
    return found.containers


def test_what_runs_is_read_with_its_memory_and_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    health = {"Health": {"Status": "unhealthy", "Log": [{"Output": "old"}, {"Output": "new"}]}}

    (found,) = read(monkeypatch, Fake(state=health, memory=100))

    assert found == ContainerFacts(
        name="dev-runner",
        component="dev-runner",
        kind="gitlab-runner",
        stack="",
        state="running",
        health="unhealthy",
        health_output="new",
        restarts=2,
        since="2026-11-25T10:00:00Z",
        memory=42,
        memory_limit=100,
    )


def test_what_has_ended_is_read_with_its_end_and_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = {"Status": "exited", "FinishedAt": "2026-11-25T11:00:00Z", "ExitCode": 137, "OOMKilled": True}

    (found,) = read(monkeypatch, Fake(state=ended))

    assert (found.state, found.since, found.memory) == ("exited", "2026-11-25T11:00:00Z", None)
    assert (found.exit_code, found.is_out_of_memory, found.is_task) == (137, True, False)


def test_what_never_began_has_no_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = read(monkeypatch, Fake(state={"Status": "created", "FinishedAt": "0001-01-01T00:00:00Z"}))

    assert found.since == ""


@pytest.mark.parametrize(
    ("stats", "memory"),
    [
        ({"memory_stats": {"usage": 50, "stats": {"total_inactive_file": 7}}}, 43),
        ({"memory_stats": {"usage": 50}}, 50),
        ({"memory_stats": {}}, None),
        (APIError("no cgroup"), None),
    ],
    ids=["cgroup v1", "no page cache", "not known", "refused"],
)
def test_memory_is_counted_as_docker_counts_it_where_it_is_known(
    monkeypatch: pytest.MonkeyPatch, stats: object, memory: int | None
) -> None:
    (found,) = read(monkeypatch, Fake(), stats=stats)

    assert found.memory == memory


def test_a_task_is_read_with_the_end_of_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = {"Status": "exited", "FinishedAt": "2026-11-25T11:00:00Z"}
    output = b"\n".join(b"line %d" % number for number in range(100))

    (found,) = read(monkeypatch, Fake(restart="no", state=ended, output=output))

    assert found.is_task
    assert found.output.splitlines() == [f"line {number}" for number in range(80, 100)]


@pytest.mark.parametrize(
    ("kind", "archive", "expected"),
    [("cleanup", b"a 1\n", "a 1\n"), ("cleanup", None, ""), ("dind", b"a 1\n", "")],
    ids=["a cleanup", "a cleanup before its first run", "another"],
)
def test_a_cleanups_metrics_are_read_from_its_volume(
    monkeypatch: pytest.MonkeyPatch, kind: str, archive: bytes | None, expected: str
) -> None:
    (found,) = read(monkeypatch, Fake(kind=kind, archive=archive))

    assert found.cleanup_metrics == expected


@pytest.mark.parametrize("status", [404, 409], ids=["gone", "marked for removal"])
def test_a_container_that_goes_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    answer = requests.Response()
    answer.status_code = status

    found = read(monkeypatch, Fake(), stats=APIError("going", response=answer))

    assert found == ()


@pytest.mark.parametrize("failure", [DockerException("no\n engine"), OSError("no\n engine")])
def test_an_engine_that_does_not_answer_is_said_on_one_line(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def refuse(_host: str | None) -> None:
        raise failure

    monkeypatch.setattr(reading, "engine_way", refuse)

    found = read_containers("unix:///nowhere.sock")

    assert found.failure == "the engine did not answer: no engine"
    assert found.containers == ()


def test_without_the_docker_sdk_it_says_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ci_runners.status.engine", raising=False)
    monkeypatch.setitem(sys.modules, "docker", None)

    assert "pip install 'ci-runners[preflight]'" in read_containers().failure
