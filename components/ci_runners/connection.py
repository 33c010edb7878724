"""The connection: the one value that says how a runner and its jobs reach a daemon.

Every daemon makes one; runners, projects and pipelines read it. It crosses between components as one string of
versioned JSON, which may be an Output as a whole in every language: a section that is one has no keys in a preview.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ci_runners.problems import InvalidInput, Problem, refuse

VERSION = 2
TLS_PORT = 2376
"""Docker's port for TLS. The port without TLS, 2375, is spoken nowhere in this package."""
CERTIFICATES = "/certs"
"""DOCKER_TLS_CERTDIR of the Docker Official Image."""
CLIENT_CERTIFICATES = "/certs/client"
"""Holds ca.pem, cert.pem and key.pem of a client, at the same path for daemon, runner and job."""
SOCKET = "/var/run/docker.sock"
"""Where a Docker client looks for its engine when nothing tells it otherwise."""

_COMPONENT = "Connection"


class DaemonKind(str, Enum):
    """What builds the images: the four ways to build."""

    DIND = "dind"
    """A Docker Engine in a container of its own (docker-in-docker)."""
    DOOD = "dood"
    """The host's own engine through its socket (docker outside of docker)."""
    BUILDKIT = "buildkit"
    """A rootless buildkitd in an unprivileged container."""
    KANIKO = "kaniko"
    """No daemon: the job's own image builds."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How a runner, and how its jobs, reach one daemon."""

    kind: DaemonKind
    job_image: str
    """Image with what a job needs to build here: the client, or with Kaniko the builder itself."""

    runner_host: str
    """The engine that starts the jobs' containers, as in DOCKER_HOST, for the runner."""

    certificates: str = ""
    """Folder with ca.pem, cert.pem and key.pem, for the runner and for jobs. Empty: no TLS."""

    network: str = ""
    """Docker network that the runner joins to reach the engine. Empty: none."""

    runner_volumes: Mapping[str, str] = field(default_factory=dict)
    """Volume name -> path in the runner's container, mounted read-only."""

    runner_socket: str = ""
    """The engine's socket on its host; the runner finds it at /var/run/docker.sock. Empty: none."""

    runner_groups: tuple[str, ...] = ()
    """Group ids that the runner's process joins, to be let in by the socket."""

    job_volumes: tuple[str, ...] = ()
    """`source:path[:ro]` for `[runners.docker] volumes`; the source is a path or volume where jobs run."""

    job_environment: Mapping[str, str] = field(default_factory=dict)
    """What a job's client finds in its environment."""

    job_extra_hosts: tuple[str, ...] = ()
    """`name:address` for a job's /etc/hosts."""

    job_network: str = ""
    """Docker network that jobs join to reach the daemon. Empty: a network of each job's own."""

    job_groups: tuple[str, ...] = ()
    """Group ids that a job's process joins, to be let in by the socket."""

    job_capabilities: tuple[str, ...] | None = None
    """The only capabilities that a job's container keeps; it gains no others then. None: the engine's own set."""

    builds_dir: str = ""
    """Where jobs' working copies lie, the same path for jobs and for the engine. Empty: the runner's own choice."""

    cache_dir: str = ""
    """Folder on the engine's host for jobs' own caches. Empty: volumes that the runner makes and nobody removes."""

    tags: tuple[str, ...] = ()
    """Runner tags that lead a job to this daemon."""

    def dump(self) -> str:
        """The connection as one string: the same for equal connections."""
        plain = {"version": VERSION, **dataclasses.asdict(self)}
        return json.dumps(plain, sort_keys=True, separators=(",", ":"))

    def wiring_digest(self) -> str:
        """Twelve hexadecimal digits that change when a runner must be made anew, once its jobs have ended.

        That is when it, or a job of its, holds something of the daemon's. What a new job only finds in its
        environment can change under a running runner.
        """
        held = dataclasses.replace(self, job_image="", job_environment={}, job_extra_hosts=(), tags=())
        return hashlib.sha256(held.dump().encode()).hexdigest()[:12]

    @classmethod
    def parse(cls, text: str) -> "Connection":
        """Read a dumped connection. Raises `InvalidInput` for anything that this version did not write."""
        try:
            plain = json.loads(text)
        except ValueError:
            raise InvalidInput([_problem("text", text, "JSON")]) from None
        if not isinstance(plain, dict) or plain.get("version") != VERSION:
            found = plain.get("version") if isinstance(plain, dict) else plain
            raise InvalidInput([_problem("version", found, f"version {VERSION}")])
        del plain["version"]
        names = [item.name for item in dataclasses.fields(cls)]
        refuse(
            [
                *(
                    _problem(name, plain[name], f"one of {', '.join(names)}")
                    for name in plain
                    if name not in names
                ),
                *(_problem(name, None, "a value") for name in names if name not in plain),
                *(problem for name in names if name in plain for problem in _problems(name, plain[name])),
            ]
        )
        return cls(**{name: _typed(name, plain[name]) for name in names})


_MAPPINGS = frozenset({"runner_volumes", "job_environment"})
_LISTS = frozenset(
    {"runner_groups", "job_volumes", "job_extra_hosts", "job_groups", "job_capabilities", "tags"}
)


def _problem(name: str, value: object, expected: str) -> Problem:
    fix = "pass the `connection` output of a daemon of the same version of this package, unchanged"
    return Problem(component=_COMPONENT, field=name, value=value, expected=expected, fix=fix)


def _problems(name: str, value: object) -> Iterator[Problem]:
    if name == "kind":
        kinds = [kind.value for kind in DaemonKind]
        if value not in kinds:
            yield _problem(name, value, f"one of {', '.join(kinds)}")
    elif name in _MAPPINGS:
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            yield _problem(name, value, "text for every key")
    elif name in _LISTS:
        unset = name == "job_capabilities" and value is None
        if not unset and (not isinstance(value, list) or not all(isinstance(item, str) for item in value)):
            yield _problem(name, value, "a list of texts")
    elif not isinstance(value, str):
        yield _problem(name, value, "text")


def _typed(name: str, value: Any) -> Any:  # noqa: ANN401  any JSON, already checked
    if name == "kind":
        return DaemonKind(value)
    return tuple(value) if isinstance(value, list) else value
