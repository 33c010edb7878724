"""A runner and a registry set up by hand, as guides have it."""

import os
import socket
import tarfile
from contextlib import closing
from io import BytesIO

import docker
import tomli_w
from docker.models.containers import Container

from ci_runners.connection import SOCKET
from ci_runners.images import DOCKER_CLI, GITLAB_RUNNER, GITLAB_RUNNER_HELPER

NAIVE = "naive"
"""Whose settings are those of many a guide: services may be privileged, any image, no limit."""
PASSWORD = "made-up-password"
PASSWORD_FILE = "robot:$2b$05$abcdefghijklmnopqrstuuJgtjjEyKgAjLKfyMzQrXVWZG2QMxka.\n"
"""bcrypt of the password, as htpasswd writes it."""


def put_file(container: Container, folder: str, name: str, text: str) -> None:
    """Write a file into a container that has not started."""
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as files:
        member = tarfile.TarInfo(name)
        member.size = len(text.encode())
        files.addfile(member, BytesIO(text.encode()))
    container.put_archive(folder, archive.getvalue())


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as one:
        one.bind(("", 0))
        return int(one.getsockname()[1])


def naive_runner(engine: docker.DockerClient, name: str, token: str) -> Container:
    """GitLab Runner with the host's socket and a config.toml by hand."""
    config = {
        "concurrent": 3,
        "check_interval": 1,
        "runners": [
            {
                "url": os.environ["CI_RUNNERS_SANDBOX_URL"],
                "token": token,
                "executor": "docker",
                "request_concurrency": 3,
                "docker": {
                    "image": DOCKER_CLI,
                    "helper_image": GITLAB_RUNNER_HELPER,
                    "pull_policy": "if-not-present",
                    "services_privileged": True,
                    "volumes": ["/cache"],
                },
            }
        ],
    }
    engine_socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    made = engine.containers.create(GITLAB_RUNNER, name=name, volumes=[f"{engine_socket}:{SOCKET}"])
    put_file(made, "/etc/gitlab-runner", "config.toml", tomli_w.dumps(config))
    made.start()
    return made


def private_registry(engine: docker.DockerClient, name: str, port: int) -> Container:
    """A registry that asks for a password, in the host's network: every container reaches it by the same address."""
    made = engine.containers.create(
        "registry:2.8.3",
        name=name,
        network_mode="host",
        environment={
            "REGISTRY_HTTP_ADDR": f"0.0.0.0:{port}",
            "REGISTRY_AUTH": "htpasswd",
            "REGISTRY_AUTH_HTPASSWD_REALM": "attacks",
            "REGISTRY_AUTH_HTPASSWD_PATH": "/etc/docker/registry/password",
        },
    )
    put_file(made, "/etc/docker/registry", "password", PASSWORD_FILE)
    made.start()
    return made
