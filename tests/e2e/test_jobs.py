"""What a job on a DinD daemon can do and cannot: a real GitLab Runner takes it from the sandbox."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import yaml

from bootstrap.station import connect, finished_pipeline
from tests.e2e.conftest import PROGRAM, Station
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.pushes import push
from tests.e2e.traces import answers

pytestmark = pytest.mark.e2e

PROBES = {
    "folders": "ls /certs",
    "authority": "cat /certs/ca/key.pem || echo refused",
    "write": "touch /certs/client/new || echo refused",
    "daemon": "docker version --format '{{.Server.Version}}'",
    "host": "echo $DOCKER_HOST $DOCKER_TLS_VERIFY $DOCKER_CERT_PATH",
    "containers": "docker ps --format '{{.Names}}'",
    "root": "docker run --rm --volume /:/outside $IMAGE ls /outside/etc/docker /outside$MARKER || echo absent",
    "keys": "docker run --rm --volume /:/outside $IMAGE grep -rl 'PRIVATE KEY' /outside/certs | sort",
    "plain": "(echo > /dev/tcp/docker/2375) 2>&1 || echo refused",
}


def pipeline(marker: Path) -> str:
    """One job that tries every probe; a line of its own before each says which one's answer follows."""
    script = [line for name, probe in PROBES.items() for line in (f"echo probe={name}", probe)]
    job = {
        "tags": ["dind"],
        "script": script,
        "variables": {"IMAGE": "docker:29.7.2-cli", "MARKER": str(marker)},
    }
    return yaml.safe_dump({"probe": job}, width=1000)


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Station, dict[str, str]]]:
    """A station with a registered runner, and what its one job saw."""
    name = f"job-{secrets.token_hex(3)}"
    folder = tmp_path_factory.mktemp(name)
    marker = folder / "marker-of-the-host"
    marker.write_text("the host's own file")
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    registration = {"runner_type": "project_type", "project_id": project.id, "tag_list": ["dind"]}
    token = forge.user.runners.create(registration).token  # type: ignore[union-attr]
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        station = Station(cli=cli, engine=engine, name=name, token=token)
        station.declare(daemon={"daemon_json": {"registry_mirrors": [f"http://{registry}"]}})
        try:
            cli.up()
            source = folder / "source"
            source.mkdir()
            commit = push(project, source, pipeline(marker), root_token)
            done = finished_pipeline(project, commit)
            trace = project.jobs.get(done.jobs.list(get_all=True)[0].id).trace()
            assert isinstance(trace, bytes)
            assert done.status == "success", trace.decode()
            yield station, answers(trace.decode())
        finally:
            station.remove()
            project.delete()


@pytest.mark.case(number=8, component="DindDaemon", title="no key of the authority in the job")
def test_a_job_sees_the_clients_certificate_and_no_key_of_the_authority(
    probed: tuple[Station, dict[str, str]],
) -> None:
    _, said = probed
    assert said["folders"].split() == ["client"]
    assert said["authority"].splitlines()[-1] == "refused"


@pytest.mark.case(number=8, component="DindDaemon", title="none in its daemon either")
def test_a_job_that_mounts_all_of_its_daemon_finds_no_key_of_the_authority(
    probed: tuple[Station, dict[str, str]],
) -> None:
    _, said = probed
    assert said["keys"].split() == ["/outside/certs/client/key.pem", "/outside/certs/server/key.pem"]


@pytest.mark.case(number=8, component="DindDaemon", title="the certificates are read-only")
def test_a_job_cannot_write_the_clients_certificate(probed: tuple[Station, dict[str, str]]) -> None:
    _, said = probed
    assert "Read-only file system" in said["write"]
    assert said["write"].splitlines()[-1] == "refused"


def test_a_job_reaches_its_daemon_over_tls_and_by_no_other_way(
    probed: tuple[Station, dict[str, str]],
) -> None:
    _, said = probed
    assert said["daemon"][0].isdigit()
    assert said["host"] == "tcp://docker:2376 1 /certs/client"
    assert "refused" in said["plain"].splitlines()


@pytest.mark.case(
    number=16, component="DindDaemon", title="it lists the daemon's containers and none of the host's"
)
def test_a_job_sees_the_containers_of_its_daemon_and_none_of_the_host(
    probed: tuple[Station, dict[str, str]],
) -> None:
    station, said = probed
    outside = {container.name for container in station.engine.containers.list(all=True, ignore_removed=True)}
    inside = set(said["containers"].split())
    assert station.runner_name in outside
    assert any(name.startswith("runner-") for name in inside)
    assert not inside & outside


@pytest.mark.case(
    number=16, component="DindDaemon", title="it sees the daemon's files and none of the host's"
)
def test_a_job_that_mounts_the_root_sees_the_daemons_and_not_the_hosts(
    probed: tuple[Station, dict[str, str]],
) -> None:
    _, said = probed
    assert "daemon.json" in said["root"]
    assert said["root"].splitlines()[-1] == "absent"
    assert "No such file" in said["root"]
