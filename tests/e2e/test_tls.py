"""Who reaches a DinD daemon, and who does not: real clients on the real engine."""

import contextlib
import secrets
from collections.abc import Iterator

import docker
import pytest
from docker.errors import ContainerError
from docker.models.containers import Container
from docker.models.networks import Network

from ci_runners.images import DOCKER_CLI
from tests.e2e.conftest import PROGRAM, Station
from tests.e2e.pulumi_cli import PulumiCli

pytestmark = pytest.mark.e2e

OPEN = "timeout 5 bash -c '</dev/tcp/{host}/{port}'"
STRANGER = (
    "mkdir /tmp/own && cd /tmp/own && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own"
    " -addext extendedKeyUsage=clientAuth -keyout key.pem -out cert.pem 2>/dev/null && "
)
SERVER_ONLY = (
    "mkdir /tmp/own && cd /tmp/own && openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout key.pem -out csr.pem"
    " 2>/dev/null && printf 'extendedKeyUsage = serverAuth' > ext && openssl x509 -req -in csr.pem -days 2 -extfile ext"
    " -CA /certs/ca/cert.pem -CAkey /certs/ca/key.pem -CAcreateserial -out cert.pem 2>/dev/null && "
)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """One station for all of these; nothing here changes it."""
    name = f"tls-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path_factory.mktemp(name), name=name, program=PROGRAM)
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        station = Station(cli=cli, engine=engine, name=name, token="glrt-not-valid-anywhere")
        station.declare(daemon={"tls_names": ["builder.example.com"]})
        try:
            cli.up()
            yield station
        finally:
            station.remove()


@pytest.fixture
def other_network(daemon: Station) -> Iterator[Network]:
    network = daemon.engine.networks.create(f"{daemon.name}-other")
    yield network
    network.remove()


def client(
    daemon: Station,
    script: str,
    *,
    network: str | None = None,
    hosts: dict[str, str] | None = None,
    ca: bool = False,
) -> str:
    """Run a shell script beside the daemon, with the client's certificate volume; its output, or an error's text."""
    volumes = {f"{daemon.daemon_name}-client": {"bind": "/certs/client", "mode": "ro"}}
    if ca:
        volumes[f"{daemon.daemon_name}-ca"] = {"bind": "/certs/ca", "mode": "rw"}
    try:
        output = daemon.engine.containers.run(
            DOCKER_CLI,
            entrypoint=["sh", "-c", script],  # the image's own entrypoint would find the certificates
            network=network or daemon.daemon_name,
            extra_hosts=hosts,
            volumes=volumes,
            stderr=True,
            remove=True,
        )
    except ContainerError as failure:
        return f"exit {failure.exit_status}: {failure.stderr}"
    return output.decode()


def inside(container: Container, *words: str) -> str:
    """Run a command in a container; what it wrote, wherever to."""
    output = container.exec_run(list(words)).output
    assert isinstance(output, bytes)
    return output.decode()


def address(daemon: Station) -> str:
    networks = daemon.daemon().attrs["NetworkSettings"]["Networks"]
    return str(networks[daemon.daemon_name]["IPAddress"])


def ask(*, host: str, pair: str = "/certs/client") -> str:
    """The command that asks the daemon for its version with a certificate."""
    words = f"--tlsverify --tlscacert /certs/client/ca.pem --tlscert {pair}/cert.pem --tlskey {pair}/key.pem"
    return f"docker {words} --host tcp://{host}:2376 version --format '{{{{.Server.Version}}}}'"


def insist(*, host: str, pair: str) -> str:
    """The same over a client that shows its certificate to everyone: docker's keeps one back that nobody asked for."""
    request = "printf 'GET /version HTTP/1.0\\r\\n\\r\\n'"
    files = f"-CAfile /certs/client/ca.pem -cert {pair}/cert.pem -key {pair}/key.pem"
    return f"{request} | openssl s_client -connect {host}:2376 {files} -quiet -ign_eof 2>&1; true"


@pytest.mark.parametrize("name", ["{daemon}", "docker", "localhost", "builder.example.com"])
@pytest.mark.case(number=5, component="DindDaemon", title="with `tls_names` it is in the certificate")
def test_the_client_certificate_opens_the_daemon_by_every_name_it_is_known_by(
    daemon: Station, name: str
) -> None:
    host = name.format(daemon=daemon.daemon_name)
    hosts = {} if host == daemon.daemon_name else {host: address(daemon)}
    if host == "localhost":
        assert inside(daemon.daemon(), "sh", "-c", ask(host=host))[0].isdigit()
        return
    said = client(daemon, ask(host=host), hosts=hosts)
    assert said[0].isdigit(), said


@pytest.mark.case(number=1, component="DindDaemon", title="refused", cis="2.7")
def test_a_client_without_a_certificate_is_refused(daemon: Station) -> None:
    script = ask(host=daemon.daemon_name, pair="/tmp")
    bare = script.replace("--tlscert /tmp/cert.pem --tlskey /tmp/key.pem ", "")
    said = client(daemon, bare)
    assert "exit 1" in said
    assert "certificate required" in said


@pytest.mark.case(number=2, component="DindDaemon", title="another authority's is refused", cis="2.7")
def test_a_client_with_a_certificate_of_another_authority_is_refused(daemon: Station) -> None:
    known = client(daemon, insist(host=daemon.daemon_name, pair="/certs/client"))
    assert "ApiVersion" in known
    stranger = client(daemon, STRANGER + insist(host=daemon.daemon_name, pair="/tmp/own"))
    assert "ApiVersion" not in stranger
    assert "unknown ca" in stranger or "bad certificate" in stranger, stranger


@pytest.mark.case(number=2, component="DindDaemon", title="a server's is refused", cis="2.7")
def test_a_certificate_made_for_servers_is_no_client_certificate(daemon: Station) -> None:
    said = client(daemon, SERVER_ONLY + ask(host=daemon.daemon_name, pair="/tmp/own"), ca=True)
    assert "exit 1" in said
    assert "bad certificate" in said


@pytest.mark.case(number=5, component="DindDaemon", title="the client refuses it")
def test_a_name_that_the_certificate_does_not_cover_is_refused_by_the_client(daemon: Station) -> None:
    said = client(daemon, ask(host="stranger.example.com"), hosts={"stranger.example.com": address(daemon)})
    assert "exit 1" in said
    assert "not stranger.example.com" in said


@pytest.mark.case(number=6, component="DindDaemon", title="closed, while 2376 is open", cis="2.7")
def test_port_2375_is_closed_while_2376_is_open(daemon: Station) -> None:
    assert client(daemon, OPEN.format(host=daemon.daemon_name, port=2376)) == ""
    assert "Connection refused" in client(daemon, OPEN.format(host=daemon.daemon_name, port=2375))


@pytest.mark.parametrize("where", ["another network", "the default bridge"])
@pytest.mark.case(number=7, component="DindDaemon", title="out of reach")
def test_the_daemon_cannot_be_reached_from_elsewhere(
    daemon: Station, other_network: Network, where: str
) -> None:
    network = str(other_network.name) if where == "another network" else "bridge"
    assert client(daemon, OPEN.format(host=address(daemon), port=2376)) == ""
    assert client(daemon, OPEN.format(host=address(daemon), port=2376), network=network).startswith(
        "exit 124"
    )


@pytest.mark.case(number=7, component="DindDaemon", title="nothing is published", cis="5.13")
def test_nothing_is_published_to_the_host(daemon: Station) -> None:
    for container in daemon.containers():
        ports = container.attrs["NetworkSettings"]["Ports"] or {}
        assert not any(ports.values()), (container.name, ports)


def test_the_runner_holds_the_client_certificate_read_only_and_no_key_of_the_authority(
    daemon: Station,
) -> None:
    script = "touch /certs/client/x; ls /certs; cat /certs/ca/key.pem"
    said = inside(daemon.runner(), "sh", "-c", script)
    assert "Read-only file system" in said
    assert "client" in said.splitlines()
    assert "/certs/ca/key.pem: No such file" in said


@pytest.mark.case(
    number=13,
    component="GitLabRunner",
    title="no capability, no-new-privileges, seccomp",
    cis="5.4, 5.5, 5.22, 5.26",
)
def test_the_runner_is_unprivileged(daemon: Station) -> None:
    container = daemon.runner()
    assert container.attrs["HostConfig"]["Privileged"] is False
    status = inside(container, "cat", "/proc/1/status")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(facts["CapEff"], 16) == 0
    assert int(facts["CapBnd"], 16) == 0
    assert facts["NoNewPrivs"].strip() == "1"
    assert facts["Seccomp"].strip() == "2"


@pytest.mark.case(number=8, component="DindDaemon", title="the daemon itself has no key of the authority")
def test_the_daemon_has_no_key_of_the_authority(daemon: Station) -> None:
    keys = inside(
        daemon.daemon(), "sh", "-c", "grep -rl 'PRIVATE KEY' /certs /etc /run /var/lib/docker | sort"
    )

    assert keys.split() == ["/certs/client/key.pem", "/certs/server/key.pem"]
    assert inside(daemon.daemon(), "ls", "/certs").split() == ["client", "server"]


def test_the_daemon_cannot_write_its_certificates(daemon: Station) -> None:
    for part in ("client", "server"):
        assert "Read-only file system" in inside(daemon.daemon(), "touch", f"/certs/{part}/new")


def test_the_daemon_keeps_its_authority_when_it_is_made_anew(daemon: Station) -> None:
    def public_key() -> str:
        return client(daemon, "openssl pkey -in /certs/ca/key.pem -pubout", ca=True)

    before = public_key()
    assert "BEGIN PUBLIC KEY" in before
    made = daemon.daemon().id
    daemon.declare(daemon={"tls_names": ["builder.example.com", "second.example.com"]})
    daemon.cli.up()
    assert daemon.daemon().id != made
    assert public_key() == before
    said = client(daemon, ask(host="second.example.com"), hosts={"second.example.com": address(daemon)})
    assert said[0].isdigit(), said
