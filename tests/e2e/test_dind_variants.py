"""The variants of DinD: what a job that does its worst on one reaches, and what they cost in changes."""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import docker
import pytest
from docker.models.containers import Container

from ci_runners import Connection
from tests.e2e.conftest import Station, said
from tests.e2e.pulumi_cli import PulumiCli, counts

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import DindDaemon

for name, args in json.loads(Path("given.json").read_text()).items():
    pulumi.export(name, DindDaemon(name, args).connection)
"""
IMAGE = "debian:13.1-slim"
DAEMON = 9
"""Resources of one daemon: itself, network, four volumes, two containers; and the stack."""
TLS = {
    "DOCKER_HOST": "tcp://localhost:2376",
    "DOCKER_TLS_VERIFY": "1",
    "DOCKER_CERT_PATH": "/certs/client",
}
ALL_OF_IT = ("--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "--pid", "host", "-v", "/:/h")
"""What a job may ask its daemon for, short of `--privileged`."""


@dataclass(frozen=True, kw_only=True)
class Daemons(Station):
    """Daemons of a test's own, without runners. One that is given no name is called as `daemon_name` says."""

    def declare_daemon(self, **args: Any) -> None:  # noqa: ANN401  any argument's value
        """Say what the program declares from now on: one daemon."""
        registry = os.environ["CI_RUNNERS_REGISTRY"]
        mirrors = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
        given = {**args, "daemon_json": {**mirrors, **args.get("daemon_json", {})}}
        (self.cli.directory / "given.json").write_text(json.dumps({self.daemon_name: given}))

    def docker(self, *words: str) -> tuple[int, str]:
        """A docker command over TLS, as a job gives it."""
        return self.shell('exec docker "$@"', *words)

    def shell(self, script: str, *words: str) -> tuple[int, str]:
        """A script in the daemon's container whose docker commands go over TLS."""
        ran = self.daemon().exec_run(["sh", "-c", script, "sh", *words], environment=TLS)
        return cast(int, ran.exit_code), cast(bytes, ran.output).decode()


@pytest.fixture
def daemons(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Daemons]:
    name = f"e2e-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    one = Daemons(cli=cli, engine=engine, name=name, token="")
    try:
        yield one
    finally:
        one.remove()


@pytest.fixture
def disk() -> str:
    """Major and minor number of a disk of the host's."""
    lines = Path("/proc/partitions").read_text().splitlines()[2:]
    assert lines, "this host shows no disk in /proc/partitions"
    return " ".join(lines[0].split()[:2])


def node_of(disk: str) -> tuple[str, ...]:
    """The command that makes a node of the host's disk: the kernel lets only the host's root do it."""
    return ("mknod", "/disk", "b", *disk.split())


def capabilities(container: Container, kind: str) -> int:
    status = dict(line.split(":", 1) for line in said(container, "cat", "/proc/1/status").splitlines())
    return int(status[kind], 16)


@pytest.mark.case(
    number=13,
    component="DindDaemon, `rootless`",
    title="an ordinary user with two capabilities",
    cis="5.4, 5.5",
)
def test_a_rootless_daemon_is_an_ordinary_user_and_builds_over_tls(daemons: Daemons) -> None:
    daemons.declare_daemon(variant="rootless")
    daemons.cli.up()

    daemon = daemons.daemon()
    assert daemon.attrs["HostConfig"]["Privileged"] is False
    assert capabilities(daemon, "CapEff") == 0
    set_group_and_user_id = 1 << 6 | 1 << 7
    assert capabilities(daemon, "CapBnd") == set_group_and_user_id
    assert said(daemon, "sh", "-c", "stat -c %u /proc/$(pidof dockerd)").strip() == "1000"
    assert said(daemon, "stat", "-c", "%u %g %a", "/certs/server/key.pem").split() == ["0", "1000", "640"]
    assert said(daemon, "ls", "/certs").split() == ["client", "server"]

    built = daemons.shell(f"printf 'FROM {IMAGE}\\nRUN id -u > /user\\n' | docker build -q -t built -")
    assert built[0] == 0, built[1]
    exit_code, shown = daemons.docker("run", "--rm", "built", "cat", "/user", "/proc/self/uid_map")
    assert exit_code == 0, shown
    user, first, _ = shown.splitlines()
    assert user == "0"
    assert first.split() == ["0", "1000", "1"]


def test_a_job_reaches_its_rootless_daemon_as_the_connection_says(daemons: Daemons) -> None:
    daemons.declare_daemon(variant="rootless")
    daemons.cli.up()

    connection = Connection.parse(daemons.cli.output(daemons.daemon_name))
    wiring = [
        *(f"--add-host={host}" for host in connection.job_extra_hosts),
        *(f"--volume={volume}" for volume in connection.job_volumes),
        *(f"--env={key}={value}" for key, value in connection.job_environment.items()),
    ]
    exit_code, shown = daemons.docker(
        "run", "--rm", *wiring, connection.job_image, "docker", "info", "--format", "{{.Name}}"
    )
    assert exit_code == 0, shown
    assert shown.splitlines()[-1] == daemons.daemon_name


@pytest.mark.case(
    number=15, component="DindDaemon", title="with the rootless variant there is no way to it", cis="5.5"
)
@pytest.mark.case(
    number=16, component="DindDaemon, `rootless`", title="it sees the daemon's files and none of the host's"
)
def test_a_job_on_a_rootless_daemon_reaches_neither_files_nor_disks_of_the_host(
    daemons: Daemons, tmp_path: Path, disk: str
) -> None:
    marker = tmp_path / "marker"
    marker.write_text("the host's")
    daemons.declare_daemon(variant="rootless")
    daemons.cli.up()
    assert daemons.docker("pull", IMAGE)[0] == 0

    # A container that may do all that its daemon can: it works, and sees the daemon's container for a host.
    inside = daemons.docker("run", "--rm", *ALL_OF_IT, IMAGE, "cat", "/h/etc/hostname")
    assert inside == (0, f"{daemons.daemon_name}\n")
    exit_code, shown = daemons.docker("run", "--rm", *ALL_OF_IT, IMAGE, "cat", f"/h{marker}")
    assert (exit_code, "No such file" in shown) == (1, True)
    exit_code, shown = daemons.docker(
        "run", "--rm", *ALL_OF_IT, IMAGE, "nsenter", "--target", "1", "--mount", "cat", str(marker)
    )
    assert exit_code != 0
    assert marker.read_text() not in shown
    exit_code, shown = daemons.docker("run", "--rm", *ALL_OF_IT, IMAGE, *node_of(disk))
    assert exit_code != 0
    assert "mknod: /disk: Operation not permitted" in shown

    exit_code, shown = daemons.docker(
        "run", "--rm", "--privileged", "-v", "/:/h", IMAGE, "cat", f"/h{marker}"
    )
    assert exit_code != 0
    assert marker.read_text() not in shown


@pytest.mark.case(
    number=15,
    component="DindDaemon",
    title="a privileged job makes a node of the host's disk, `userns_remap` or not",
    cis="5.5",
    baseline=True,
)
def test_remapped_users_hold_until_a_job_asks_for_the_daemons_own(daemons: Daemons, disk: str) -> None:
    daemons.declare_daemon(accept_privileged=True, daemon_json={"userns_remap": True})
    daemons.cli.up()
    assert daemons.docker("pull", IMAGE)[0] == 0

    exit_code, shown = daemons.docker("run", "--rm", IMAGE, "cat", "/proc/self/uid_map")
    assert exit_code == 0, shown
    # The image's own user for it, dockremap, has these.
    assert shown.split() == ["0", "165536", "65536"]
    exit_code, shown = daemons.docker("run", "--rm", "--cap-add", "ALL", IMAGE, *node_of(disk))
    assert exit_code != 0
    assert "mknod: /disk: Operation not permitted" in shown
    exit_code, shown = daemons.docker("run", "--rm", "--privileged", IMAGE, "true")
    assert exit_code != 0
    assert "incompatible with user namespaces" in shown

    # This is why it needs consent all the same.
    asked = ("--privileged", "--userns=host")
    assert daemons.docker("run", "--rm", *asked, IMAGE, *node_of(disk)) == (0, "")


@pytest.mark.parametrize(
    "args",
    [{"variant": "rootless"}, {"accept_privileged": True, "daemon_json": {"userns_remap": True}}],
    ids=["rootless", "userns_remap"],
)
def test_nothing_changes_by_itself_and_nothing_stays(daemons: Daemons, args: dict[str, Any]) -> None:
    daemons.declare_daemon(**args)
    daemons.cli.run("preview")
    daemons.cli.up()
    volumes = daemons.volumes()

    assert counts(daemons.cli.up("--expect-no-changes")) == {"unchanged": DAEMON}
    for _ in range(2):
        assert counts(daemons.cli.up("--refresh", "--expect-no-changes")) == {"unchanged": DAEMON}

    daemons.cli.run("destroy", "--yes", "--skip-preview")
    assert daemons.left(volumes) == {}


def test_a_rootless_daemon_gets_all_that_it_needs_however_it_comes_to_be(daemons: Daemons) -> None:
    daemons.declare_daemon(accept_privileged=True)
    daemons.cli.up()
    privileged = daemons.volumes()

    daemons.declare_daemon(variant="rootless")
    daemons.cli.up()
    assert daemons.volumes() & privileged == set()
    assert daemons.docker("run", "--rm", IMAGE, "echo", "it runs")[1].endswith("it runs\n")

    # A refresh forgets one of its options, and a new container must not lack it.
    daemons.cli.run("refresh", "--yes", "--skip-preview")
    daemons.declare_daemon(variant="rootless", flags=["--debug"])
    assert counts(daemons.cli.up()) == {"replaced": 1, "unchanged": DAEMON - 1}
    assert daemons.docker("run", "--rm", IMAGE, "echo", "it runs") == (0, "it runs\n")


def test_a_killed_rootless_daemon_starts_again_as_its_restart_policy_has_it(daemons: Daemons) -> None:
    daemons.declare_daemon(variant="rootless")
    daemons.cli.up()
    assert daemons.docker("pull", IMAGE)[0] == 0

    for _ in range(2):
        daemons.daemon().kill()
        daemons.daemon().start()
        answered = daemons.shell("timeout 60 sh -c 'until docker info; do sleep 1; done'")
        assert answered[0] == 0, daemons.daemon().logs(tail=20).decode()
    assert daemons.docker("run", "--rm", IMAGE, "echo", "it runs") == (0, "it runs\n")


def test_data_alone_stays_and_is_found_again(daemons: Daemons) -> None:
    mark = "/var/lib/docker/mark"
    daemons.declare_daemon(accept_privileged=True)
    daemons.cli.up()
    said(daemons.daemon(), "touch", mark)

    daemons.declare_daemon(data_only=True)
    assert counts(daemons.cli.up()) == {"deleted": 5, "unchanged": DAEMON - 5}
    assert daemons.left(set()) == {"volumes": [f"{daemons.daemon_name}-ca", f"{daemons.daemon_name}-storage"]}
    assert daemons.cli.output(daemons.daemon_name) == ""
    assert counts(daemons.cli.up("--refresh", "--expect-no-changes")) == {"unchanged": DAEMON - 5}

    daemons.declare_daemon(accept_privileged=True)
    daemons.cli.up()
    said(daemons.daemon(), "ls", mark)


def test_without_sysbox_on_the_host_the_engine_says_that_it_has_no_such_runtime(daemons: Daemons) -> None:
    if "sysbox-runc" in daemons.engine.info()["Runtimes"]:
        pytest.skip("this engine has Sysbox")
    daemons.declare_daemon(variant="sysbox")

    failed = daemons.cli.attempt("up", "--yes", "--skip-preview")

    assert failed.returncode != 0
    assert "sysbox-runc" in failed.stdout
    daemons.cli.run("destroy", "--yes", "--skip-preview")
    assert daemons.left(set()) == {}
