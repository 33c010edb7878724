"""Jobs on the host's own engine: straight through its socket, and through the proxy before it.

Real jobs, which a real GitLab Runner takes from the sandbox.
"""

import contextlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from docker.models.containers import Container
from gitlab.v4.objects import Project

from bootstrap.images import SANDBOX
from bootstrap.stand_in_images import DEMO_BASE
from bootstrap.station import connect, digest_in_registry, finished_pipeline
from ci_runners.connection import SOCKET
from ci_runners.connections import PROXY_FOLDER
from ci_runners.images import DOCKER_CLI
from ci_runners.render.socket_proxy import PROXY_USER
from tests.e2e.conftest import made_up_token, said
from tests.e2e.pulumi_cli import PulumiCli, counts
from tests.e2e.pushes import push
from tests.e2e.raw_requests import ASK, REQUESTS
from tests.e2e.traces import answers

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import GitLabRunner
from ci_runners.daemons.host import HostDaemon

given = json.loads(Path("given.json").read_text())
for name, args in given["daemons"].items():
    daemon = HostDaemon(name, args)
    pulumi.export(f"{name}-group", daemon.socket_group)
    pulumi.export(f"{name}-jobs", daemon.jobs_dir)
    pulumi.export(f"{name}-connection", daemon.connection)
    if name in given["tokens"]:
        wiring = {"url": given["url"], "token": given["tokens"][name], "connection": daemon.connection}
        GitLabRunner(f"{name}-runner", {**wiring, "pull_policies": ["if-not-present"]})
"""
RESOURCES = 1 + 2 * 4 + 2 * 3 + 2
"""The stack; two runners of four; two daemons, each with a look at the socket and a volume; one with a proxy and its
socket's."""
BOTH = {
    "direct": {"accept_host_root": True},
    "proxied": {"accept_host_root": True, "socket_proxy": True},
}

REFUSED = "refused by the socket proxy"


def engine_socket() -> str:
    """The socket of the engine that `bootstrap run` names."""
    return os.environ["DOCKER_HOST"].removeprefix("unix://")


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """Daemons of one program, all of the same engine."""

    cli: PulumiCli
    engine: docker.DockerClient
    name: str
    tokens: dict[str, str]

    def declare(self, **daemons: dict[str, Any]) -> None:
        """Say what the program declares from now on: the arguments of each, by the end of its name."""
        given = {
            "url": os.environ["CI_RUNNERS_SANDBOX_URL"],
            "tokens": {f"{self.name}-{end}": token for end, token in self.tokens.items()},
            "daemons": {
                f"{self.name}-{end}": {"socket": engine_socket(), "tags": [f"{self.name}-{end}"], **args}
                for end, args in daemons.items()
            },
        }
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def proxy(self) -> Container:
        return self.engine.containers.get(f"{self.name}-proxied-proxy")

    def left(self) -> list[str]:
        """Every container, volume and network whose name is one of ours."""
        there = [
            *(each.name or "" for each in self.engine.containers.list(all=True, ignore_removed=True)),
            *(each.name or "" for each in self.engine.volumes.list()),
            *(each.name or "" for each in self.engine.networks.list()),
        ]
        return sorted(name for name in there if name.startswith(self.name))

    def remove(self) -> None:
        """Remove everything without asking Pulumi: the last resort after a failed test."""
        for container in self.engine.containers.list(all=True, ignore_removed=True):
            if (container.name or "").startswith(self.name):
                container.remove(force=True, v=True)
        for volume in self.engine.volumes.list():
            # GitLab Runner's own volumes for a project's jobs stay when the runner goes.
            job = (volume.attrs["Labels"] or {}).get("com.gitlab.gitlab-runner.job.url", "")
            if (volume.name or "").startswith(self.name) or f"/{self.name}/" in job:
                volume.remove()
        for image in self.engine.images.list():
            for tag in image.tags:
                if f"{self.name}-" in tag:
                    self.engine.images.remove(tag)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What the jobs of one pipeline saw, by job and probe."""

    hosts: Hosts
    traces: dict[str, str]
    image: str

    def said(self, job: str) -> dict[str, str]:
        return answers(self.traces[job])


def script(probes: dict[str, str]) -> list[str]:
    """Lines of a job's script: each probe's name before what it says, and at its end how it ended."""
    return [
        *(
            line
            for name, probe in probes.items()
            for line in (f"echo probe={name}", f"({probe}) 2>&1 && echo ended=0 || echo ended=$?")
        ),
        "echo probe=end",
    ]


DIRECT = {
    "mount": 'echo seen > x; docker run --rm --volume "$PWD/x:/x:ro" $BASE cat /x',
    "root": "docker run --rm --volume /:/host:ro $BASE cat /host$MARKER",
    "groups": "cut -d: -f3 /etc/group",
}
USER = {
    "who": "id -u; id -G",
    "daemon": "docker version --format '{{.Server.Version}}'",
}
PROXIED = {
    "build": "docker build --quiet --tag $APP .",
    "cache mount": "docker build --quiet --tag $APP-cache --file cache-mount.Dockerfile .",
    "push": "docker push --quiet $APP",
    "pull": "docker pull --quiet $APP",
    "classic": "DOCKER_BUILDKIT=0 docker build --quiet --tag $APP-classic .",
    "tag": "docker tag $APP $NAME-victim:1",
    "host network": "docker build --no-cache --network host --progress plain --tag $APP-host"
    " --file host-network.Dockerfile .",
    "run": "docker run --rm --volume /:/host:ro $BASE cat /host$MARKER",
    "exec": "docker exec $NAME-proxied-runner true",
    "containers": "docker ps",
    "volume": "docker volume create $NAME-made",
    "network": "docker network create $NAME-made",
    "classic network": "DOCKER_BUILDKIT=0 docker build --network container:$NAME-proxied-runner .",
    "save": "docker save --output saved.tar $BASE",
    "remove": "docker rmi $NAME-victim:1",
    "socket": f"ls {SOCKET}",
    "replace": f"rm -f {PROXY_FOLDER}/docker.sock",
}
FILES = {
    "Dockerfile": f"FROM {DEMO_BASE}\nCOPY hello /hello\nRUN cat /hello\n",
    "cache-mount.Dockerfile": f"FROM {DEMO_BASE}\nRUN --mount=type=cache,target=/kept touch /kept/a\n",
    "host-network.Dockerfile": f"FROM {DEMO_BASE}\nRUN bash -c 'echo > /dev/tcp/127.0.0.1/PORT' && echo reached the host\n",
    "hello": "hello\n",
}


def pipeline(name: str, variables: dict[str, str]) -> str:
    """Three jobs: straight to the engine as root and as an ordinary user, and through the proxy."""
    jobs: dict[str, dict[str, Any]] = {
        "direct": {"tags": [f"{name}-direct"], "script": script(DIRECT)},
        "user": {
            "tags": [f"{name}-direct"],
            "image": {"name": DOCKER_CLI, "docker": {"user": "1000"}},
            "script": script(USER),
        },
        "proxied": {"tags": [f"{name}-proxied"], "script": script(PROXIED)},
    }
    return yaml.safe_dump({"variables": variables, **jobs}, width=1000)


def traces_of(project: Project, files: dict[str, str], text: str, token: str, folder: Path) -> dict[str, str]:
    """Push, wait for the pipeline, and return what each job wrote."""
    source = folder / "source"
    source.mkdir()
    for name, content in files.items():
        (source / name).write_text(content)
    done = finished_pipeline(project, push(project, source, text, token))
    traces = {job.name: project.jobs.get(job.id).trace().decode() for job in done.jobs.list(get_all=True)}
    assert done.status == "success", traces
    return traces


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Two daemons with a registered runner each, and what their jobs saw."""
    name = f"host-{secrets.token_hex(3)}"
    folder = tmp_path_factory.mktemp(name)
    marker = folder / "marker-of-the-host"
    marker.write_text("the host's own file\n")
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    tokens = {
        end: forge.user.runners.create(  # type: ignore[union-attr]
            {"runner_type": "project_type", "project_id": project.id, "tag_list": [f"{name}-{end}"]}
        ).token
        for end in ("direct", "proxied")
    }
    port = os.environ["CI_RUNNERS_REGISTRY"].rpartition(":")[2]
    # The engine itself pushes, to a registry beside it: on the loopback none needs TLS (Docker docs, dockerd).
    image = f"127.0.0.1:{port}/{name}-app:1"
    variables = {"NAME": name, "APP": image, "BASE": DEMO_BASE, "MARKER": str(marker)}
    files = {path: text.replace("PORT", port) for path, text in FILES.items()}
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        hosts = Hosts(cli=cli, engine=engine, name=name, tokens=tokens)
        hosts.declare(**BOTH)
        try:
            assert counts(cli.up()) == {"created": RESOURCES}
            engine.images.get(DOCKER_CLI).tag(f"{name}-victim", "1")
            traces = traces_of(project, files, pipeline(name, variables), root_token, folder)
            yield Ran(hosts=hosts, traces=traces, image=image)
        finally:
            project.delete()
            hosts.remove()


def test_the_sockets_group_is_read_on_the_engines_host(ran: Ran) -> None:
    group = Path(engine_socket()).stat().st_gid

    assert ran.hosts.cli.output(f"{ran.hosts.name}-direct-group") == str(group)
    assert ran.hosts.cli.output(f"{ran.hosts.name}-proxied-group") == str(group)
    assert str(group) not in ran.said("direct")["groups"].split()


def test_an_ordinary_user_in_a_job_reaches_the_engine_by_that_group_alone(ran: Ran) -> None:
    told = ran.said("user")
    user, *groups = told["who"].split()
    assert user == "1000"
    assert str(Path(engine_socket()).stat().st_gid) in groups
    assert told["daemon"].endswith("ended=0")

    with pytest.raises(docker.errors.ContainerError, match="permission denied"):
        ran.hosts.engine.containers.run(
            DOCKER_CLI,
            ["docker", "version"],
            name=f"{ran.hosts.name}-no-group",
            user="1000",
            network_mode="none",
            volumes=[f"{engine_socket()}:{SOCKET}:ro"],
            environment={"DOCKER_HOST": f"unix://{SOCKET}"},
            remove=True,
        )


def test_what_a_job_mounts_of_its_own_files_is_there(ran: Ran) -> None:
    assert ran.said("direct")["mount"].split() == ["seen", "ended=0"]


@pytest.mark.case(
    number=17, component="HostDaemon", title="a job reads the host's files", cis="5.32", baseline=True
)
def test_without_a_proxy_a_job_reads_every_file_of_the_host(ran: Ran) -> None:
    assert ran.said("direct")["root"].splitlines() == ["the host's own file", "ended=0"]


@pytest.mark.case(
    number=17,
    component="HostDaemon",
    title="a socket mounted `:ro` lets the same through",
    cis="5.32",
    baseline=True,
)
def test_a_socket_mounted_read_only_lets_the_same_through(hosts: Hosts) -> None:
    said_all = hosts.engine.containers.run(
        DOCKER_CLI,
        ["docker", "run", "--rm", "--volume", "/:/host:ro", DEMO_BASE, "ls", "/host/etc/passwd"],
        name=f"{hosts.name}-read-only",
        network_mode="none",
        volumes=[f"{engine_socket()}:{SOCKET}:ro"],
        environment={"DOCKER_HOST": f"unix://{SOCKET}"},
        remove=True,
    )

    assert said_all.decode().strip() == "/host/etc/passwd"


@pytest.mark.parametrize("probe", ["build", "cache mount", "push", "pull", "classic", "tag"])
def test_through_the_proxy_a_job_builds_and_pushes(ran: Ran, probe: str) -> None:
    assert ran.said("proxied")[probe].endswith("ended=0"), ran.traces["proxied"]


def test_what_was_pushed_through_the_proxy_is_in_the_registry(ran: Ran) -> None:
    assert digest_in_registry(ran.image).startswith("sha256:")


@pytest.mark.parametrize(
    "probe",
    ["run", "exec", "containers", "volume", "network", "classic network", "save", "remove"],
)
@pytest.mark.case(
    number=18,
    component="HostDaemon, `socket_proxy`",
    title="run, exec, list, volume, network, save, remove: refused",
    cis="5.32",
)
def test_through_the_proxy_a_job_can_do_nothing_else(ran: Ran, probe: str) -> None:
    told = ran.said("proxied")[probe]

    assert REFUSED in told
    assert not told.endswith("ended=0")
    assert "the host's own file" not in told


def test_a_job_behind_the_proxy_finds_no_socket_of_the_engine_and_cannot_replace_the_proxys(ran: Ran) -> None:
    told = ran.said("proxied")

    assert "No such file" in told["socket"]
    assert "Read-only file system" in told["replace"]


def test_the_proxy_does_not_stop_a_job_from_replacing_an_image_of_the_host(ran: Ran) -> None:
    engine, victim = ran.hosts.engine, f"{ran.hosts.name}-victim:1"

    assert engine.images.get(victim).id == engine.images.get(ran.image).id


def test_the_proxy_does_not_keep_a_build_off_the_hosts_network(ran: Ran) -> None:
    told = ran.said("proxied")["host network"]

    assert any(line.endswith("reached the host") and "RUN" not in line for line in told.splitlines()), told


@pytest.mark.case(
    number=13,
    component="HostDaemon, `socket_proxy`",
    title="nobody, no capability, no network, no file to write",
    cis="5.4, 5.12, 5.26",
)
def test_the_proxy_is_nobody_without_capabilities_network_or_a_file_to_write(ran: Ran) -> None:
    proxy = ran.hosts.proxy()
    host_config = proxy.attrs["HostConfig"]
    process = dict(line.split(":\t", 1) for line in said(proxy, "cat", "/proc/1/status").splitlines())

    assert (host_config["NetworkMode"], host_config["ReadonlyRootfs"]) == ("none", True)
    assert process["Uid"].split() == [str(PROXY_USER)] * 4
    assert int(process["CapEff"], 16) == int(process["CapPrm"], 16) == 0
    assert process["NoNewPrivs"].strip() == "1"


@pytest.fixture(scope="module")
def statuses(ran: Ran) -> dict[str, str]:
    """The status of every raw request, sent by an ordinary user through the proxy, by the request's name."""
    asked = {
        name: text.replace("BASE", DEMO_BASE).replace("NAME", ran.hosts.name)
        for name, (text, _) in REQUESTS.items()
    }
    said_all = ran.hosts.engine.containers.run(
        SANDBOX,
        ["-c", ASK],
        entrypoint="python3",
        name=f"{ran.hosts.name}-asker",
        user="1000",
        network_mode="none",
        volumes=[f"{ran.hosts.name}-proxied-proxy-socket:{PROXY_FOLDER}:ro"],
        environment={"REQUESTS": json.dumps(asked), "FOLDER": PROXY_FOLDER},
        remove=True,
    )
    found: dict[str, str] = json.loads(said_all)
    return found


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.case(
    number=18,
    component="HostDaemon, `socket_proxy`",
    title="some sixty ways round the filter: refused",
    cis="5.32",
)
def test_the_proxy_judges_every_request_by_itself(statuses: dict[str, str], request_name: str) -> None:
    expected = REQUESTS[request_name][1]

    assert statuses[request_name] in expected.split(), f"expected one of {expected}"


def test_a_job_finds_a_proxy_that_started_anew(ran: Ran) -> None:
    engine, hosts = ran.hosts.engine, ran.hosts
    job = engine.containers.run(
        DOCKER_CLI,
        ["sleep", "120"],
        name=f"{hosts.name}-waiting",
        detach=True,
        init=True,
        volumes=[f"{hosts.name}-proxied-proxy-socket:{PROXY_FOLDER}:ro"],
        environment={"DOCKER_HOST": f"unix://{PROXY_FOLDER}/docker.sock"},
    )
    proxy = hosts.proxy()
    proxy.kill()
    proxy.start()
    ready = "until docker version; do sleep 0.2; done"
    assert "Server" in said(job, "timeout", "60", "sh", "-c", ready)
    job.remove(force=True)


@pytest.fixture
def hosts(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Hosts]:
    """Daemons not yet declared, and runners of theirs whose token no GitLab gave: they start, and wait."""
    name = f"host-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    tokens = {end: made_up_token() for end in BOTH}
    made = Hosts(cli=cli, engine=engine, name=name, tokens=tokens)
    try:
        yield made
    finally:
        made.remove()


def test_daemons_stay_as_declared_and_leave_nothing(hosts: Hosts) -> None:
    cli = hosts.cli
    hosts.declare(**BOTH)
    assert counts(cli.run("preview")) == {"to create": RESOURCES}
    assert counts(cli.up()) == {"created": RESOURCES}
    assert counts(cli.up("--expect-no-changes")) == {"unchanged": RESOURCES}
    for _ in range(2):
        assert counts(cli.up("--refresh", "--expect-no-changes")) == {"unchanged": RESOURCES}
    assert {f"{hosts.name}-direct-jobs", f"{hosts.name}-proxied-proxy-socket"} <= set(hosts.left())

    assert counts(cli.run("destroy", "--yes", "--skip-preview")) == {"deleted": RESOURCES}

    assert hosts.left() == []


@pytest.mark.parametrize("args", [{}, {"socket_proxy": True}], ids=["direct", "proxied"])
@pytest.mark.case(
    number=17, component="HostDaemon", title="without `accept_host_root` nothing is created", cis="5.32"
)
def test_without_consent_nothing_is_created(hosts: Hosts, args: dict[str, Any]) -> None:
    hosts.declare(direct=args)

    done = hosts.cli.attempt("up", "--yes", "--skip-preview")

    assert done.returncode != 0
    assert "accept_host_root" in done.stdout
    assert "is root on this host" in done.stdout
    assert hosts.left() == []


def test_a_socket_that_is_not_there_is_named_and_no_folder_takes_its_place(
    hosts: Hosts, tmp_path: Path
) -> None:
    missing = tmp_path / "docker.sock"
    hosts.declare(direct={"accept_host_root": True, "socket": str(missing)})

    done = hosts.cli.attempt("up", "--yes", "--skip-preview")

    assert done.returncode != 0
    assert str(missing) in done.stdout
    assert not missing.exists()


def test_a_file_that_is_no_socket_is_named(hosts: Hosts, tmp_path: Path) -> None:
    other = tmp_path / "docker.sock"
    other.touch()
    hosts.declare(direct={"accept_host_root": True, "socket": str(other)})

    done = hosts.cli.attempt("up", "--yes", "--skip-preview")

    assert done.returncode != 0
    assert f"socket: got '{other}'" in done.stdout
    assert "Traceback" not in done.stdout
    assert stat.S_ISREG(other.stat().st_mode)
