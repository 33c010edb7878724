"""Daemons as they are often set up, and what that means to a client: the other side of tests/e2e/test_tls.py."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from docker.models.containers import Container

from ci_runners.images import DOCKER_DIND
from tests.attacks.grounds import BASE, Grounds
from tests.e2e.conftest import said

pytestmark = pytest.mark.e2e

ASK = "docker {words} --host tcp://{host}:{port} version --format '{{{{.Server.Version}}}}'"
VERIFIED = "--tlsverify --tlscacert {folder}/ca.pem --tlscert {folder}/cert.pem --tlskey {folder}/key.pem"
UNVERIFIED = "--tls --tlscacert /certs/client/ca.pem"
PAIR = "--tlscert /certs/client/cert.pem --tlskey /certs/client/key.pem"
OWN = (
    "mkdir /tmp/own && cd /tmp/own && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own"
    " -addext extendedKeyUsage=clientAuth -keyout key.pem -out cert.pem 2>/dev/null;"
)
WITHOUT_AUTHORITY = "mkdir /tmp/own && cp /certs/client/cert.pem /certs/client/key.pem /tmp/own;"
OPEN = "timeout 5 bash -c '</dev/tcp/{host}/{port}' && echo open"


@dataclass(frozen=True, kw_only=True)
class Careless:
    """Daemons set up by hand."""

    plain: Container
    """Without TLS, its port published."""
    fake: Container
    """With TLS of its own, asks for no certificate, and goes by the name of our daemon in a network of its own."""
    network: str
    naive_certificates: str
    """A volume for all of /certs, as many guides have it."""


def _wait(container: Container, host: str) -> None:
    """Until a daemon answers inside its container."""
    said(container, "timeout", "120", "sh", "-c", f"until docker --host {host} info; do sleep 0.5; done")
    container.reload()


@pytest.fixture(scope="module")
def careless(grounds: Grounds) -> Iterator[Careless]:
    network = grounds.engine.networks.create(f"{grounds.name}-stranger")
    volume = f"{grounds.name}-all-certificates"
    made = [
        grounds.engine.containers.run(
            DOCKER_DIND,
            name=f"{grounds.name}-plain",
            privileged=True,
            detach=True,
            mem_limit="512m",
            environment={"DOCKER_TLS_CERTDIR": ""},
            ports={"2375/tcp": None},
        ),
        grounds.engine.containers.create(
            DOCKER_DIND,
            ["--tlsverify=false"],
            name=f"{grounds.name}-fake",
            hostname=f"{grounds.name}-dind",
            privileged=True,
            detach=True,
            mem_limit="512m",
            volumes=[f"{volume}:/certs"],
            environment={"DOCKER_TLS_CERTDIR": "/certs"},
        ),
    ]
    try:
        plain, fake = made
        network.connect(fake, aliases=[f"{grounds.name}-dind"])
        fake.start()
        for each in made:
            _wait(each, "unix:///var/run/docker.sock")
        yield Careless(plain=plain, fake=fake, network=str(network.name), naive_certificates=volume)
    finally:
        for each in made:
            each.remove(force=True, v=True)
        network.remove()
        grounds.engine.volumes.get(volume).remove(force=True)


def ask(host: str, words: str, port: int = 2376) -> str:
    """The command that asks a daemon for its version."""
    return ASK.format(host=host, port=port, words=words)


def answered(shown: str) -> bool:
    """Whether a daemon told its version."""
    return shown[:1].isdigit()


@pytest.mark.case(
    number=1, component="DindDaemon", title="without `tlsverify` anybody gets in", cis="2.7", baseline=True
)
def test_a_daemon_that_does_not_verify_takes_a_client_without_a_certificate(
    grounds: Grounds, careless: Careless
) -> None:
    shown = grounds.client(ask(f"{grounds.name}-dind", UNVERIFIED), network=careless.network)

    assert answered(shown), shown


@pytest.mark.case(
    number=2,
    component="DindDaemon",
    title="without `tlsverify` any certificate will do",
    cis="2.7",
    baseline=True,
)
def test_a_daemon_that_does_not_verify_takes_anybodys_certificate(
    grounds: Grounds, careless: Careless
) -> None:
    words = f"{UNVERIFIED} --tlscert /tmp/own/cert.pem --tlskey /tmp/own/key.pem"
    shown = grounds.client(OWN + ask(f"{grounds.name}-dind", words), network=careless.network)

    assert answered(shown), shown


@pytest.mark.case(number=1, component="DindDaemon, `rootless`", title="refused", cis="2.7")
def test_a_rootless_daemon_refuses_a_client_without_a_certificate(grounds: Grounds) -> None:
    words = "--tlsverify --tlscacert /certs/client/ca.pem"
    shown = grounds.client(ask(f"{grounds.name}-rootless", words), "rootless")

    assert "certificate required" in shown


@pytest.mark.case(
    number=2, component="DindDaemon, `rootless`", title="another daemon's client is refused", cis="2.7"
)
def test_the_client_of_one_daemon_is_refused_by_another(grounds: Grounds) -> None:
    volumes = [f"{grounds.client_volume('rootless')}:/certs/rootless:ro"]
    words = VERIFIED.format(folder="/certs/client").replace(
        "--tlscacert /certs/client", "--tlscacert /certs/rootless"
    )
    host = f"{grounds.name}-rootless"
    shown = grounds.client(ask(host, words), network=host, volumes=volumes)

    assert not answered(shown)
    assert "tls" in shown


@pytest.mark.case(number=3, component="DindDaemon", title="the client refuses it", cis="2.7")
def test_a_client_refuses_a_daemon_that_is_not_its_own(grounds: Grounds, careless: Careless) -> None:
    words = VERIFIED.format(folder="/certs/client")
    shown = grounds.client(ask(f"{grounds.name}-dind", words), network=careless.network)

    assert "unknown authority" in shown
    assert answered(grounds.client(ask(f"{grounds.name}-dind", words)))


@pytest.mark.case(
    number=3,
    component="DindDaemon",
    title="a client that does not verify talks to it",
    cis="2.7",
    baseline=True,
)
@pytest.mark.case(
    number=4,
    component="every client",
    title="`--tls` where `--tlsverify` is meant trusts any daemon",
    cis="2.7",
    baseline=True,
)
def test_a_client_that_does_not_verify_talks_to_whoever_answers(grounds: Grounds, careless: Careless) -> None:
    words = f"{UNVERIFIED} {PAIR}"
    shown = grounds.client(ask(f"{grounds.name}-dind", words), network=careless.network)

    assert answered(shown), shown


@pytest.mark.case(
    number=4, component="every client", title="with a connection's environment it refuses to start", cis="2.7"
)
def test_a_client_with_a_connections_environment_refuses_without_the_authority(grounds: Grounds) -> None:
    environment = {
        **grounds.connections["dind"].job_environment,
        "DOCKER_HOST": f"tcp://{grounds.name}-dind:2376",
        "DOCKER_CERT_PATH": "/tmp/own",
    }
    shown = grounds.client(f"{WITHOUT_AUTHORITY} docker version", environment=environment)

    assert "/tmp/own/ca.pem" in shown
    assert "no such file" in shown


@pytest.mark.case(
    number=5,
    component="DindDaemon",
    title="a client that does not verify does not ask for the name",
    cis="2.7",
    baseline=True,
)
def test_a_client_that_does_not_verify_takes_any_name(grounds: Grounds) -> None:
    networks = grounds.container("rootless").attrs["NetworkSettings"]["Networks"]
    hosts = {"stranger.example.com": networks[f"{grounds.name}-rootless"]["IPAddress"]}

    for words, refused in ((UNVERIFIED, False), (UNVERIFIED.replace("--tls ", "--tlsverify "), True)):
        shown = grounds.client(ask("stranger.example.com", f"{words} {PAIR}"), "rootless", extra_hosts=hosts)
        assert ("not stranger.example.com" in shown, answered(shown)) == (refused, not refused), shown


@pytest.mark.case(
    number=6, component="DindDaemon", title="without TLS anybody is root of it", cis="2.7", baseline=True
)
def test_a_daemon_without_tls_obeys_anybody(grounds: Grounds, careless: Careless) -> None:
    address = careless.plain.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    shown = grounds.client(ask(address, "", 2375), network="bridge", environment={"DOCKER_TLS_CERTDIR": ""})

    assert answered(shown), shown


@pytest.mark.case(number=6, component="DindDaemon, `rootless`", title="closed, while 2376 is open", cis="2.7")
def test_the_plain_port_of_a_rootless_daemon_is_closed(grounds: Grounds) -> None:
    host = f"{grounds.name}-rootless"

    assert grounds.client(OPEN.format(host=host, port=2376), "rootless") == "open\n"
    assert "refused" in grounds.client(OPEN.format(host=host, port=2375), "rootless")


@pytest.mark.case(
    number=7,
    component="DindDaemon",
    title="a published port is reached from another network",
    cis="5.14",
    baseline=True,
)
def test_a_published_port_is_reached_from_every_network(grounds: Grounds, careless: Careless) -> None:
    port = careless.plain.attrs["NetworkSettings"]["Ports"]["2375/tcp"][0]["HostPort"]
    gateway = grounds.registry.partition(":")[0]

    assert grounds.run(OPEN.format(host=gateway, port=port), network=f"{grounds.name}-rootless") == "open\n"


@pytest.mark.case(
    number=8,
    component="DindDaemon",
    title="with one volume for all certificates a job reads the key and writes",
    baseline=True,
)
def test_with_one_volume_for_all_certificates_a_job_reads_the_authoritys_key(
    grounds: Grounds, careless: Careless
) -> None:
    script = "head -1 /certs/ca/key.pem && touch /certs/client/new && echo wrote"
    shown = grounds.run(script, image=BASE, volumes=[f"{careless.naive_certificates}:/certs"])

    assert "PRIVATE KEY" in shown
    assert shown.splitlines()[-1] == "wrote"
