"""The cleanup of a daemon: what it is asked, checked before anything is created, and the container that does it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from ci_runners.connection import Connection, DaemonKind
from ci_runners.problems import Problem
from ci_runners.render.cleanup_schedule import longest_gap
from ci_runners.render.shared_rules import connection_problems, label_problems
from ci_runners.validate import Rules

STATE = "/var/lib/ci-runners-cleanup"
"""Where the cleanup has its volume: receipts.jsonl, cleanup.prom, and what it knows of last uses."""
SCRATCH = "/tmp"  # noqa: S108  a tmpfs of the container's own
SCRIPT = f"{SCRATCH}/cleanup"
GIGABYTE = 10**9
LEAST_GB, MOST_GB = 0.001, 1_000_000

_UNTIL = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_PATTERN = re.compile(r"[A-Za-z0-9._/:@*?\[\]-]+", re.ASCII)
_END = "END-OF-CLEANUP"


@dataclass(frozen=True, kw_only=True)
class CleanupSpec:
    """Everything about a cleanup that is known before it exists. Defaults are explained on `CacheCleanupArgs`."""

    schedule: str = "0 3 * * 0"
    until: str = "168h"
    max_size_gb: float | None = None
    pressure_percent: int | None = None
    builders: bool | None = None
    keep_images: tuple[str, ...] = ()
    memory: int = 256
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def unused_seconds(self) -> int:
        """`until` in seconds; 0 for what is none."""
        found = _UNTIL.fullmatch(self.until)
        hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        return 3600 * hours + 60 * minutes + seconds


@dataclass(frozen=True, kw_only=True)
class CleanupContainer:
    """What the container of a cleanup is started with, by the daemon that it is for."""

    image: str
    command: tuple[str, ...]
    environment: tuple[str, ...]
    network: str
    """Docker network from which the daemon is reached. Empty: none."""
    volumes: Mapping[str, str]
    """Volume name -> path, read-only: the client's certificates."""
    socket: str
    """The engine's socket on its host. Empty: none."""
    groups: tuple[str, ...]


def cleanup_problems(name: str, spec: CleanupSpec) -> list[Problem]:
    """Everything that is wrong with a cleanup's arguments but for its connection."""
    rules = Rules(component=f"CacheCleanup {name!r}")
    return [
        *rules.docker_name("name", name),
        *_schedule(spec, rules),
        *_limits(spec, rules),
        *_patterns(spec, rules),
        *rules.at_least("memory", spec.memory, 64, "MiB"),
        *label_problems(rules, spec.labels),
    ]


def _schedule(spec: CleanupSpec, rules: Rules) -> Iterator[Problem]:
    try:
        longest_gap(spec.schedule)
    except ValueError as wrong:
        fix = f"write it like 0 3 * * 0, Sundays at three (UTC); this has {wrong}"
        yield rules.problem("schedule", spec.schedule, "five fields of cron", fix)
    if spec.unused_seconds == 0:
        yield rules.problem("until", spec.until, "hours, minutes or seconds", "write it like 168h or 1h30m")


def _limits(spec: CleanupSpec, rules: Rules) -> Iterator[Problem]:
    if spec.max_size_gb is not None and not LEAST_GB <= spec.max_size_gb <= MOST_GB:
        fix = "write it like 50, or leave it out for no budget"
        yield rules.problem("max_size_gb", spec.max_size_gb, f"{LEAST_GB} to {MOST_GB} GB", fix)
    why = "percent of the file system; leave it out for no mark"
    yield from rules.within("pressure_percent", spec.pressure_percent, 1, 99, why)


def _patterns(spec: CleanupSpec, rules: Rules) -> Iterator[Problem]:
    for index, pattern in enumerate(spec.keep_images):
        if not _PATTERN.fullmatch(pattern):
            expected = "an image's name and tag, with * and ? as in a shell"
            fix = "write it like registry.example.com/team/*"
            yield rules.problem(f"keep_images[{index}]", pattern, expected, fix)
    yield from rules.no_repeats("keep_images", spec.keep_images)


def cleanup_connection_problems(name: str, spec: CleanupSpec, text: str) -> list[Problem]:
    """What is wrong with a cleanup's connection: that it cannot be read, or that nothing is there to clean."""
    rules = Rules(component=f"CacheCleanup {name!r}")
    found = connection_problems(rules, text)
    if found:
        return found
    kind = Connection.parse(text).kind
    if kind is DaemonKind.KANIKO:
        expected = "a daemon's connection (dind, dood, buildkit): Kaniko has no daemon, and a job leaves nothing behind"
        fix = "leave the cleanup out; the registry's own rules clean Kaniko's layer cache"
        return [rules.problem("connection", kind.value, expected, fix)]
    if kind is DaemonKind.BUILDKIT:
        given = {"builders": spec.builders, "keep_images": spec.keep_images}
        expected = "nothing: a buildkitd has neither builders nor images, only build cache"
        return [
            rules.problem(item, value, expected, "leave it out") for item, value in given.items() if value
        ]
    return []


def cleanup_container(name: str, spec: CleanupSpec, connection: Connection) -> CleanupContainer:
    """The container: in the image that the daemon's jobs have, since that one has its client, and a crond."""
    reach = _REACH[connection.kind](connection)
    settings = {**_settings(name, spec), **reach.environment, **_engine_settings(spec, connection.kind)}
    return CleanupContainer(
        image=connection.job_image,
        command=("-c", cleanup_script(connection.kind)),
        environment=tuple(f"{key}={value}" for key, value in sorted(settings.items())),
        network=reach.network,
        volumes=reach.volumes,
        socket=connection.runner_socket if connection.kind is DaemonKind.DOOD else "",
        groups=connection.runner_groups if connection.kind is DaemonKind.DOOD else (),
    )


def cleanup_script(kind: DaemonKind) -> str:
    """For a shell: puts the cleanup's script where crond finds it, and starts it."""
    folder = files("ci_runners.render").joinpath("scripts")
    own = "cleanup_buildkit.sh" if kind is DaemonKind.BUILDKIT else "cleanup_docker.sh"
    text = "".join(folder.joinpath(part).read_text() for part in (own, "cleanup.sh"))
    return f"cat > {SCRIPT} <<'{_END}'\n{text}{_END}\nexec sh {SCRIPT} start\n"


def health_test() -> list[str]:
    """The health check: no run failed, and none is overdue."""
    return ["CMD", "sh", SCRIPT, "health"]


@dataclass(frozen=True, kw_only=True)
class _Reach:
    """How a client reaches a daemon."""

    environment: Mapping[str, str]
    network: str = ""
    volumes: Mapping[str, str] = field(default_factory=dict)


def _from_network(connection: Connection) -> _Reach:
    """A DinD daemon: as its runner does."""
    certificates = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": connection.certificates}
    return _Reach(
        environment={"DOCKER_HOST": connection.runner_host, **certificates},
        network=connection.network,
        volumes=connection.runner_volumes,
    )


def _from_socket(connection: Connection) -> _Reach:
    """The host's engine: as its runner does, past a proxy."""
    return _Reach(environment={"DOCKER_HOST": connection.runner_host})


def _as_job(connection: Connection) -> _Reach:
    """A buildkitd: as its jobs do."""
    mounts = [mount.split(":") for mount in connection.job_volumes]
    return _Reach(
        environment=connection.job_environment,
        network=connection.job_network,
        volumes={source: path for source, path, *_ in mounts},
    )


_REACH: Mapping[DaemonKind, Callable[[Connection], _Reach]] = {
    DaemonKind.DIND: _from_network,
    DaemonKind.DOOD: _from_socket,
    DaemonKind.BUILDKIT: _as_job,
}


def _settings(name: str, spec: CleanupSpec) -> dict[str, str]:
    return {
        "CLEANUP_LONGEST_GAP": str(longest_gap(spec.schedule)),
        "CLEANUP_MAX_BYTES": str(round((spec.max_size_gb or 0) * GIGABYTE)),
        "CLEANUP_NAME": name,
        "CLEANUP_PRESSURE_PERCENT": str(spec.pressure_percent or 0),
        "CLEANUP_SCHEDULE": " ".join(spec.schedule.split()),
        "CLEANUP_SCRIPT": SCRIPT,
        "CLEANUP_STATE": STATE,
        "CLEANUP_UNUSED_SECONDS": str(spec.unused_seconds),
        "CLEANUP_WORK": f"{SCRATCH}/work",
    }


def _engine_settings(spec: CleanupSpec, kind: DaemonKind) -> dict[str, str]:
    """What only an engine needs to know. In a DinD daemon everything is the jobs'; on a host it may be anybody's."""
    if kind is DaemonKind.BUILDKIT:
        return {}
    on_host = kind is DaemonKind.DOOD
    builders = spec.builders if spec.builders is not None else not on_host
    return {
        "CLEANUP_BUILDERS": str(int(builders)),
        "CLEANUP_JOBS_ONLY": str(int(on_host)),
        "CLEANUP_KEEP_IMAGES": " ".join(spec.keep_images),
    }
