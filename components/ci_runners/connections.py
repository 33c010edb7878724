"""The connection that each kind of daemon makes: the only place that spells its ports, paths and variables."""

from collections.abc import Mapping

from ci_runners.connection import (
    CERTIFICATES,
    CLIENT_CERTIFICATES,
    SOCKET,
    TLS_PORT,
    Connection,
    DaemonKind,
)
from ci_runners.images import BUILDKIT, DOCKER_CLI, KANIKO

JOB_HOST_NAME = "docker"
"""What a job calls its DinD daemon: a name that docker:dind's certificate always covers (docker-library/docker)."""
BUILDKIT_PORT = 1234
"""The port in BuildKit's own documents (moby/buildkit, README, Expose BuildKit as a TCP service)."""
HOST_SOCKET = f"unix://{SOCKET}"
"""The engine of the host, as the runner that starts jobs on it sees it."""

CLONE_CAPABILITIES = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER")
"""What GitLab Runner's helper needs to hand a working copy over to the job's own user."""
KANIKO_CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETUID",
)
"""What Kaniko needs to unpack an image's files as they are, to run a Dockerfile's commands as another user, and to end
what those leave running. None can be spared: without CAP_FSETID set-group-ID bits are lost without a word, without each
of the others some builds fail."""


def client_environment(host: str) -> dict[str, str]:
    """What a Docker client needs to reach a daemon over TLS, with its certificate in the usual folder."""
    return {
        "DOCKER_HOST": f"tcp://{host}:{TLS_PORT}",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": CLIENT_CERTIFICATES,
    }


def dind_connection(*, host: str, network: str, client_volume: str, tags: tuple[str, ...]) -> Connection:
    """The connection of a docker:dind daemon with TLS.

    Its jobs run inside it: a volume's left side is a path in the daemon's container, names of the outer network do
    not resolve there, and the daemon is the gateway of its own bridge (GitLab docs, Use Docker to build images).
    """
    return Connection(
        kind=DaemonKind.DIND,
        job_image=DOCKER_CLI,
        runner_host=f"tcp://{host}:{TLS_PORT}",
        certificates=CLIENT_CERTIFICATES,
        network=network,
        runner_volumes={client_volume: CLIENT_CERTIFICATES},
        job_volumes=(f"{CLIENT_CERTIFICATES}:{CLIENT_CERTIFICATES}:ro",),
        job_environment={**client_environment(JOB_HOST_NAME), "DOCKER_TLS_CERTDIR": CERTIFICATES},
        job_extra_hosts=(f"{JOB_HOST_NAME}:host-gateway",),
        tags=tags,
    )


PROXY_FOLDER = "/run/docker-proxy"
PROXY_SOCKET = f"{PROXY_FOLDER}/docker.sock"
"""Where the proxy before the host engine's socket listens: the same path for it and for jobs."""


def host_connection(
    *,
    socket: str,
    group: str,
    jobs_volume: str,
    jobs_dir: str,
    proxy_volume: str = "",
    tags: tuple[str, ...],
) -> Connection:
    """The connection of the host's own engine (DooD).

    A job gets the engine's own socket, and its working copy on the jobs' volume, which is mounted at the very path at
    which the engine keeps it (`jobs_dir`): a job's `docker run -v "$PWD:/src"` names what the engine finds there.

    With a proxy it gets the folder of the proxy's socket: not the socket in it, which a proxy that starts anew makes
    anew, and read-only, or a job could put a socket of its own there for the others. It cannot mount anything then, so
    its working copy lies where no other job sees it.
    """
    mounts = (
        (f"{proxy_volume}:{PROXY_FOLDER}:ro",)
        if proxy_volume
        else (f"{socket}:{SOCKET}", f"{jobs_volume}:{jobs_dir}")
    )
    return Connection(
        kind=DaemonKind.DOOD,
        job_image=DOCKER_CLI,
        runner_host=HOST_SOCKET,
        runner_socket=socket,
        runner_groups=(group,),
        job_volumes=mounts,
        job_environment={"DOCKER_HOST": f"unix://{PROXY_SOCKET}" if proxy_volume else HOST_SOCKET},
        job_groups=() if proxy_volume else (group,),
        builds_dir="" if proxy_volume else jobs_dir,
        cache_dir=f"{jobs_dir}/cache",
        tags=tags,
    )


def buildkit_connection(
    *,
    host: str,
    network: str,
    client_volume: str,
    socket: str,
    group: str,
    cache_dir: str,
    tags: tuple[str, ...],
) -> Connection:
    """The connection of a rootless buildkitd with TLS.

    Jobs run on the host's engine, in unprivileged containers without its socket, and join the daemon's network.
    BUILDKIT_HOST is buildctl's own variable; for the certificates it has only flags, so BUILDKIT_TLS_DIR is ours,
    the value of `--tlsdir`.
    """
    return Connection(
        kind=DaemonKind.BUILDKIT,
        job_image=BUILDKIT,
        runner_host=HOST_SOCKET,
        runner_socket=socket,
        runner_groups=(group,),
        job_volumes=(f"{client_volume}:{CLIENT_CERTIFICATES}:ro",),
        job_environment={
            "BUILDKIT_HOST": f"tcp://{host}:{BUILDKIT_PORT}",
            "BUILDKIT_TLS_DIR": CLIENT_CERTIFICATES,
        },
        job_network=network,
        job_capabilities=CLONE_CAPABILITIES,
        cache_dir=cache_dir,
        tags=tags,
    )


def kaniko_connection(
    *,
    image: str = KANIKO,
    socket: str,
    group: str,
    cache_dir: str,
    environment: Mapping[str, str],
    tags: tuple[str, ...],
) -> Connection:
    """The connection where there is no daemon: a job's own image builds, in an unprivileged container."""
    return Connection(
        kind=DaemonKind.KANIKO,
        job_image=image,
        runner_host=HOST_SOCKET,
        runner_socket=socket,
        runner_groups=(group,),
        job_environment=environment,
        job_capabilities=KANIKO_CAPABILITIES,
        cache_dir=cache_dir,
        tags=tags,
    )
