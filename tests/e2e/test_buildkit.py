"""A rootless buildkitd on the real engine: who builds on it, who does not reach it, what it may do, what outlives it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_runners.certificate import expiry
from ci_runners.images import DOCKER_CLI
from tests.e2e.buildkitd import BUILDX, RESOURCES, Buildkitd, deployed, is_cached
from tests.e2e.conftest import said
from tests.e2e.pulumi_cli import counts

pytestmark = pytest.mark.e2e

OWN_PAIR = (
    "mkdir /tmp/own && cd /tmp/own && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own"
    " -addext extendedKeyUsage=clientAuth -keyout key.pem -out cert.pem 2>/dev/null && "
)
PROBES = {
    "mount": "mount -t tmpfs none /mnt",
    "device": "mknod /tmp/disk b 7 0",
    "kernel": "cat /proc/sys/vm/swappiness > /proc/sys/vm/swappiness",
}
"""What root of the host may do."""
TRY_PROBES = "; ".join(f"({probe}) 2>/dev/null && echo {name} done" for name, probe in PROBES.items())


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildkitd]:
    """One daemon for all tests that change nothing of it."""
    with deployed(tmp_path_factory.mktemp("shared"), tls_names=["build.example.com"]) as one:
        yield one


def ask(host: str, *, ca: str = "/certs/client/ca.pem", pair: str = "/certs/client") -> str:
    """The command that asks the daemon for its workers."""
    files = f"--tlscacert {ca} --tlscert {pair}/cert.pem --tlskey {pair}/key.pem"
    return f"buildctl --addr tcp://{host}:1234 {files} debug workers"


def show(host: str, pair: str) -> str:
    """A client that shows a certificate to everyone: buildctl keeps back one that the daemon would not know.

    In TLS 1.2 the answer is part of the handshake, so that it is there before the client ends.
    """
    shown = f"-cert {pair}/cert.pem -key {pair}/key.pem" if pair else ""
    files = f"-CAfile /certs/client/ca.pem {shown}"
    return f"openssl s_client -connect {host}:1234 {files} -tls1_2 -alpn h2 </dev/null 2>&1; true"


def facts(status: str) -> dict[str, str]:
    """What a /proc/<pid>/status says."""
    return dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)


def test_the_daemon_is_ready_when_it_is_up(daemon: Buildkitd) -> None:
    assert daemon.container().attrs["State"]["Health"]["Status"] == "healthy"


def test_a_job_builds_and_pushes_and_the_next_one_finds_its_layers(daemon: Buildkitd) -> None:
    first = daemon.build("head -c 1000000 /dev/zero | sha256sum > /sum", tag="layers")
    assert daemon.digest("layers") in first
    assert not is_cached(first)

    assert is_cached(daemon.build("head -c 1000000 /dev/zero | sha256sum > /sum", tag="layers-again"))


def test_dockers_client_builds_on_the_same_cache_as_any_user(daemon: Buildkitd) -> None:
    daemon.build("echo one > /one", tag="buildctl")
    shown = daemon.build("echo one > /one", tag="buildx", script=BUILDX, image=DOCKER_CLI, user="1234:1234")

    assert is_cached(shown)


def test_a_builds_step_finds_the_names_that_dockers_resolver_knows(daemon: Buildkitd) -> None:
    assert f" {daemon.address()} " in daemon.build(f"getent hosts {daemon.name}", tag="names")


def test_the_end_of_the_certificates_is_told(daemon: Buildkitd) -> None:
    script = "for file in ca cert; do openssl x509 -noout -enddate -in /certs/client/$file.pem; done"
    authority, client = daemon.job(script).splitlines()

    assert daemon.cli.output("expiry") == expiry(authority) <= expiry(client)


@pytest.mark.parametrize("name", ["{daemon}", "buildkitd", "build.example.com"])
def test_the_client_certificate_opens_the_daemon_by_its_names(daemon: Buildkitd, name: str) -> None:
    host = name.format(daemon=daemon.name)
    hosts = {} if host == daemon.name else {host: daemon.address()}

    assert "linux/amd64" in daemon.job(ask(host), extra_hosts=hosts)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("buildctl --addr tcp://{daemon}:1234 debug workers", "Unavailable"),
        (OWN_PAIR + ask("{daemon}", ca="/tmp/own/cert.pem"), "unknown authority"),
        (ask("stranger.example.com"), "not stranger.example.com"),
    ],
    ids=["plain text", "another authority", "another name"],
)
@pytest.mark.case(number=5, component="BuildkitDaemon", title="the client refuses it")
def test_a_client_gets_no_answer(daemon: Buildkitd, script: str, words: str) -> None:
    hosts = {"stranger.example.com": daemon.address()}
    shown = daemon.job(script.format(daemon=daemon.name), extra_hosts=hosts)

    assert shown.startswith("exit 1"), shown
    assert words in shown


@pytest.mark.parametrize(
    ("before", "pair", "alert"),
    [
        ("", "/certs/client", None),
        ("", "", "handshake failure"),
        ("", "/certs/server", "bad certificate"),
        (OWN_PAIR, "/tmp/own", "unknown ca"),
    ],
    ids=["a client's", "none", "a server's", "of another authority"],
)
@pytest.mark.case(number=1, component="BuildkitDaemon", title="refused", cis="2.7")
@pytest.mark.case(
    number=2, component="BuildkitDaemon", title="another authority's and a server's are refused", cis="2.7"
)
def test_the_daemon_takes_no_certificate_but_a_clients_of_its_own_authority(
    daemon: Buildkitd, before: str, pair: str, alert: str | None
) -> None:
    volumes = {f"{daemon.name}-server": "/certs/server"}
    shown = daemon.job(before + show(daemon.name, pair), volumes=volumes)

    assert re.findall(r"alert ([a-z ]+):", shown) == ([alert] if alert else []), shown


@pytest.mark.case(
    number=7, component="BuildkitDaemon", title="out of reach, nothing is published", cis="5.14"
)
def test_the_daemon_is_reached_from_its_own_network_alone(daemon: Buildkitd) -> None:
    knock = f"timeout 5 bash -c '</dev/tcp/{daemon.address()}/1234'"

    assert daemon.job(knock, image=DOCKER_CLI) == ""
    assert daemon.job(knock, image=DOCKER_CLI, network="bridge").startswith("exit 124")
    assert not any((daemon.container().attrs["NetworkSettings"]["Ports"] or {}).values())


@pytest.mark.case(
    number=13,
    component="BuildkitDaemon",
    title="as declared: an ordinary user, two capabilities, no seccomp filter",
    cis="5.4, 5.5, 5.22",
)
def test_the_daemon_is_unprivileged_but_for_what_is_declared(daemon: Buildkitd) -> None:
    container = daemon.container()
    made = container.attrs["HostConfig"]
    assert made["Privileged"] is False
    assert (made["CapDrop"], sorted(made["CapAdd"])) == (["ALL"], ["CAP_SETGID", "CAP_SETUID"])
    assert sorted(made["SecurityOpt"]) == ["apparmor=unconfined", "seccomp=unconfined"]
    assert (made["MaskedPaths"], made["ReadonlyPaths"]) == ([], [])

    first = facts(said(container, "cat", "/proc/1/status"))
    assert first["Uid"].split() == ["1000"] * 4
    assert (int(first["CapEff"], 16), int(first["CapBnd"], 16)) == (0, 1 << 6 | 1 << 7)
    assert first["Seccomp"].strip() == "0"

    find = 'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = buildkitd ] && cat $p/uid_map $p/status; done'
    shown = said(container, "sh", "-c", f"{find}; true")
    # Root of its user namespace is this ordinary user outside; its capabilities count in there alone.
    assert shown.splitlines()[0].split() == ["0", "1000", "1"]
    assert facts(shown)["Uid"].split() == ["1000"] * 4


@pytest.mark.case(
    number=14,
    component="BuildkitDaemon",
    title="neither the daemon nor a build step mounts, makes a device or sets the kernel",
    cis="5.4",
)
def test_neither_the_daemon_nor_a_build_can_do_what_root_of_the_host_can(daemon: Buildkitd) -> None:
    host = daemon.job(TRY_PROBES, image=DOCKER_CLI, privileged=True, cap_drop=[], security_opt=[])
    assert host.splitlines() == ["mount done", "device done", "kernel done"]

    assert said(daemon.container(), "sh", "-c", f"{TRY_PROBES}; true") == ""
    assert said(daemon.container(), "find", "/dev", "-type", "b") == ""

    shown = daemon.build(f"{TRY_PROBES}; grep Seccomp: /proc/self/status", tag="probes")
    said_by_step = re.findall(r"^#\d+ [\d.]+ (.*)$", shown, re.MULTILINE)
    # A step has a filter again, BuildKit's own.
    assert said_by_step == ["Seccomp:\t2"]


def test_cache_and_authority_outlive_the_container_the_daemon_and_the_stack(tmp_path: Path) -> None:
    with deployed(tmp_path, memory=1024, cpus=1.5, retain_data=True) as daemon:
        for words in ((), ("--refresh",), ("--refresh",)):
            assert counts(daemon.cli.up(*words)) == {"unchanged": RESOURCES}
        daemon.build("echo kept > /kept")
        made, authority = daemon.container().id, daemon.authority()
        assert "BEGIN PUBLIC KEY" in authority

        daemon.declare(memory=768, tls_names=["build.example.com"], max_parallelism=2, retain_data=True)
        daemon.cli.up()
        container = daemon.container()
        assert container.id != made
        assert container.attrs["HostConfig"]["Memory"] == 768 << 20
        # The state holds what a refresh read, without systempaths; what is made anew gets it all the same.
        assert container.attrs["HostConfig"]["MaskedPaths"] == []
        assert daemon.authority() == authority
        assert is_cached(daemon.build("echo kept > /kept"))

        # A rotation takes the authority, once the daemon is gone, and leaves the cache.
        daemon.declare(memory=768, certificates={"rotate": "2026-01-31"}, retain_data=True)
        shown = daemon.cli.up()
        gone = [
            shown.index(f" {daemon.name}-{part} deleted original") for part in ("container", "certificates")
        ]
        assert gone == sorted(gone)
        assert daemon.authority() != authority
        authority = daemon.authority()
        assert is_cached(daemon.build("echo kept > /kept"))

        data = {"volumes": [f"{daemon.name}-ca", f"{daemon.name}-cache"]}
        daemon.declare(data_only=True, retain_data=True)
        daemon.cli.up()
        assert daemon.left() == data
        daemon.cli.run("destroy", "--yes", "--skip-preview")
        assert daemon.left() == data

        daemon.declare(data_only=True)
        daemon.cli.up()
        assert daemon.authority() == authority
        daemon.cli.run("destroy", "--yes", "--skip-preview")
        assert daemon.left() == {}
