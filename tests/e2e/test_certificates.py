"""The certificate maker's script in its image: what it makes, what it keeps, what it signs anew."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import docker
import pytest
from docker.errors import ContainerError

from ci_runners.certificate import expiry
from ci_runners.images import DOCKER_DIND
from ci_runners.render.certificates import LIFE_DAYS, SCRIPT, subject_names

pytestmark = pytest.mark.e2e

GROUP = 1234
SHORT = SCRIPT.replace(f"life_days={LIFE_DAYS}", "life_days=274")
"""The same with certificates that are soon to be renewed."""
AUTHORITY = "cd /authority; openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=made-up authority'"
AUTHORITY += " -keyout key.pem -out cert.pem 2> /dev/null"
INTERMEDIATE = (
    "openssl req -newkey rsa:2048 -nodes -subj /CN=below -keyout below.pem -out request.pem && "
    "printf 'basicConstraints = critical, CA:TRUE' > ext && openssl x509 -req -in request.pem -CA cert.pem"
    " -CAkey key.pem -set_serial 7 -days 30 -extfile ext -out below.crt && mv below.pem key.pem && "
)


@dataclass(frozen=True, kw_only=True)
class Maker:
    """The script, its three volumes, and one where a user's own authority may be, by their paths."""

    engine: docker.DockerClient
    volumes: Mapping[str, str]

    def run(self, script: str, *names: str, rotated: str = "") -> str:
        """Run a script in the maker's image, as the component does; what it wrote."""
        output = self.engine.containers.run(
            DOCKER_DIND,
            ["-c", script, "certificates", subject_names(names), str(GROUP)],
            entrypoint=["/bin/sh"],
            environment={"ROTATED": rotated},
            volumes={volume: {"bind": path} for path, volume in self.volumes.items()},
            network_mode="none",
            cap_drop=["ALL"],
            group_add=[str(GROUP)],
            security_opt=["no-new-privileges"],
            remove=True,
        )
        return output.decode()

    def held(self) -> dict[str, str]:
        """A digest of every certificate and key."""
        lines = self.run("cd /certs; sha256sum */cert.pem */key.pem").splitlines()
        return {name: digest for digest, name in (line.split() for line in lines)}


@pytest.fixture
def maker() -> Iterator[Maker]:
    """A maker whose volumes are empty."""
    name = f"certificates-{secrets.token_hex(3)}"
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        paths = ("/certs/ca", "/certs/server", "/certs/client", "/authority")
        volumes = {path: f"{name}-{path.rpartition('/')[2]}" for path in paths}
        try:
            yield Maker(engine=engine, volumes=volumes)
        finally:
            for volume in engine.volumes.list(filters={"name": name}):
                volume.remove()


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


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


def test_a_rotation_makes_everything_anew_and_does_so_once(maker: Maker) -> None:
    maker.run(SCRIPT, "one")
    before = maker.held()
    maker.run(SCRIPT, "one", rotated="2026-12-01")
    rotated = maker.held()
    assert changed(before, rotated) == CERTIFICATES | KEYS
    for said in ("", "2026-12-01"):
        maker.run(SCRIPT, "one", rotated=said)
        assert changed(rotated, maker.held()) == set()


def test_an_authority_that_a_daemon_made_itself_is_not_kept(maker: Maker) -> None:
    maker.run(AUTHORITY.replace("made-up authority", "docker:dind CA").replace("/authority", "/certs/ca"))
    maker.run("cp /certs/ca/key.pem /certs/client/key.pem")
    before = maker.held()
    maker.run(SCRIPT, "one")

    assert changed(before, maker.held()) == CERTIFICATES | KEYS


def test_an_authority_of_ones_own_vouches_and_its_key_stays_nowhere(maker: Maker) -> None:
    maker.run(SCRIPT, "one")
    made = maker.held()
    maker.run(AUTHORITY)
    maker.run(SCRIPT, "one")

    own = maker.held()
    assert changed(made, own) == CERTIFICATES | KEYS
    assert "ca/key.pem" not in own
    assert maker.run("ls /authority").split() == ["cert.pem"]
    issuers = maker.run(
        "for end in server client; do openssl x509 -in /certs/$end/cert.pem -noout -issuer; done"
    )
    assert issuers.count("made-up authority") == 2
    # What it vouched for counts without its key; without all of it, an authority is made here again.
    maker.run(SCRIPT, "one")
    assert maker.held() == own
    maker.run("rm /authority/cert.pem")
    maker.run(SCRIPT, "one")
    assert changed(own, maker.held()) == CERTIFICATES | KEYS


@pytest.mark.parametrize("is_whole", [True, False], ids=["with those above it", "alone"])
def test_an_authority_below_another_needs_those_above_it(maker: Maker, *, is_whole: bool) -> None:
    maker.run(AUTHORITY)
    above = "cert.pem" if is_whole else "/dev/null"
    maker.run(
        f"cd /authority; ({INTERMEDIATE} cat below.crt {above} > both && mv both cert.pem) 2> /dev/null"
    )
    if is_whole:
        maker.run(SCRIPT, "one")
        return
    with pytest.raises(ContainerError, match="does not go up to the authority that signs itself"):
        maker.run(SCRIPT, "one")


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("openssl genrsa -out key.pem 2048 2> /dev/null", "is not the key of the first certificate"),
        ("echo no key > key.pem", "authority_key cannot be read"),
    ],
)
def test_an_authority_without_its_key_is_refused_in_words(maker: Maker, key: str, says: str) -> None:
    maker.run(AUTHORITY)
    maker.run(f"cd /authority; {key}")

    with pytest.raises(ContainerError, match=says):
        maker.run(SCRIPT, "one")
    assert maker.run("ls /authority").split() == ["cert.pem"]


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
