"""One station through all four ways to build and back, on one word: a real runner, real jobs, real pushes."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from gitlab.v4.objects import Project

from bootstrap.station import connect, digest_in_registry, finished_pipeline
from ci_runners.connection import DaemonKind
from tests.e2e.conftest import LABEL
from tests.e2e.pulumi_cli import PulumiCli, counts
from tests.e2e.pushes import push
from tests.e2e.traces import answers

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
settings = Settings.load(
    given["station"], Secrets(runner_token=Secret(value=given["token"], is_secret=True))
)
secrets = StationSecrets(runner_token=pulumi.Output.secret(given["token"]))
station = BuildStation(settings.name, station_args(settings, secrets))
pulumi.export("pipeline", station.pipeline)
pulumi.export("builder", station.builder)
"""

DOCKERFILE = """\
FROM debian:13.1-slim
RUN head -c 1000000 /dev/zero | sha256sum > /sum
COPY greeting.txt /greeting.txt
"""
ORDER = [DaemonKind.DIND, DaemonKind.DOOD, DaemonKind.BUILDKIT, DaemonKind.KANIKO]
UNPRIVILEGED = (DaemonKind.BUILDKIT, DaemonKind.KANIKO)

PROBES = {
    "status": "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status",
    "socket": "ls /var/run/docker.sock /run/docker.sock 2>&1 || echo refused",
    "mount": "mount -t tmpfs none /mnt 2>&1 || echo refused",
    "device": "(mknod /tmp/disk b 254 0 && cat /tmp/disk) 2>&1 || echo refused",
    "kernel": "(echo h > /proc/sysrq-trigger) 2>&1 || echo refused",
    "devices": "ls /dev",
}


@dataclass(frozen=True, kw_only=True)
class Tour:
    """The station on its way: what each stop showed."""

    pipelines: dict[str, str]
    traces: dict[str, str]
    """By stop, then job: the traces of the rendered job and of the probes."""
    probes: dict[str, dict[str, str]]
    digests: dict[str, str]
    shown: dict[str, str]
    """What `pulumi up` wrote at each stop."""
    left: dict[str, list[str]]
    """What was there after `pulumi destroy`."""


def station_settings(name: str, builder: DaemonKind) -> dict[str, Any]:
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    return {
        "name": name,
        "builder": builder.value,
        "gitlab": {"url": os.environ["CI_RUNNERS_SANDBOX_URL"]},
        "registries": {"mirrors": [f"http://{registry}"], "insecure": [registry]},
        "dind": {"accept_privileged": True},
        "dood": {"accept_host_root": True, "socket": socket},
        "buildkit": {"socket": socket},
        "kaniko": {"socket": socket},
        "runner": {"pull_policies": ["if-not-present"]},
        "pipeline": {"image_name": f"{registry}/{name}/app"},
    }


def with_probes(pipeline: str) -> str:
    """The rendered pipeline, its job untouched, and a second job that looks around where the first one runs."""
    document = yaml.safe_load(pipeline)
    script = [line for name, probe in PROBES.items() for line in (f"echo probe={name}", probe)]
    build = document["build"]
    document["probe"] = {**{key: build[key] for key in ("stage", "image", "tags")}, "script": script}
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def jobs_of(project: Project, commit: str) -> dict[str, str]:
    """The traces of a commit's jobs, by name. Its pipeline must end well."""
    done = finished_pipeline(project, commit)
    traces = {}
    for job in done.jobs.list(get_all=True):
        trace = project.jobs.get(job.id).trace()
        assert isinstance(trace, bytes)
        traces[job.name] = trace.decode(errors="replace")
    assert done.status == "success", "\n".join(traces.values())
    return traces


def labelled(engine: docker.DockerClient, name: str) -> dict[str, list[str]]:
    """Everything on the engine that carries the station's name in our label, or in its own."""
    found: dict[str, Any] = {
        "containers": engine.containers.list(all=True, ignore_removed=True, filters={"label": LABEL}),
        "networks": engine.networks.list(filters={"label": LABEL}),
        "volumes": engine.volumes.list(),
    }
    mine = {
        kind: sorted(str(item.name) for item in items if str(item.name).startswith(name))
        for kind, items in found.items()
    }
    return {kind: names for kind, names in mine.items() if names}


def of_jobs(engine: docker.DockerClient, project: Project) -> dict[str, list[str]]:
    """What GitLab Runner itself has left on the engine for the project's jobs."""
    mine: dict[str, Any] = {"label": f"com.gitlab.gitlab-runner.project.id={project.id}"}
    found: list[Any] = [
        *engine.containers.list(all=True, ignore_removed=True, filters=mine),
        *engine.volumes.list(filters=mine),
        *engine.networks.list(filters=mine),
    ]
    return {"of jobs": [str(item.name) for item in found]} if found else {}


def remove(engine: docker.DockerClient, name: str) -> None:
    """Remove everything without asking Pulumi: the last resort after a failed test."""
    found = labelled(engine, name)
    for container in found.get("containers", []):
        engine.containers.get(container).remove(force=True, v=True)
    for network in found.get("networks", []):
        engine.networks.get(network).remove()
    for volume in found.get("volumes", []):
        engine.volumes.get(volume).remove(force=True)


def travel(cli: PulumiCli, project: Project, name: str, token: str, root_token: str) -> dict[str, Any]:
    """Up, push, job; at every way to build, and once more at the first."""
    seen: dict[str, Any] = {part: {} for part in ("pipelines", "traces", "probes", "digests", "shown")}
    source = cli.directory / "source"
    source.mkdir()
    (source / "Dockerfile").write_text(DOCKERFILE)
    (source / "greeting.txt").write_text("hello\n")
    for stop, kind in [(kind.value, kind) for kind in ORDER] + [("back", DaemonKind.DIND)]:
        given = {"station": station_settings(name, kind), "token": token}
        (cli.directory / "given.json").write_text(json.dumps(given))
        seen["shown"][stop] = cli.up()
        assert cli.output("builder") == kind.value
        pipeline = cli.output("pipeline")
        (source / "stop.txt").write_text(stop)  # a commit of its own
        commit = push(project, source, with_probes(pipeline), root_token)
        traces = jobs_of(project, commit)
        seen["pipelines"][stop], seen["traces"][stop] = pipeline, traces["build"]
        seen["probes"][stop] = answers(traces["probe"])
        seen["digests"][stop] = digest_in_registry(f"{os.environ['CI_RUNNERS_REGISTRY']}/{name}/app:{commit}")
    seen["shown"]["again"] = cli.up("--refresh", "--expect-no-changes")
    return seen


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    name = f"ways-{secrets.token_hex(3)}"
    folder = tmp_path_factory.mktemp(name)
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    tags = [kind.value for kind in DaemonKind]
    registration = {"runner_type": "project_type", "project_id": project.id, "tag_list": tags}
    token = forge.user.runners.create(registration).token  # type: ignore[union-attr]
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        try:
            seen = travel(cli, project, name, token, root_token)
            cli.run("destroy", "--yes", "--skip-preview")
            yield Tour(**seen, left={**labelled(engine, name), **of_jobs(engine, project)})
        finally:
            remove(engine, name)
            project.delete()


@pytest.mark.parametrize("kind", ORDER, ids=lambda kind: kind.value)
def test_the_same_application_is_built_and_pushed_by_the_rendered_pipeline(
    tour: Tour, kind: DaemonKind
) -> None:
    assert tour.digests[kind.value].startswith("sha256:")
    assert yaml.safe_load(tour.pipelines[kind.value])["build"]["tags"] == [kind.value]


def test_every_way_has_a_pipeline_of_its_own_and_the_way_back_has_the_first_one(tour: Tour) -> None:
    assert len(set(tour.pipelines.values())) == len(ORDER)
    assert tour.pipelines["back"] == tour.pipelines["dind"]


def test_the_layer_cache_of_the_first_daemon_is_still_warm_on_the_way_back(tour: Tour) -> None:
    assert "CACHED" not in tour.traces["dind"]
    assert "CACHED" in tour.traces["back"]


def test_a_switch_ends_the_runner_before_its_daemon_goes(tour: Tour) -> None:
    for stop, old in (("dood", "dind"), ("kaniko", "buildkit")):
        lines = tour.shown[stop].splitlines()
        gone = [
            at for at, line in enumerate(lines) if "runner-container" in line and "deleted original" in line
        ]
        daemon = [at for at, line in enumerate(lines) if f"-{old}-container" in line and " deleted" in line]
        assert gone, tour.shown[stop]
        assert daemon, tour.shown[stop]
        assert gone[-1] < daemon[-1]


@pytest.mark.parametrize("kind", UNPRIVILEGED, ids=lambda kind: kind.value)
@pytest.mark.case(
    number=13,
    component="jobs of BuildkitDaemon and Kaniko",
    title="capabilities as declared, no-new-privileges, seccomp, no socket, no device",
    cis="5.4, 5.5, 5.22, 5.26, 5.32",
)
def test_a_job_of_an_unprivileged_way_is_unprivileged_from_inside(tour: Tour, kind: DaemonKind) -> None:
    said = tour.probes[kind.value]
    status = dict(line.split(":") for line in said["status"].replace("\t", "").splitlines())
    sys_admin, mknod, net_admin = 21, 27, 12
    for mask in (int(status["CapEff"], 16), int(status["CapBnd"], 16)):
        assert not any(mask >> bit & 1 for bit in (sys_admin, mknod, net_admin))
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    for probe in ("socket", "mount", "device", "kernel"):
        assert said[probe].splitlines()[-1] == "refused", probe
    assert not {"vda", "sda", "kmsg", "mem", "loop0"} & set(said["devices"].split())


@pytest.mark.case(
    number=13,
    component="jobs of BuildkitDaemon and Kaniko",
    title="a job of HostDaemon has the socket",
    cis="5.32",
    baseline=True,
)
def test_the_same_probes_succeed_where_a_job_holds_the_hosts_socket(tour: Tour) -> None:
    """The baseline: what the unprivileged ways refuse is there with the socket."""
    said = tour.probes["dood"]
    assert "/var/run/docker.sock" in said["socket"]


def test_at_the_end_nothing_is_to_be_changed_and_nothing_is_left(tour: Tour) -> None:
    assert set(counts(tour.shown["again"])) == {"unchanged"}
    assert tour.left == {}
