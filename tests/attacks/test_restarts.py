"""A daemon that restarts again and again under a client, and one whose authority goes with its container."""

import contextlib

import pytest
from docker.errors import APIError

from ci_runners.images import DOCKER_CLI, DOCKER_DIND
from tests.attacks.grounds import Grounds
from tests.e2e.conftest import said

pytestmark = pytest.mark.e2e

RESTARTS = 20
TLS = "--tlsverify --tlscacert /certs/client/ca.pem --tlscert /certs/client/cert.pem --tlskey /certs/client/key.pem"
LOOP = "while :; do if docker {client} info > /tmp/said 2>&1; then echo up; else tail -1 /tmp/said; fi; sleep 0.2; done"
SPOIL = (
    "cd /certs && openssl req -new -key server/key.pem -subj /CN=late -out /tmp/late.csr &&"
    " printf 'subjectAltName=DNS:localhost' > /tmp/late.ext && openssl x509 -req -in /tmp/late.csr -CA ca/cert.pem"
    " -CAkey ca/key.pem -CAcreateserial -extfile /tmp/late.ext -not_before 20200101000000Z"
    " -not_after 20210101000000Z -out server/cert.pem 2>&1 && rm ca/key.pem"
)


@pytest.mark.case(
    number=11,
    component="DindDaemon, `rootless`",
    title=f"after {RESTARTS} kills its clients still get in, with the same certificate",
)
def test_a_daemon_that_is_killed_again_and_again_lets_the_same_client_in(grounds: Grounds) -> None:
    daemon, host = grounds.container("rootless"), f"{grounds.name}-rootless"
    client = f"{TLS} --host tcp://{host}:2376"
    certificate = said(daemon, "sha256sum", "/certs/server/cert.pem")
    caller = grounds.engine.containers.run(
        DOCKER_CLI,
        entrypoint=["sh", "-c", LOOP.format(client=client)],
        name=f"{grounds.name}-caller",
        network=host,
        volumes=[f"{grounds.client_volume('rootless')}:/certs/client:ro"],
        detach=True,
    )
    try:
        for _ in range(RESTARTS):
            daemon.kill()
            daemon.start()
        until = f"until docker {client} info; do sleep 0.2; done"
        said(caller, "timeout", "120", "sh", "-c", until)
        heard = caller.logs().decode().splitlines()
    finally:
        caller.remove(force=True)

    assert said(daemon, "sha256sum", "/certs/server/cert.pem") == certificate
    # Away it may have been; a stranger it never was, and no half-written file was read.
    assert not [line for line in heard if "x509" in line or "PEM" in line or "tls: " in line]


@pytest.mark.case(
    number=10,
    component="DindDaemon",
    title="without a volume for it, every new container is another authority",
    baseline=True,
)
@pytest.mark.case(
    number=11,
    component="DindDaemon, `rootless`",
    title="without a volume for it, every new container is another authority",
    baseline=True,
)
def test_without_a_volume_every_new_container_is_another_authority(grounds: Grounds) -> None:
    seen = set()
    for number in (1, 2):
        made = grounds.engine.containers.run(
            DOCKER_DIND,
            name=f"{grounds.name}-forgetful-{number}",
            privileged=True,
            detach=True,
            mem_limit="512m",
            environment={"DOCKER_TLS_CERTDIR": "/certs"},
        )
        try:
            wait = "until [ -s /certs/client/cert.pem ]; do sleep 0.2; done; cat /certs/ca/cert.pem"
            seen.add(said(made, "timeout", "120", "sh", "-c", wait))
        finally:
            made.remove(force=True, v=True)

    assert len(seen) == 2


@pytest.mark.case(
    number=9,
    component="DindDaemon",
    title="where nobody signs anew, its clients stay locked out",
    cis="2.7",
    baseline=True,
)
def test_where_nobody_signs_anew_clients_are_locked_out_at_the_end(grounds: Grounds) -> None:
    made = grounds.engine.containers.run(
        DOCKER_DIND,
        name=f"{grounds.name}-late",
        privileged=True,
        detach=True,
        mem_limit="512m",
        environment={"DOCKER_TLS_CERTDIR": "/certs"},
    )
    ask, shown = f"docker {TLS} --host tcp://localhost:2376 version", list[bytes]()
    try:
        said(made, "timeout", "120", "sh", "-c", f"until {ask}; do sleep 0.3; done")
        said(made, "sh", "-c", SPOIL)
        made.restart(timeout=10)
        # The official entrypoint ends where what it was given does not verify: it may be gone before it is asked.
        with contextlib.suppress(APIError):
            until = f"until {ask} 2>/tmp/said || grep -q expired /tmp/said; do sleep 0.3; done; cat /tmp/said"
            ran = made.exec_run(["timeout", "30", "sh", "-c", until])
            assert isinstance(ran.output, bytes)
            shown.append(ran.output)
        shown.append(made.logs())
    finally:
        made.remove(force=True, v=True)

    assert b"expired" in b"".join(shown)
