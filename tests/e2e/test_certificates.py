"""The certificate maker's script in its image: what it makes, what it keeps, what it signs anew."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import docker
import pytest

from ci_runners.certificate import expiry
from ci_runners.images import DOCKER_DIND
from ci_runners.render.certificates import LIFE_DAYS, RENEWAL_DAYS, SCRIPT, subject_names

pytestmark = pytest.mark.e2e

GROUP = 1234
SHORT = SCRIPT.replace(f"-days {LIFE_DAYS} ", f"-days {RENEWAL_DAYS - 1} ")
"""The same with certificates that are soon to be renewed."""
LOOK = (
    "cd /certs; for file in ca/cert.pem server/cert.pem client/cert.pem; do"
    " openssl x509 -in $file -noout -fingerprint -sha256; done; sha256sum */key.pem"
)
NAMES = (
    "ca/cert.pem",
    "server/cert.pem",
    "client/cert.pem",
    "ca/key.pem",
    "client/key.pem",
    "server/key.pem",
)


@dataclass(frozen=True, kw_only=True)
class Maker:
    """The script and its three volumes."""

    engine: docker.DockerClient
    volumes: Mapping[str, str]

    def run(self, script: str, *names: str) -> str:
        """Run a script in the maker's image, as the component does; what it wrote."""
        output = self.engine.containers.run(
            DOCKER_DIND,
            entrypoint=["/bin/sh", "-c", script],
            environment={"SERVER_NAMES": subject_names(names), "SERVER_GROUP": str(GROUP)},
            volumes={volume: {"bind": f"/certs/{part}"} for part, volume in self.volumes.items()},
            network_mode="none",
            cap_drop=["ALL"],
            group_add=[str(GROUP)],
            security_opt=["no-new-privileges"],
            remove=True,
        )
        return output.decode()

    def held(self) -> dict[str, str]:
        """A digest of every certificate and key."""
        return dict(zip(NAMES, self.run(LOOK).splitlines(), strict=True))


@pytest.fixture
def maker() -> Iterator[Maker]:
    """A maker whose volumes are empty."""
    name = f"certificates-{secrets.token_hex(3)}"
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        volumes = {part: f"{name}-{part}" for part in ("ca", "server", "client")}
        try:
            yield Maker(engine=engine, volumes=volumes)
        finally:
            for volume in engine.volumes.list(filters={"name": name}):
                volume.remove()


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in NAMES if before[name] != after[name]}


CERTIFICATES = {"ca/cert.pem", "server/cert.pem", "client/cert.pem"}
KEYS = {"ca/key.pem", "server/key.pem", "client/key.pem"}


def test_what_is_there_stays_and_its_end_is_told_again(maker: Maker) -> None:
    told = maker.run(SCRIPT, "one")
    before = maker.held()

    assert maker.run(SCRIPT, "one") == told
    assert expiry(told).endswith("Z")
    assert changed(before, maker.held()) == set()


def test_other_names_are_other_certificates_of_the_same_keys(maker: Maker) -> None:
    maker.run(SCRIPT, "one")
    before = maker.held()
    maker.run(SCRIPT, "one", "two")

    assert changed(before, maker.held()) == CERTIFICATES
    names = maker.run("openssl x509 -in /certs/server/cert.pem -noout -ext subjectAltName")
    assert "DNS:one, DNS:two" in names


def test_certificates_are_renewed_in_the_last_third_of_their_life(maker: Maker) -> None:
    soon = expiry(maker.run(SHORT, "one"))
    before = maker.held()
    later = expiry(maker.run(SCRIPT, "one"))

    assert later > soon
    assert changed(before, maker.held()) == CERTIFICATES


@pytest.mark.parametrize(
    ("lost", "new"),
    [
        ("/certs/client/cert.pem", CERTIFICATES),
        ("/certs/client/ca.pem", CERTIFICATES),
        ("/certs/server/key.pem", CERTIFICATES | {"server/key.pem"}),
        ("/certs/ca/*", CERTIFICATES | KEYS),
    ],
)
def test_what_was_lost_is_made_again_and_a_new_authority_means_new_keys(
    maker: Maker, lost: str, new: set[str]
) -> None:
    maker.run(SCRIPT, "one")
    before = maker.held()
    maker.run(f"rm {lost}")
    maker.run(SCRIPT, "one")

    assert changed(before, maker.held()) == new


def test_client_and_server_are_told_apart_and_vouched_for(maker: Maker) -> None:
    maker.run(SCRIPT, "one")
    verify = "openssl verify -CAfile /certs/{end}/ca.pem -purpose {purpose} /certs/{end}/cert.pem 2>&1; true"

    good = [
        maker.run(verify.format(end=end, purpose=purpose))
        for end, purpose in (("server", "sslserver"), ("client", "sslclient"))
    ]
    wrong = [
        maker.run(verify.format(end=end, purpose=purpose))
        for end, purpose in (("server", "sslclient"), ("client", "sslserver"))
    ]
    assert all(said.endswith("cert.pem: OK\n") for said in good), good
    assert all("unsuitable certificate purpose" in said for said in wrong), wrong


def test_who_may_read_a_key(maker: Maker) -> None:
    maker.run(SCRIPT, "one")

    read = "stat -c '%a %u:%g %n' /certs/ca /certs/*/key.pem"
    assert maker.run(read).splitlines() == [
        "700 0:0 /certs/ca",
        "600 0:0 /certs/ca/key.pem",
        "644 0:0 /certs/client/key.pem",
        f"640 0:{GROUP} /certs/server/key.pem",
    ]
