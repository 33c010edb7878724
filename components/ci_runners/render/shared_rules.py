"""Rules for what several daemons take: limits, names, tags, labels, the engine's socket."""

import dataclasses
import math
from collections.abc import Iterator, Mapping

from ci_runners.connection import SOCKET, Connection, DaemonKind
from ci_runners.plain_text import secret_named
from ci_runners.problems import InvalidInput, Problem
from ci_runners.validate import LEAST_CPUS, Rules


def limit_problems(
    rules: Rules, *, memory: int | None, memory_swap: int | None, cpus: float | None, least_memory: int
) -> Iterator[Problem]:
    """Memory and swap in MiB, and CPUs, of a container (Docker docs, Resource constraints)."""
    yield from rules.at_least("memory", memory, least_memory, "MiB")
    if memory_swap is not None and memory is None:
        yield rules.problem("memory_swap", memory_swap, "memory beside it", "set memory, or leave both out")
    elif memory_swap is not None and memory is not None and memory_swap < memory:
        expected = f"memory and swap together, {memory} MiB or more"
        yield rules.problem("memory_swap", memory_swap, expected, "raise it")
    if cpus is not None and not LEAST_CPUS <= cpus < math.inf:
        expected = f"at least {LEAST_CPUS} CPUs"
        yield rules.problem("cpus", cpus, expected, "write it like 1.5, or leave it out for all")


def network_problems(
    rules: Rules, *, name: str, networks: tuple[str, ...], extra_hosts: tuple[str, ...]
) -> Iterator[Problem]:
    """Networks that a daemon joins beside its own, which bears its name, and lines for its /etc/hosts."""
    yield from rules.each("networks", networks, "docker_name")
    yield from rules.each("extra_hosts", extra_hosts, "extra_host")
    yield from rules.no_repeats("networks", networks)
    yield from rules.no_repeats("extra_hosts", extra_hosts)
    if name in networks:
        yield rules.problem("networks", name, "other networks than the daemon's own", "leave it out")


def tag_problems(rules: Rules, tags: tuple[str, ...]) -> Iterator[Problem]:
    """Tags of a runner: one at least, or no job finds the daemon."""
    yield from rules.no_repeats("tags", tags)
    if not tags:
        fix = "name the tag that leads a job to this daemon"
        yield rules.problem("tags", [], "at least one tag", fix)
    for index, tag in enumerate(tags):
        if not tag.strip() or "," in tag:
            yield rules.problem(f"tags[{index}]", tag, "a tag without commas", "write one tag an item")


def label_problems(rules: Rules, labels: Mapping[str, str]) -> Iterator[Problem]:
    """Labels that a user gives, which must not look like ours."""
    for key, value in labels.items():
        if key.startswith("ci-runners."):
            fix = "ci-runners.* is this package's own"
            yield rules.problem(f"labels.{key}", value, "a label of yours", fix)


def plain_secret_problems(rules: Rules, field: str, name: str, value: str) -> Iterator[Problem]:
    """A secret in an environment, which whoever may inspect the container reads."""
    if kind := secret_named(name, value):
        expected = f"no plain text: this is {kind}"
        fix = "make it a secret at the forge, which gives it to the jobs that may have it"
        yield dataclasses.replace(rules.problem(field, value, expected, fix), secret=True)


def socket_problems(rules: Rules, socket: str) -> Iterator[Problem]:
    """The engine's socket on its own host: a path, which also stands left of a colon in a volume."""
    if not socket.startswith("/") or socket.endswith("/") or ":" in socket:
        expected = "the path of the Docker Engine's socket on its host, without unix://"
        yield rules.problem("socket", socket, expected, f"write it like {SOCKET}")


def connection_problems(rules: Rules, text: str) -> list[Problem]:
    """What is wrong with a connection: that it cannot be read."""
    try:
        Connection.parse(text)
    except InvalidInput as refused:
        return [
            dataclasses.replace(problem, component=rules.component, field=f"connection.{problem.field}")
            for problem in refused.problems
        ]
    return []


def github_connection_problems(rules: Rules, text: str) -> list[Problem]:
    """The same, where GitHub's runners use it: their jobs have no image of their own, which Kaniko needs."""
    found = connection_problems(rules, text)
    if not found and Connection.parse(text).kind is DaemonKind.KANIKO:
        expected = (
            "a daemon's connection (dind, dood, buildkit): GitHub runs a job's steps in the runner's own container, and"
            " Kaniko would put an image's files in the place of that container's"
        )
        fix = "use buildkit: nothing is privileged either"
        found.append(rules.problem("connection", DaemonKind.KANIKO.value, expected, fix))
    return found
