"""Reading this package's containers through the Docker SDK, which only this module imports."""

import contextlib
import io
import tarfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Any

from docker import DockerClient
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from ci_runners.preflight.client import address, engine_way
from ci_runners.render.cleanup import STATE as CLEANUP_FOLDER
from ci_runners.render.metrics_texts import CLEANUP_FILE
from ci_runners.status.facts import ContainerFacts, EngineFacts

ANSWER_SECONDS = 20
"""Seconds for an engine to answer one request."""
AT_ONCE = 8
"""Requests at once: an engine takes its time over each container's memory."""
LAST_LINES = 20
"""Lines of a task's output."""
GOING = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
"""What the engine answers of a container that is removed, or marked for it (Docker Engine API, Containers)."""

_COMPONENT = "ci-runners.component"
_NEVER = "0001-01-01"
_FAILURES = (DockerException, OSError, ValueError)
"""What the SDK raises: its own, requests' (which are OSErrors), and for an address or an answer that it cannot read."""


def read_engine(docker_host: str | None) -> EngineFacts:
    """What `probe.read_containers` gives."""
    known = docker_host or ""
    try:
        known = address(docker_host)
        with engine_way(docker_host) as way, contextlib.closing(way.client(timeout=ANSWER_SECONDS)) as engine:
            found = engine.containers.list(all=True, filters={"label": _COMPONENT}, ignore_removed=True)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                read = [facts for facts in pool.map(partial(_facts, engine), found) if facts is not None]
    except _FAILURES as failure:
        words = " ".join(str(failure).split())
        return EngineFacts(docker_host=known, failure=f"the engine did not answer: {words}")
    return EngineFacts(docker_host=known, containers=tuple(sorted(read, key=lambda facts: facts.name)))


def _facts(engine: DockerClient, container: Container) -> ContainerFacts | None:
    """What is known of one container; None where it is gone meanwhile, or about to be."""
    try:
        return _read(engine, container)
    except APIError as refused:
        if refused.status_code in GOING:
            return None
        raise


def _read(engine: DockerClient, container: Container) -> ContainerFacts:
    state, labels = container.attrs["State"], container.labels
    health = state.get("Health") or {}
    checks = health.get("Log") or [{}]
    is_task = (container.attrs["HostConfig"].get("RestartPolicy") or {}).get("Name", "no") in {"", "no"}
    is_running = state["Status"] in {"running", "paused"}
    used, limit = _memory(engine, container) if is_running else (None, None)
    return ContainerFacts(
        name=container.name or "",
        component=labels[_COMPONENT],
        kind=labels.get("ci-runners.kind", ""),
        stack=labels.get("ci-runners.stack", ""),
        state=state["Status"],
        health=health.get("Status", ""),
        health_output=checks[-1].get("Output", ""),
        exit_code=state.get("ExitCode", 0),
        is_task=is_task,
        is_out_of_memory=state.get("OOMKilled", False),
        restarts=container.attrs.get("RestartCount", 0),
        since=_moment(state["StartedAt"] if is_running else state["FinishedAt"]),
        memory=used,
        memory_limit=limit,
        output=container.logs(tail=LAST_LINES).decode(errors="replace") if is_task else "",
        cleanup_metrics=_file(container) if labels.get("ci-runners.kind") == "cleanup" else "",
    )


def _memory(engine: DockerClient, container: Container) -> tuple[int | None, int | None]:
    """Bytes in use, and the limit. An engine without memory's cgroup, or before 20.10, does not say."""
    limit = container.attrs["HostConfig"].get("Memory") or None
    try:
        said: Mapping[str, Any] = engine.api.stats(container.name or "", stream=False, one_shot=True)
        memory = said["memory_stats"]
        cached = memory.get("stats") or {}
        used = memory["usage"] - cached.get("inactive_file", cached.get("total_inactive_file", 0))
    except APIError as refused:
        if refused.status_code in GOING:
            raise
        return None, limit
    except KeyError:
        return None, limit
    return used, limit


def _moment(text: str) -> str:
    """The engine's moment to the second; empty for the one that means never."""
    return "" if text.startswith(_NEVER) else f"{text[:19]}Z"


def _file(container: Container) -> str:
    """The cleanup's metrics, from its volume, whether it runs or not; empty where there are none yet."""
    try:
        pieces, _ = container.get_archive(f"{CLEANUP_FOLDER}/{CLEANUP_FILE}")
    except NotFound:
        return ""
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        (member,) = archive.getmembers()
        content = archive.extractfile(member)
        return content.read().decode(errors="replace") if content else ""
