"""On what a daemon keeps its images: never on `vfs`, which copies every layer whole."""

import secrets
from collections.abc import Iterator

import docker
import pytest
from docker.models.containers import Container

from ci_runners.images import DOCKER_DIND
from tests.e2e.conftest import said
from tests.faults.signs import until
from tests.faults.standing import Standing

pytestmark = pytest.mark.e2e

DRIVER = ("docker", "info", "--format", "{{.Driver}}")


@pytest.fixture
def without_a_volume(engine: docker.DockerClient) -> Iterator[Container]:
    """docker:dind whose data lies in its own container."""
    container = engine.containers.run(
        DOCKER_DIND,
        ["--data-root=/data"],
        name=f"plain-{secrets.token_hex(3)}",
        privileged=True,
        detach=True,
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


@pytest.mark.case(
    number=43, component="DindDaemon", title="the storage driver is overlay2, on a volume of its own"
)
def test_a_daemon_keeps_its_images_on_overlay2(stack: Standing) -> None:
    assert said(stack.container("dind"), *DRIVER).strip() == "overlay2"


@pytest.mark.case(
    number=43, component="DindDaemon", title="data in the daemon's own container means `vfs`", baseline=True
)
def test_without_a_volume_docker_falls_back_to_vfs(without_a_volume: Container) -> None:
    until("the daemon", lambda: without_a_volume.exec_run(["docker", "version"]).exit_code == 0)
    assert said(without_a_volume, *DRIVER).strip() == "vfs"
