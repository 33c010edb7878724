"""Reading a real host: what its engine says, and what one short-lived container sees of it."""

from ci_runners.connection import SOCKET
from ci_runners.extras import MissingExtra, needed_by
from ci_runners.images import DOCKER_CLI
from ci_runners.preflight.facts import HostFacts


def read_facts(docker_host: str | None = None, *, socket: str = SOCKET, image: str = DOCKER_CLI) -> HostFacts:
    """What a Docker host is, in about a second.

    `docker_host` is an address as in DOCKER_HOST (unix://, tcp:// or ssh://); None leaves it, as the certificates of
    tcp://, to the environment's DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. `socket` is the path of the
    engine's socket on its host. `image` must hold sh, stat and grep; it is pulled where the host lacks it.

    Raises nothing for a host that cannot be reached or looked at: what is not known is None, and `notes` says why.
    """
    try:
        with needed_by("the preflight"):
            from ci_runners.preflight.engine import read_engine  # noqa: PLC0415
    except MissingExtra as missing:
        return HostFacts(docker_host=docker_host, socket=socket, notes=(f"nothing could be read: {missing}",))
    return read_engine(docker_host, socket=socket, image=image)
