"""Stations side by side on one host: neither sees the other's containers, images, caches or networks."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import docker
import pytest

from ci_runners.connection import Connection, DaemonKind
from tests.e2e.conftest import made_up_token, said
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.test_ways import labelled, remove, station_settings

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners.settings import Settings
from ci_runners.settings_secrets import Secret, Secrets
from ci_runners.station import BuildStation
from ci_runners.station_settings import StationSecrets, station_args

given = json.loads(Path("given.json").read_text())
for each in given["stations"]:
    settings = Settings.load(each, Secrets(runner_token=Secret(value=given["token"], is_secret=True)))
    secrets = StationSecrets(runner_token=pulumi.Output.secret(given["token"]))
    station = BuildStation(settings.name, station_args(settings, secrets))
    pulumi.export(settings.name, station.connection)
"""
WAYS = {
    "a": DaemonKind.DIND,
    "b": DaemonKind.DIND,
    "c": DaemonKind.BUILDKIT,
    "d": DaemonKind.BUILDKIT,
}
BUILD = "mkdir -p /tmp/app && printf 'FROM debian:13.1-slim\\nRUN echo {mark} > /mark\\n' > /tmp/app/Dockerfile && "
DOCKER_BUILD = BUILD + "docker build --progress plain --tag {mark} /tmp/app 2>&1"
BUILDCTL_BUILD = BUILD + (
    "buildctl --tlsdir $BUILDKIT_TLS_DIR build --progress plain --frontend dockerfile.v0"
    " --local context=/tmp/app --local dockerfile=/tmp/app 2>&1"
)
OPEN = "timeout 5 bash -c '</dev/tcp/{host}/{port}' 2>&1"


@dataclass(frozen=True, kw_only=True)
class Host:
    """Four stations on one engine."""

    engine: docker.DockerClient
    name: str
    connections: dict[str, Connection]

    def daemon(self, station: str) -> str:
        return f"{self.name}-{station}-{WAYS[station].value}"

    def in_daemon(self, station: str, script: str) -> str:
        """What a shell in a DinD daemon's container says: all that its jobs' client could see."""
        return said(self.engine.containers.get(self.daemon(station)), "sh", "-c", script)

    def as_job(self, station: str, script: str) -> str:
        """What a script says that runs as a job of a BuildKit station does: its image, network and mounts."""
        wired = self.connections[station]
        output = self.engine.containers.run(
            wired.job_image,
            entrypoint=["sh", "-c", script],
            network=wired.job_network,
            environment=dict(wired.job_environment),
            volumes=list(wired.job_volumes),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            remove=True,
            stderr=True,
        )
        return output.decode()

    def address(self, station: str) -> str:
        networks = self.engine.containers.get(self.daemon(station)).attrs["NetworkSettings"]["Networks"]
        return str(networks[self.daemon(station)]["IPAddress"])


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    name = f"two-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path_factory.mktemp(name), name=name, program=PROGRAM)
    stations = [station_settings(f"{name}-{station}", way) for station, way in WAYS.items()]
    (cli.directory / "given.json").write_text(json.dumps({"stations": stations, "token": made_up_token()}))
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        try:
            cli.up()
            connections = {station: Connection.parse(cli.output(f"{name}-{station}")) for station in WAYS}
            yield Host(engine=engine, name=name, connections=connections)
            cli.run("destroy", "--yes", "--skip-preview")
            assert labelled(engine, name) == {}
        finally:
            remove(engine, name)


@pytest.mark.case(
    number=19, component="DindDaemon", title="containers, images, volumes and networks of its own only"
)
def test_a_daemon_lists_its_own_containers_images_and_volumes_and_no_one_elses(host: Host) -> None:
    mark = "only-in-a"
    host.in_daemon("a", DOCKER_BUILD.format(mark=mark))
    host.in_daemon("a", f"docker run --detach --name {mark} --volume {mark}:/data {mark} sleep 600")
    host.in_daemon("a", f"docker network create {mark}")
    listing = (
        "docker ps --all --format '{{.Names}}'; docker images --format '{{.Repository}}';"
        " docker volume ls --format '{{.Name}}'; docker network ls --format '{{.Name}}'"
    )
    inside, other = host.in_daemon("a", listing).split(), host.in_daemon("b", listing).split()
    outside = {container.name for container in host.engine.containers.list(all=True, ignore_removed=True)}
    assert inside.count(mark) == 4
    assert mark not in other
    assert not outside & {*inside, *other}


@pytest.mark.case(number=19, component="DindDaemon", title="the other's cache is cold")
def test_a_cache_of_one_dind_daemon_is_cold_in_another(host: Host) -> None:
    build = DOCKER_BUILD.format(mark="a-cache")
    host.in_daemon("a", build)
    assert "CACHED" in host.in_daemon("a", build)
    assert "CACHED" not in host.in_daemon("b", build)


@pytest.mark.case(number=19, component="BuildkitDaemon", title="the other's cache is cold")
def test_a_cache_of_one_buildkit_daemon_is_cold_in_another(host: Host) -> None:
    build = BUILDCTL_BUILD.format(mark="c-cache")
    host.as_job("c", build)
    assert "CACHED" in host.as_job("c", build)
    assert "CACHED" not in host.as_job("d", build)


@pytest.mark.parametrize(("own", "other", "port"), [("c", "d", 1234), ("c", "a", 2376)])
@pytest.mark.case(number=7, component="BuildkitDaemon", title="a job of another station does not reach it")
def test_a_job_reaches_its_own_stations_daemon_and_no_other(
    host: Host, own: str, other: str, port: int
) -> None:
    reached = OPEN.format(host=host.address(own), port=1234) + " && echo open || echo closed"
    refused = OPEN.format(host=host.address(other), port=port) + " && echo open || echo closed"
    assert host.as_job(own, reached).splitlines()[-1] == "open"
    assert host.as_job(own, refused).splitlines()[-1] == "closed"


@pytest.mark.case(number=7, component="DindDaemon", title="a job of another station does not reach it")
def test_a_job_inside_a_daemon_reaches_no_other_stations_daemon(host: Host) -> None:
    # The time limit is inside: a client passes its signal on to a first process, which does not heed it.
    probe = 'timeout 5 bash -c "</dev/tcp/{host}/{port}"'
    open_port = f"docker run --rm debian:13.1-slim {probe} 2>&1; echo exit=$?"
    host.in_daemon("a", "docker pull --quiet debian:13.1-slim")
    own = host.in_daemon("a", open_port.format(host=host.address("a"), port=2376))
    assert own.splitlines()[-1] == "exit=0", own
    for other, port in (("b", 2376), ("c", 1234)):
        said_of_it = host.in_daemon("a", open_port.format(host=host.address(other), port=port))
        assert said_of_it.splitlines()[-1] != "exit=0", said_of_it


@pytest.mark.case(number=2, component="BuildkitDaemon", title="another station's is refused", cis="2.7")
def test_the_certificate_of_one_station_opens_no_other(host: Host) -> None:
    """Even a job that got into another station's network would be refused."""
    wired = host.connections["c"]
    script = f"buildctl --addr tcp://{host.daemon('d')}:1234 --tlsdir $BUILDKIT_TLS_DIR debug workers 2>&1 || echo refused"
    output = host.engine.containers.run(
        wired.job_image,
        entrypoint=["sh", "-c", script],
        network=host.connections["d"].job_network,
        environment=dict(wired.job_environment),
        volumes=list(wired.job_volumes),
        remove=True,
        stderr=True,
    ).decode()
    assert output.splitlines()[-1] == "refused"
    assert "certificate" in output
