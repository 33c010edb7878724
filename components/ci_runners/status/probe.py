"""Reading a real engine, once the Docker SDK is there."""

from ci_runners.extras import MissingExtra, needed_by
from ci_runners.status.facts import EngineFacts


def read_containers(docker_host: str | None = None) -> EngineFacts:
    """All containers of this package's on an engine, running or not.

    `docker_host` is an address as in DOCKER_HOST (unix://, tcp:// or ssh://); None leaves it, as the certificates of
    tcp://, to the environment. Raises nothing for an engine that cannot be asked: `failure` says why.
    """
    try:
        with needed_by("`status`"):
            from ci_runners.status.engine import read_engine  # noqa: PLC0415
    except MissingExtra as missing:
        return EngineFacts(docker_host=docker_host or "", failure=str(missing))
    return read_engine(docker_host)
