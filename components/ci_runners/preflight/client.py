"""A client of a Docker engine, wherever it is: on this machine, behind TLS, behind ssh."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.utils import kwargs_from_env

from ci_runners.connection import SOCKET
from ci_runners.preflight.ssh import Tunnel, tunnel


class _Api(docker.APIClient):
    """The SDK's client, but that REQUESTS_CA_BUNDLE does not take the place of the engine's own authority."""

    def request(self, *words: Any, **options: Any) -> requests.Response:  # noqa: ANN401  as requests has it
        """Any request; what it says itself goes before the environment."""
        return super().request(*words, **{"verify": self.verify, **options})


class _Engine(docker.DockerClient):
    """The SDK's client on top of that one."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  as the SDK has it
        self.api = _Api(**options)


@dataclass(frozen=True, kw_only=True)
class EngineWay:
    """How an engine is reached."""

    options: dict[str, Any]
    """The SDK's: the engine's address and its TLS."""
    tunnel: Tunnel | None = None
    """Of an engine behind ssh."""

    def client(self, *, timeout: int) -> docker.DockerClient:
        """A client whose requests wait for `timeout` seconds. Raises the SDK's errors where no engine answers."""
        return _Engine(**self.options, timeout=timeout)


def address(docker_host: str | None) -> str:
    """The engine's address: the one given, or the environment's, or the usual socket."""
    return docker_host or kwargs_from_env().get("base_url") or f"unix://{SOCKET}"


@contextlib.contextmanager
def engine_way(docker_host: str | None) -> Iterator[EngineWay]:
    """The way to an engine, for as long as the context lasts.

    `docker_host` is an address as in DOCKER_HOST; None leaves it to the environment. Raises `DockerException` for an
    environment that the SDK cannot read and `FileNotFoundError` for ssh:// without an ssh program.
    """
    base_url = address(docker_host)
    if base_url.startswith("ssh://"):
        with tunnel(base_url) as opened:
            yield EngineWay(options={"base_url": opened.docker_host}, tunnel=opened)
    else:
        yield EngineWay(options={**kwargs_from_env(), "base_url": base_url})
