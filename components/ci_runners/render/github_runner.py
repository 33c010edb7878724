"""A GitHub runner: what is known before it exists, where its jobs run, and the two scripts that its containers start.

GitHub's runner executes a job's steps in its own container, so the credential that registers runners is never there: a
second container, the registrar, has it, and hands out configurations that are good for one runner and one job.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from urllib.parse import urlsplit

from ci_runners.connection import Connection, DaemonKind
from ci_runners.images import ACTIONS_RUNNER

OWN_LABELS = ("self-hosted", "linux", "x64")
"""Labels that GitHub gives to a runner of this kind itself, but for just-in-time ones (GitHub docs, Using labels)."""
PROGRAMS = "/home/runner"
"""Where the official image has GitHub's runner (actions/runner, images/Dockerfile)."""
HOME = "/runner"
"""Where a runner and its job write, unless the engine's host must have the same path."""
REGISTRATION = "/registration"
"""The folder that a runner shares with the registrar. Only the container's first process may enter it."""
REGISTRATIONS = "/registrations"
"""Where the registrar has those of all runners, by number."""
CREDENTIAL = "/credential"
CREDENTIAL_FILE = "credential.json"
STATE = "/state"
SCRATCH = "/tmp"  # noqa: S108  in memory, of a container of its own
RUNNER_CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
)
"""What a runner container's first process needs to clean up after a job, to become the image's user for the next one
and to end it. The runner and its jobs, another user's processes under `no-new-privileges`, have and get none of them."""

GITHUB = "github.com"


@dataclass(frozen=True, kw_only=True)
class GitHubRunnerSpec:
    """Everything about a runner that is known before it exists. Defaults are explained on `GitHubRunnerArgs`."""

    image: str = ACTIONS_RUNNER
    runner_labels: tuple[str, ...] = ()
    concurrent: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    networks: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    drain_seconds: int = 3600
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A volume, or a path of the engine's host, in a container."""

    source: str
    path: str
    read_only: bool


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What a runner's container, in which a job's steps run, gets of a connection."""

    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    networks: tuple[str, ...]
    groups: tuple[str, ...]
    extra_hosts: tuple[str, ...]
    root: str
    """Folder of the runner and its job."""
    externals_copied: bool
    """Whether the engine must find the runner's Node.js at the same path too, for jobs that name a container."""


def placement(connection: Connection, runner: str) -> Placement:
    """Where the jobs of one runner run.

    With DinD that is beside the daemon, not inside it as with GitLab Runner: the container reaches it as a runner does,
    by the name and with the certificates of the daemon's network. Everywhere else it is a job's container on the host's
    engine, and gets what the connection has for those.
    """
    if connection.kind is DaemonKind.DIND:
        return Placement(
            environment={**connection.job_environment, "DOCKER_HOST": connection.runner_host},
            mounts=tuple(
                Mount(source=volume, path=path, read_only=True)
                for volume, path in connection.runner_volumes.items()
            ),
            networks=(connection.network,),
            groups=connection.runner_groups,
            extra_hosts=(),
            root=HOME,
            externals_copied=False,
        )
    builds = connection.builds_dir
    return Placement(
        environment=connection.job_environment,
        mounts=tuple(_mount(volume) for volume in connection.job_volumes),
        networks=(connection.job_network,) if connection.job_network else (),
        groups=connection.job_groups,
        extra_hosts=connection.job_extra_hosts,
        root=f"{builds}/{runner}" if builds else HOME,
        externals_copied=bool(builds),
    )


def _mount(volume: str) -> Mount:
    source, path, *mode = volume.split(":")
    return Mount(source=source, path=path, read_only="ro" in mode)


def runner_labels(spec: GitHubRunnerSpec, connection: Connection) -> list[str]:
    """Labels of a runner: those that every workflow names, the connection's tags, and the user's own."""
    return list(dict.fromkeys([*OWN_LABELS, *connection.tags, *spec.runner_labels]))


def api_of(url: str) -> tuple[str, str]:
    """The REST API of the forge, and the part of its paths that names the repository or organization of `url`."""
    parts = urlsplit(url)
    path = parts.path.strip("/")
    scope = f"repos/{path}" if "/" in path else f"orgs/{path}"
    host = parts.hostname or ""
    if host == GITHUB or host.endswith(".ghe.com"):
        return f"https://api.{host}", scope
    return f"{parts.scheme}://{parts.netloc}/api/v3", scope


def registrar_environment(
    name: str, spec: GitHubRunnerSpec, *, url: str, connection: Connection, runner_group: str
) -> list[str]:
    """Environment of the registrar. Nothing in it is a secret."""
    api, scope = api_of(url)
    settings = {
        **spec.environment,
        "API_URL": api,
        "SCOPE": scope,
        "GROUP": runner_group,
        "LABELS": json.dumps(runner_labels(spec, connection)),
        "PREFIX": name,
        "SLOTS": str(spec.concurrent),
        "CREDENTIAL": f"{CREDENTIAL}/{CREDENTIAL_FILE}",
        "STATE": STATE,
        "FOLDERS": REGISTRATIONS,
        "SCRATCH": SCRATCH,
    }
    return _lines(settings)


def runner_environment(spec: GitHubRunnerSpec, place: Placement) -> list[str]:
    """Environment of a runner and its jobs: the connection's and the user's."""
    return _lines({**place.environment, **spec.environment})


def runner_command(place: Placement) -> list[str]:
    """Words after bash: the first process of a runner's container."""
    return [
        "-c",
        script("github_runner.sh"),
        "entrypoint",
        PROGRAMS,
        place.root,
        REGISTRATION,
        "copied" if place.externals_copied else "linked",
        *place.groups,
    ]


def registrar_command() -> list[str]:
    """Words after bash: the registrar."""
    return ["-c", script("github_registrar.sh"), "registrar"]


def registrar_ready_test() -> list[str]:
    """The registrar's health check: nothing keeps runners from being registered."""
    return ["CMD", "test", "!", "-e", f"{SCRATCH}/trouble"]


def render_credential(token: str | None, app: Mapping[str, str] | None) -> str:
    """The file that the registrar reads: a secret as a whole."""
    return json.dumps({"token": token} if token is not None else dict(app or {}), sort_keys=True)


def script(name: str) -> str:
    """One of the shell scripts beside this file."""
    return files("ci_runners.render").joinpath("scripts", name).read_text()


def _lines(settings: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(settings.items())]
