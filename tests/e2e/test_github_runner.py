"""GitHub runners on each kind of daemon: registered at the sandbox, with real jobs, killed, rotated and removed."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrap.stand_in_images import DEMO_BASE
from bootstrap.station import digest_in_registry
from tests.e2e.github_jobs import admin, new_token, probes, wait_for
from tests.e2e.github_runners import DRAIN_SECONDS, RESOURCES, WAYS, Runners, running
from tests.e2e.pulumi_cli import counts

pytestmark = pytest.mark.e2e

BUILD = {
    "dind": 'printf "$FILE" > Dockerfile; docker build --quiet --tag "$IMAGE" . && docker push --quiet "$IMAGE"',
    "dood": 'printf "$FILE" > Dockerfile; docker build --quiet --tag "$IMAGE" . && docker push --quiet "$IMAGE"',
    "buildkit": 'printf "$FILE" > Dockerfile; t="$BUILDKIT_TLS_DIR"; docker buildx create --name remote --driver remote'
    ' --driver-opt "cacert=$t/ca.pem,cert=$t/cert.pem,key=$t/key.pem" "$BUILDKIT_HOST"'
    ' && docker buildx build --builder remote --push --provenance=false --tag "$IMAGE" .',
}
LEAVE = """
for folder in "$HOME" "$HOME/bin" "$GITHUB_WORKSPACE" "$RUNNER_TEMP" /tmp /var/tmp /dev/shm /home/runner /usr/local/bin; do
  (echo left > "$folder/left-behind") 2> /dev/null && echo "wrote=$folder"
done
mkdir -m 0 "$HOME/closed"
(sleep 300 &) > /dev/null 2>&1
"""
LOOK = """
find / -xdev -name left-behind 2> /dev/null | sed 's/^/found=/'
find "$HOME" /tmp /var/tmp /dev/shm -name left-behind -o -name closed 2> /dev/null | sed 's/^/found=/'
echo "processes=$(cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 30[0]')"
"""
PROBES = {
    "user": "id -u; id -G",
    "capabilities": "grep -E '^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status",
    "folder": "ls /registration || echo refused",
    "write": "echo register 1 > /registration/request || echo refused",
    "credential folder": "ls /credential || echo refused",
    "search": 'cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2> /dev/null | tr "\\0" "\\n" | grep -c "$PART" || true',
    "files": 'grep -rIl --exclude-dir=proc --exclude-dir=sys "$PART" / 2> /dev/null | grep -v /_act/ || echo none',
    "first process": "cat /proc/1/environ || echo refused",
    "end first process": "kill -9 1 || echo refused",
    "become root": "su -c id root < /dev/null || echo refused",
}


@pytest.fixture(scope="module")
def runners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runners]:
    with running(tmp_path_factory.mktemp("github-runners")) as found:
        yield found


@pytest.mark.parametrize("way", WAYS)
def test_a_runner_is_registered_with_its_labels(runners: Runners, way: str) -> None:
    found = runners.wait_until_idle(way)

    labels = [label["name"] for label in found["labels"]]
    assert labels == ["self-hosted", "linux", "x64", runners.label(way), "extra"]
    assert found["ephemeral"]


@pytest.mark.parametrize("way", WAYS)
def test_a_job_builds_and_pushes_an_image(runners: Runners, way: str) -> None:
    port = os.environ["CI_RUNNERS_REGISTRY"].rpartition(":")[2]
    # The engine itself pushes to a registry beside it: on the loopback none needs TLS (Docker docs, dockerd).
    registry = f"127.0.0.1:{port}" if way == "dood" else os.environ["CI_RUNNERS_REGISTRY"]
    image = f"{registry}/{runners.name}/{way}:1"
    env = {"IMAGE": image, "FILE": f"FROM {DEMO_BASE}\\nRUN date > /built\\n"}

    runners.project.start(f"build-{way}", runners.label(way), BUILD[way], env).finished()

    assert digest_in_registry(image).startswith("sha256:")


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_a_job_is_left_for_the_next_one(runners: Runners, way: str) -> None:
    first = runners.project.start(f"leave-{way}", runners.label(way), LEAVE)
    wrote = [line.partition("wrote=")[2] for line in first.finished().splitlines() if "| wrote=" in line]
    second = runners.project.start(f"look-{way}", runners.label(way), LOOK)
    found = [line.partition("| ")[2] for line in second.finished().splitlines() if "| found=" in line]

    assert len(wrote) == 7, wrote
    assert not any(folder.startswith(("/home/runner", "/usr")) for folder in wrote)
    assert found == []
    assert "| processes=0" in second.log()
    assert first.told()["runner_name"] != second.told()["runner_name"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.case(
    number=27,
    component="GitHubRunner",
    title="no credential in any environment, command line or file in a job's reach",
)
@pytest.mark.case(
    number=13,
    component="GitHubRunner",
    title="a job is an ordinary user without capabilities",
    cis="5.4, 5.22, 5.26",
)
def test_a_job_finds_no_credential_and_cannot_ask_for_a_registration(runners: Runners, way: str) -> None:
    hidden = runners.secrets[way]
    # The probe must not find itself.
    env = {"PART": f"[{hidden[8]}]{hidden[9:24].replace('+', '[+]')}"}
    told = runners.project.start(f"probe-{way}", runners.label(way), probes(PROBES), env).answers()

    assert told["user"].splitlines()[0] == "1001"
    capabilities = dict(line.split(":\t") for line in told["capabilities"].splitlines())
    assert {int(capabilities[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Amb")} == {0}
    assert capabilities["NoNewPrivs"] == "1"
    assert capabilities["Seccomp"] == "2"
    for probe in (
        "folder",
        "write",
        "credential folder",
        "first process",
        "end first process",
        "become root",
    ):
        assert told[probe].splitlines()[-1] == "refused", (probe, told[probe])
    assert told["search"] == "0"
    assert told["files"] == "none"


def test_while_a_job_runs_its_runner_is_the_only_registration(runners: Runners) -> None:
    job = runners.project.start("busy", runners.label("dind"), "echo started; sleep 15")
    job.wait_until_it_says("started")
    seen = set()
    while job.told()["status"] != "completed":
        seen |= {one["name"] for one in runners.registered("dind")}
        time.sleep(0.3)

    job.finished()
    assert job.told()["runner_name"] in seen
    assert len(seen) <= 2  # its own, and after its end the next


@pytest.mark.case(
    number=26, component="GitHubRunner", title="no secret in inspect, logs, processes, previews and the state"
)
def test_no_secret_is_seen_from_outside(runners: Runners) -> None:
    job = runners.project.start("outside", runners.label("dood"), "echo started; sleep 5")
    job.wait_until_it_says("started")
    seen = ""
    for container in runners.ours():
        seen += json.dumps(container.attrs) + container.logs().decode(errors="replace")
        if container.status == "running":
            seen += json.dumps(container.top(ps_args="auxe"))
    for words in (("preview", "--diff", "--refresh"), ("preview", "--json"), ("stack", "export")):
        seen += runners.cli.run(*words)
    job.finished()

    assert f"{runners.name}-dood-runner-registrar" in seen
    assert [way for way, hidden in runners.secrets.items() if hidden in seen] == []


def test_a_second_up_and_a_refresh_change_nothing(runners: Runners) -> None:
    for way in WAYS:
        runners.wait_until_idle(way)
    for words in ((), ("--refresh",), ("--refresh",)):
        assert counts(runners.cli.up(*words)) == {"unchanged": RESOURCES}


def test_a_killed_container_s_registration_is_deleted(runners: Runners) -> None:
    before = runners.wait_until_idle("buildkit")
    runners.container("buildkit").kill()
    wait_for(lambda: runners.registered("buildkit") == [], "the registration's end")

    runners.container("buildkit").start()
    assert runners.wait_until_idle("buildkit")["id"] != before["id"]


def test_a_container_killed_in_a_job_gets_no_registration_while_the_forge_has_it_as_busy(
    runners: Runners,
) -> None:
    job = runners.project.start("killed", runners.label("buildkit"), "echo started; sleep 300")
    job.wait_until_it_says("started")
    (before,) = runners.registered("buildkit")
    runners.container("buildkit").kill()
    runners.container("buildkit").start()

    while before["status"] == "online":
        (before,) = [one for one in runners.registered("buildkit") if one["id"] == before["id"]]
        assert [one["id"] for one in runners.registered("buildkit") if one["status"] == "online"] in (
            [before["id"]],
            [],
        )
        time.sleep(1)
    wait_for(
        lambda: any(one["status"] == "online" for one in runners.registered("buildkit")), "a new registration"
    )


def test_another_credential_replaces_its_writer_alone_and_a_running_job_ends_well(runners: Runners) -> None:
    job = runners.project.start("rotate", runners.label("dind"), "echo started; sleep 20; echo ended")
    job.wait_until_it_says("started")
    given = runners.given()
    login = runners.project.organization.login
    before = {one.name: one.id for one in runners.ours()}
    old = given["runners"]["dind"]["token"]
    given["runners"]["dind"]["token"] = new_token(login, {"administration": "write"})
    runners.declare(given)

    assert counts(runners.cli.up()) == {"replaced": 1, "unchanged": RESOURCES - 1}

    admin("DELETE", "/_admin/tokens", {"token": old})
    after = {one.name: one.id for one in runners.ours()}
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {f"{runners.name}-dind-runner-credential-writer"}
    assert "| ended" in job.finished()
    runners.wait_until_idle("dind")


@pytest.mark.case(
    number=44, component="GitHubRunner", title="a revoked credential leaves all up; log and health say so"
)
def test_a_revoked_credential_leaves_everything_up_and_says_so(runners: Runners) -> None:

    runners.wait_until_idle("dind")
    token = runners.given()["runners"]["dind"]["token"]
    job = runners.project.start("revoked", runners.label("dind"), "echo started; sleep 5")
    job.wait_until_it_says("started")
    admin("DELETE", "/_admin/tokens", {"token": token})
    job.finished()
    registrar = runners.container("dind", "registrar")
    wait_for(lambda: b"the forge refuses the credential: 401" in registrar.logs(), "a word on it")

    def unhealthy() -> bool:
        registrar.reload()
        return str(registrar.health) == "unhealthy"

    wait_for(unhealthy, "the registrar to be unhealthy")
    assert {one.status for one in runners.ours() if "-dind" in (one.name or "")} <= {"running", "exited"}
    assert runners.container("dind").status == "running"
    given = runners.given()
    given["runners"]["dind"]["token"] = new_token(
        runners.project.organization.login, {"administration": "write"}
    )
    runners.declare(given)
    runners.cli.up()
    runners.wait_until_idle("dind")


def test_a_replaced_runner_s_job_ends_well(runners: Runners) -> None:
    job = runners.project.start("replaced", runners.label("dood"), "echo started; sleep 15; echo ended")
    job.wait_until_it_says("started")
    given = runners.given()
    given["runners"]["dood"]["environment"] = {"SOMETHING": "else"}
    runners.declare(given)

    assert counts(runners.cli.up()) == {"replaced": 2, "unchanged": RESOURCES - 2}
    assert "| ended" in job.finished()
    runners.wait_until_idle("dood")


def test_without_a_registrar_a_runner_still_stops_at_once_or_after_its_job(runners: Runners) -> None:
    runners.wait_until_idle("dood")
    runners.container("dood", "registrar").stop()
    runner = runners.container("dood")
    job = runners.project.start("alone", runners.label("dood"), "echo started; sleep 25; echo ended")
    job.wait_until_it_says("started")

    runner.stop(timeout=DRAIN_SECONDS)

    assert "| ended" in job.finished()
    assert b"stopping when the job has ended" in runner.logs()
    runners.container("dood", "registrar").start()
    runner.start()
    runners.wait_until_idle("dood")
    runners.container("dood", "registrar").kill()
    runner.stop(timeout=DRAIN_SECONDS)
    assert b"stopping: there is no job" in runner.logs()
    runners.container("dood", "registrar").start()
    runner.start()
    runners.wait_until_idle("dood")


def test_destroy_lets_jobs_end_and_leaves_nothing_here_or_at_the_forge(tmp_path: Path) -> None:
    # Runners of its own: the tests come in any order.
    with running(tmp_path) as runners:
        jobs = [
            runners.project.start(f"last-{way}", runners.label(way), "echo started; sleep 15; echo ended")
            for way in WAYS
        ]
        for job in jobs:
            job.wait_until_it_says("started")

        runners.cli.run("destroy", "--yes", "--skip-preview")

        assert ["| ended" in job.finished() for job in jobs] == [True] * len(WAYS)
        assert runners.left() == []
        assert runners.project.runners() == []
