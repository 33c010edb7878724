"""A proxy in front of the socket that judges path and method alone, as widespread ones do."""

import os
from collections.abc import Iterator

import pytest
from docker.models.containers import Container

from ci_runners.images import CADDY, DOCKER_CLI
from tests.attacks.grounds import BASE, Grounds
from tests.e2e.conftest import said

pytestmark = pytest.mark.e2e

CADDYFILE = """{
	admin off
	auto_https off
	persist_config off
}
http://:2375 {
	@listed path_regexp ^(/v[0-9.]+)?/(_ping|version|info|images|containers)(/.*)?$
	handle @listed {
		reverse_proxy unix//var/run/docker.sock
	}
	handle {
		respond 403
	}
}
"""
"""Containers and POST are let through, so that jobs can start what they build."""


@pytest.fixture(scope="module")
def naive_proxy(grounds: Grounds) -> Iterator[Container]:
    engine_socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    start = (
        'printf %s "$CADDYFILE" > /tmp/Caddyfile; exec caddy run --config /tmp/Caddyfile --adapter caddyfile'
    )
    made = grounds.engine.containers.run(
        CADDY,
        entrypoint=["sh", "-c", start],
        name=f"{grounds.name}-naive-proxy",
        detach=True,
        user="0",
        environment={"CADDYFILE": CADDYFILE},
        volumes=[f"{engine_socket}:/var/run/docker.sock:ro"],
    )
    try:
        said(made, "timeout", "60", "sh", "-c", "until curl -fs localhost:2375/_ping; do sleep 0.2; done")
        made.reload()
        yield made
    finally:
        made.remove(force=True)


@pytest.mark.case(
    number=18,
    component="HostDaemon, `socket_proxy`",
    title="a filter of paths and methods alone lets a job read the host's files",
    cis="5.32",
    baseline=True,
)
def test_a_filter_of_paths_and_methods_alone_lets_the_host_be_read(
    grounds: Grounds, naive_proxy: Container
) -> None:
    address = naive_proxy.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    client = f"docker --host tcp://{address}:2375"
    name = f"{grounds.name}-escaped"
    script = (
        f"{client} network ls 2>&1; {client} create --name {name} --volume /:/h:ro {BASE} cat /h{grounds.marker} &&"
        f" {client} start {name} && {client} wait {name} && {client} logs {name}; {client} rm --force {name}"
    )
    shown = grounds.run(script, image=DOCKER_CLI, network="bridge", environment={"DOCKER_TLS_CERTDIR": ""})

    # It does refuse what is not listed.
    assert "403" in shown or "Forbidden" in shown
    assert grounds.marker.read_text().strip() in shown.splitlines()
