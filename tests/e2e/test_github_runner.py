"""GitHub runners on each kind of daemon: registered at the sandbox, with real jobs, killed, rotated and removed."""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from bootstrap.stand_in_images import DEMO_BASE
from bootstrap.station import digest_in_registry
from tests.e2e.github_forge import address
from tests.e2e.github_jobs import Project, admin, engine_socket, new_app, new_token, probes, wait_for
from tests.e2e.pulumi_cli import PulumiCli, counts

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import BuildkitDaemon, DindDaemon, HostDaemon
from ci_runners.runners.github import GitHubRunner

given = json.loads(Path("given.json").read_text())
kinds = {"dind": DindDaemon, "dood": HostDaemon, "buildkit": BuildkitDaemon}
for way, args in given["daemons"].items():
    name = f"{given['name']}-{way}"
    daemon = kinds[way](name, {"tags": [name], **args})
    if way in given["runners"]:
        GitHubRunner(f"{name}-runner", {"connection": daemon.connection, **given["runners"][way]})
"""
WAYS = ["dind", "dood", "buildkit"]
RESOURCES = 1 + 7 + 3 + 10 + 3 * 8
"""The stack; DinD, the host's engine and BuildKit with what they need; three runners of eight."""
DRAIN_SECONDS = 120

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


@dataclass(frozen=True, kw_only=True)
class Runners:
    """Daemons with a GitHub runner each."""

    cli: PulumiCli
    engine: docker.DockerClient
    name: str
    project: Project
    secrets: Mapping[str, str]
    """What no one may see, by way."""

    def label(self, way: str) -> str:
        return f"{self.name}-{way}"

    def container(self, way: str, part: str = "1") -> Container:
        return self.engine.containers.get(f"{self.name}-{way}-runner-{part}")

    def registered(self, way: str) -> list[dict[str, Any]]:
        """A way's runners at the forge."""
        return [one for one in self.project.runners() if one["name"].startswith(f"{self.name}-{way}-runner-")]

    def wait_until_idle(self, way: str) -> dict[str, Any]:
        """Wait for the one runner of a way to be online and without a job."""

        def idle() -> bool:
            return [(one["status"], one["busy"]) for one in self.registered(way)] == [("online", False)]

        wait_for(idle, f"one idle runner of {way}")
        return self.registered(way)[0]

    def given(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.cli.directory / "given.json").read_text())
        return found

    def declare(self, given: dict[str, Any]) -> None:
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def ours(self) -> list[Container]:
        found = self.engine.containers.list(all=True, ignore_removed=True)
        return [one for one in found if (one.name or "").startswith(self.name)]

    def left(self) -> list[str]:
        """Every container, volume and network of ours."""
        volumes = [each.name or "" for each in self.engine.volumes.list()]
        networks = [each.name or "" for each in self.engine.networks.list()]
        names = [*(each.name or "" for each in self.ours()), *volumes, *networks]
        return sorted(name for name in names if name.startswith(self.name))

    def remove(self) -> None:
        """Remove everything without asking Pulumi: the last resort after a failed test."""
        for container in self.ours():
            container.remove(force=True, v=True)
        for volume in self.engine.volumes.list():
            if (volume.name or "").startswith(self.name):
                volume.remove()
        for network in self.engine.networks.list():
            if (network.name or "").startswith(self.name):
                network.remove()
        for image in self.engine.images.list():
            for tag in image.tags:
                if f"/{self.name}/" in tag:
                    self.engine.images.remove(tag)


def declared(name: str, project: Project, credentials: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What the program declares: with a token for a repository, with an App, and with an organization's token."""
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    registries = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
    repository, organization = f"{address()}/{project.path}", f"{address()}/{project.organization.login}"
    where = {"dind": repository, "dood": repository, "buildkit": organization}
    return {
        "name": name,
        "daemons": {
            "dind": {"accept_privileged": True, "daemon_json": registries},
            "dood": {"accept_host_root": True, "socket": engine_socket()},
            "buildkit": {"socket": engine_socket(), **registries},
        },
        "runners": {
            way: {
                "url": where[way],
                "runner_labels": ["extra"],
                "drain_seconds": DRAIN_SECONDS,
                **credentials[way],
            }
            for way in WAYS
        },
    }


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Runners]:
    """Three daemons, each with a runner that is registered."""
    name = f"ghr-{secrets.token_hex(3)}"
    project = Project()
    project.create()
    login = project.organization.login
    credentials: dict[str, dict[str, Any]] = {
        "dind": {"token": new_token(login, {"administration": "write"})},
        "dood": {"app": new_app(login, {"administration": "write"})},
        "buildkit": {"token": new_token(login, {"organization_self_hosted_runners": "write"})},
    }
    # Of a key one line tells as much as the whole.
    hidden = {
        way: given["token"] if "token" in given else given["app"]["private_key"].splitlines()[3]
        for way, given in credentials.items()
    }
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    with contextlib.closing(docker.from_env(timeout=180)) as engine:
        runners = Runners(cli=cli, engine=engine, name=name, project=project, secrets=hidden)
        runners.declare(declared(name, project, credentials))
        try:
            assert counts(cli.up()) == {"created": RESOURCES}
            yield runners
        finally:
            runners.remove()


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


def test_destroy_lets_jobs_end_and_leaves_nothing_here_or_at_the_forge(runners: Runners) -> None:
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
