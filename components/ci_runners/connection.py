"""The connection: the one value that says how a runner and its jobs reach a daemon.

Every daemon makes one; runners, projects and pipelines read it. It crosses between components as one string of
versioned JSON: a nested object that is an Output loses its data in the plugin form, a string does not.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ci_runners.problems import InvalidInput, Problem, refuse

VERSION = 1
TLS_PORT = 2376
"""Docker's port for TLS. The port without TLS, 2375, is spoken nowhere in this package."""
CERTIFICATES = "/certs"
"""DOCKER_TLS_CERTDIR of the Docker Official Image."""
CLIENT_CERTIFICATES = "/certs/client"
"""Holds ca.pem, cert.pem and key.pem of a client, at the same path for daemon, runner and job."""
JOB_HOST_NAME = "docker"
"""What a job calls its daemon: a name that docker:dind's certificate always covers (docker-library/docker)."""

_COMPONENT = "Connection"


class DaemonKind(str, Enum):
    """What builds the images at the other end."""

    DIND = "dind"


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How a runner, and how its jobs, reach one daemon."""

    kind: DaemonKind
    runner_host: str
    """The daemon's address for the runner, as in DOCKER_HOST."""

    certificates: str
    """Folder with ca.pem, cert.pem and key.pem, for the runner and for jobs. Empty: no TLS."""

    network: str
    """Docker network that the runner joins to reach the daemon."""

    runner_volumes: Mapping[str, str] = field(default_factory=dict)
    """Volume name -> path in the runner's container, mounted read-only."""

    job_volumes: tuple[str, ...] = ()
    """`path:path:ro` for `[runners.docker] volumes`; the left side is a path where the daemon runs."""

    job_environment: Mapping[str, str] = field(default_factory=dict)
    """What a job's Docker client finds in its environment."""

    job_extra_hosts: tuple[str, ...] = ()
    """`name:address` for a job's /etc/hosts."""

    tags: tuple[str, ...] = ()
    """Runner tags that lead a job to this daemon."""

    def dump(self) -> str:
        """The connection as one string: the same for equal connections."""
        plain = {"version": VERSION, **dataclasses.asdict(self)}
        return json.dumps(plain, sort_keys=True, separators=(",", ":"))

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
        runner_host=f"tcp://{host}:{TLS_PORT}",
        certificates=CLIENT_CERTIFICATES,
        network=network,
        runner_volumes={client_volume: CLIENT_CERTIFICATES},
        job_volumes=(f"{CLIENT_CERTIFICATES}:{CLIENT_CERTIFICATES}:ro",),
        job_environment={**client_environment(JOB_HOST_NAME), "DOCKER_TLS_CERTDIR": CERTIFICATES},
        job_extra_hosts=(f"{JOB_HOST_NAME}:host-gateway",),
        tags=tags,
    )


def _problem(name: str, value: object, expected: str) -> Problem:
    fix = "pass the `connection` output of a daemon of the same version of this package, unchanged"
    return Problem(component=_COMPONENT, field=name, value=value, expected=expected, fix=fix)


def _problems(name: str, value: object) -> Iterator[Problem]:
    if name == "kind":
        kinds = [kind.value for kind in DaemonKind]
        if value not in kinds:
            yield _problem(name, value, f"one of {', '.join(kinds)}")
    elif name in {"runner_volumes", "job_environment"}:
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            yield _problem(name, value, "text for every key")
    elif name in {"job_volumes", "job_extra_hosts", "tags"}:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            yield _problem(name, value, "a list of texts")
    elif not isinstance(value, str):
        yield _problem(name, value, "text")


def _typed(name: str, value: Any) -> Any:  # noqa: ANN401  any JSON, already checked
    if name == "kind":
        return DaemonKind(value)
    return tuple(value) if isinstance(value, list) else value
