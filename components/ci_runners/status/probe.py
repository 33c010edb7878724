"""Reading a real engine, once the Docker SDK is there."""

from ci_runners.status.facts import EngineFacts


def read_containers(docker_host: str | None = None) -> EngineFacts:
    """All containers of this package's on an engine, running or not.

    `docker_host` is an address as in DOCKER_HOST (unix://, tcp:// or ssh://); None leaves it, as the certificates of
    tcp://, to the environment. Raises nothing for an engine that cannot be asked: `failure` says why.
    """
    try:
        # The Docker SDK is an extra: a station does not need it.
        from ci_runners.status.engine import read_engine  # noqa: PLC0415
    except ModuleNotFoundError as missing:
        failure = f"{missing}; `pip install 'ci-runners[preflight]'` brings the Docker SDK"
        return EngineFacts(docker_host=docker_host or "", failure=failure)
    return read_engine(docker_host)
