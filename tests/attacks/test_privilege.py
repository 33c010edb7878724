"""What a container may do that was not meant to: its settings by CIS's checks, the usual ways out, a job's greed."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from docker.models.containers import Container

from tests.attacks.by_hand import NAIVE
from tests.attacks.grounds import BASE, JOB_MEMORY, Grounds
from tests.attacks.jobs import FORKS, TAKE_MB, Saw, process_of_the_host, the_disk
from tests.attacks.probes import MODULE, PROBES, as_one, ended_well
from tests.e2e.conftest import said
from tests.e2e.traces import answers

pytestmark = pytest.mark.e2e

UNPRIVILEGED = ("buildkit", "kaniko")
REFUSALS = re.compile(
    r"not permitted|[Pp]ermission denied|Read-only file system|No such file|must be superuser|can't open",
    re.MULTILINE,
)
"""What the kernel says to a probe that it does not let through; not that a program is missing."""
CHECKS = "5.4, 5.5, 5.6, 5.10, 5.11, 5.14, 5.16, 5.17, 5.21, 5.22, 5.26, 5.31, 5.32"
WHOLE_FOLDERS = {"/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr"}

# By the end of a container's name: the checks of CIS Docker Benchmark 1.6 that it does not pass, as declared.
SOCKET = {"5.32"}
ROOTLESS = {"5.22", "5.26"}
DECLARED = {
    "dind": {"5.4", "5.5", "5.22", "5.26"},
    "rootless": ROOTLESS,
    "buildkit": ROOTLESS,
    "buildkit-runner": SOCKET,
    "kaniko-runner": SOCKET,
    "dood-runner": SOCKET,
    "proxied-proxy": SOCKET,
    "dind-runner": set(),
}


SETGID, SETUID, NET_BIND_SERVICE = 6, 7, 10
DECLARED_CAPABILITIES = 1 << SETGID | 1 << SETUID | 1 << NET_BIND_SERVICE
"""What newuidmap needs in a rootless daemon, and Caddy's program to be started at all."""


def unmet(container: Container) -> set[str]:
    """The checks that a running container does not pass, by their ids."""
    made: dict[str, Any] = container.attrs["HostConfig"]
    status = dict(
        line.split(":\t", 1)
        for line in said(container, "cat", "/proc/1/status").splitlines()
        if ":\t" in line
    )
    sources = {mount["Source"] for mount in container.attrs["Mounts"] if mount["Type"] == "bind"}
    ports = (container.attrs["NetworkSettings"]["Ports"] or {}).values()
    engine_socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    checks = {
        "5.4": bool(int(status["CapBnd"], 16) & ~DECLARED_CAPABILITIES),
        "5.5": made["Privileged"],
        "5.6": bool(sources & WHOLE_FOLDERS),
        "5.10": made["NetworkMode"] == "host",
        "5.11": not made["Memory"],
        "5.14": any(each["HostIp"] in {"", "0.0.0.0", "::"} for port in ports for each in port or ()),
        "5.16": made["PidMode"] == "host",
        "5.17": made["IpcMode"] == "host",
        "5.21": made["UTSMode"] == "host",
        "5.22": status["Seccomp"].strip() != "2",
        "5.26": status["NoNewPrivs"].strip() != "1",
        "5.31": made["UsernsMode"] == "host",
        "5.32": any(source == engine_socket or source.endswith("docker.sock") for source in sources),
    }
    return {number for number, is_unmet in checks.items() if is_unmet}


@pytest.mark.case(
    number=13,
    component="every container that stays",
    title="unmet checks are the declared ones and no other",
    cis=CHECKS,
)
def test_containers_fail_the_declared_checks_and_no_other(grounds: Grounds) -> None:
    found = {(each.name or "").removeprefix(f"{grounds.name}-"): unmet(each) for each in grounds.containers()}

    assert found == DECLARED


@pytest.mark.case(
    number=13,
    component="every container that stays",
    title="a container without our settings fails them",
    cis=CHECKS,
    baseline=True,
)
def test_a_container_as_guides_start_it_fails_them_all(grounds: Grounds) -> None:
    engine_socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    ways: dict[str, dict[str, Any]] = {
        "host": {
            "network_mode": "host",
            "pid_mode": "host",
            "ipc_mode": "host",
            "uts_mode": "host",
            "userns_mode": "host",
        },
        "ports": {"ports": {"2375/tcp": None}},
    }
    made = [
        grounds.engine.containers.create(
            BASE,
            ["sleep", "60"],
            name=f"{grounds.name}-careless-{end}",
            privileged=True,
            volumes=[f"{engine_socket}:/var/run/docker.sock", "/etc:/h:ro"],
            **more,
        )
        for end, more in ways.items()
    ]
    for each in made:
        each.start()
        each.reload()
    try:
        # A container in the host's network publishes nothing, so it takes two.
        found = set().union(*(unmet(each) for each in made))
    finally:
        for each in made:
            each.remove(force=True)
    assert found == set(CHECKS.split(", "))


@pytest.fixture(scope="module")
def as_root(grounds: Grounds) -> dict[str, str]:
    """The same probes in a privileged container with the host's processes."""
    with process_of_the_host() as process:
        told = grounds.run(
            as_one({**PROBES, "module": MODULE}),
            privileged=True,
            pid_mode="host",
            environment={"PID": str(process), "DISK": the_disk()},
        )
    return answers("\n".join(f"O {line}" for line in told.splitlines()))


@pytest.mark.case(
    number=14,
    component="a job",
    title="in a privileged container every way is open",
    cis="5.5",
    baseline=True,
)
def test_in_a_privileged_container_every_way_out_is_open(as_root: dict[str, str]) -> None:
    assert [name for name in PROBES if not ended_well(as_root[name])] == []
    assert "not permitted" not in as_root["module"]


@pytest.mark.case(
    number=14,
    component="BuildkitDaemon and Kaniko",
    title="no way out of a job is open",
    cis="5.4, 5.22, 5.26",
)
@pytest.mark.parametrize("kind", UNPRIVILEGED)
@pytest.mark.parametrize("probe", PROBES)
def test_no_way_out_of_an_unprivileged_job_is_open(jobs: Saw, kind: str, probe: str) -> None:
    told = jobs[f"{kind} escape"].said[probe]

    assert not ended_well(told), told
    assert "not found" not in told


@pytest.mark.case(
    number=14, component="BuildkitDaemon and Kaniko", title="a job loads no kernel module", cis="5.4"
)
@pytest.mark.parametrize("kind", UNPRIVILEGED)
def test_an_unprivileged_job_loads_no_module(jobs: Saw, kind: str) -> None:
    assert "not permitted" in jobs[f"{kind} escape"].said["module"]


STANDING = ("rootless", "buildkit", "dind-runner", "dood-runner", "kaniko-runner")


@pytest.mark.case(
    number=14,
    component="rootless daemons and runners",
    title="no way out of the container is open",
    cis="5.4",
)
@pytest.mark.parametrize("end", STANDING)
def test_no_way_out_of_an_unprivileged_container_is_open(grounds: Grounds, end: str) -> None:
    container = grounds.container(end)
    with process_of_the_host() as process:
        words = ["sh", "-c", as_one(PROBES)]
        ran = container.exec_run(words, environment={"PID": str(process), "DISK": the_disk()})
    assert isinstance(ran.output, bytes)
    told = answers("\n".join(f"O {line}" for line in ran.output.decode(errors="replace").splitlines()))

    assert [name for name in PROBES if ended_well(told[name])] == []
    assert all(REFUSALS.search(told[name]) for name in PROBES if told[name].splitlines()[0] != "ended=1"), (
        told
    )


@pytest.mark.case(
    number=24,
    component="BuildkitDaemon and Kaniko",
    title="a set-user-ID shell stays an ordinary user",
    cis="5.26",
)
@pytest.mark.parametrize("kind", UNPRIVILEGED)
def test_a_set_user_id_shell_in_an_unprivileged_job_stays_an_ordinary_user(jobs: Saw, kind: str) -> None:
    told = jobs[f"{kind} rise"].said

    assert told["user"].splitlines()[0] == "1000"
    assert told["rise"].splitlines()[0] == "1000"


@pytest.mark.case(
    number=24,
    component="BuildkitDaemon and Kaniko",
    title="where new privileges are allowed the shell is root",
    cis="5.26",
    baseline=True,
)
def test_a_set_user_id_shell_in_a_job_with_the_hosts_socket_is_root(jobs: Saw) -> None:
    told = jobs["dood rise"].said

    assert told["user"].splitlines()[0] == "1000"
    assert told["rise"].splitlines()[0] == "0"


def _greatest(trace: str, word: str) -> Iterator[int]:
    yield from (int(number) for number in re.findall(rf"{word}=(\d+)", trace))


@pytest.mark.case(
    number=25,
    component="GitLabRunner",
    title=f"a job with job_memory {JOB_MEMORY} gets no more, forks or not; its daemon goes on",
    cis="5.11",
)
def test_a_greedy_job_is_ended_and_its_daemon_goes_on(jobs: Saw, grounds: Grounds) -> None:
    memory, forks = jobs["dind memory"], jobs["dind forks"]

    assert list(_greatest(memory.trace, "took")) == []
    assert max(_greatest(forks.trace, "forked"), default=0) < FORKS
    # Later jobs of the same daemon ran, and it still answers.
    assert jobs["victim"].status == "success"
    assert said(grounds.container("dind"), "docker", "--host", "unix:///var/run/docker.sock", "info")
    assert grounds.container("dind").attrs["State"]["OOMKilled"] is False


@pytest.mark.case(
    number=25, component="GitLabRunner", title="without job_memory it takes it all", cis="5.11", baseline=True
)
def test_without_a_limit_a_greedy_job_takes_it_all(jobs: Saw) -> None:
    assert list(_greatest(jobs[f"{NAIVE} memory"].trace, "took")) == [TAKE_MB]
    assert max(_greatest(jobs[f"{NAIVE} forks"].trace, "forked"), default=0) == FORKS
