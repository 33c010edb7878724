"""Reading a host through the Docker SDK, which only this module imports."""

import contextlib
import posixpath
import re
from collections.abc import Mapping
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.types import LogConfig, Mount

from ci_runners.preflight.client import EngineWay, address, engine_way
from ci_runners.preflight.facts import HostFacts
from ci_runners.preflight.look import FOLDER, LOOKED_AT, SCRIPT, folders, seen, storage_roots

ANSWER_SECONDS = 20
"""Seconds for an engine to answer one request, and for the container to end."""

_LABELS = {"ci-runners.kind": "preflight"}
_MISSING = re.compile(r"bind source path does not exist: (\S+)")
_FAILURES = (DockerException, OSError, ValueError)
"""What the SDK raises: its own, requests' (which are OSErrors), and for an address or an answer that it cannot read."""


def read_engine(docker_host: str | None, *, socket: str, image: str) -> HostFacts:
    """What `probe.read_facts` gives, once the SDK is there."""
    known: dict[str, Any] = {"docker_host": docker_host, "socket": socket}
    notes: list[str] = []
    way_in: EngineWay | None = None
    with contextlib.ExitStack() as stack:
        try:
            known["docker_host"] = address(docker_host)
            way_in = stack.enter_context(engine_way(docker_host))
            client = way_in.client(timeout=ANSWER_SECONDS)
            stack.callback(client.close)
            info = client.info()
            known |= _said_by_engine(client, info)
        except _FAILURES as failure:
            notes.append(f"the engine did not answer: {_reason(failure, way_in)}")
        else:
            seen_there, more = _looked_at(client, info, socket=socket, image=image)
            known |= seen_there
            notes += more
    return HostFacts(**known, notes=tuple(notes))


def _reason(failure: Exception, way_in: EngineWay | None) -> str:
    """Why an engine did not answer, on one line. Behind ssh the SDK knows no more than that it did not."""
    said = way_in.tunnel.reason() if way_in and way_in.tunnel and not isinstance(failure, APIError) else ""
    return said or _words(failure)


def _said_by_engine(client: docker.DockerClient, info: Mapping[str, Any]) -> dict[str, Any]:
    version = client.version()
    return {
        "engine_version": info.get("ServerVersion"),
        "api_version": version.get("ApiVersion"),
        "min_api_version": version.get("MinAPIVersion"),
        "os_type": info.get("OSType"),
        "operating_system": info.get("OperatingSystem"),
        "kernel_version": info.get("KernelVersion"),
        "architecture": info.get("Architecture"),
        "cgroup_version": info.get("CgroupVersion"),
        "storage_driver": info.get("Driver"),
        "security_options": tuple(info.get("SecurityOptions") or ()),
        "runtimes": tuple(sorted(info.get("Runtimes") or ())),
        "default_runtime": info.get("DefaultRuntime"),
        "cpus": info.get("NCPU"),
        "memory": info.get("MemTotal"),
        "bridge_mtu": _bridge_mtu(client),
        "storage_roots": storage_roots(info),
    }


def _bridge_mtu(client: docker.DockerClient) -> int | None:
    try:
        options = client.networks.get("bridge").attrs.get("Options") or {}
    except NotFound:
        return None
    mtu = str(options.get("com.docker.network.driver.mtu", ""))
    return int(mtu) if mtu.isdigit() else None


def _looked_at(
    client: docker.DockerClient, info: Mapping[str, Any], *, socket: str, image: str
) -> tuple[dict[str, Any], list[str]]:
    """What a container on the host sees, and notes on what it could not."""
    try:
        found = _seen_by_container(client, info, socket=socket, image=image)
    except _FAILURES as failure:
        return {}, [f"what only a container on the host can tell: {_words(failure)}"]
    return found, [f"{name}: a container could not tell" for name in LOOKED_AT if found[name] is None]


def _seen_by_container(
    client: docker.DockerClient, info: Mapping[str, Any], *, socket: str, image: str
) -> dict[str, Any]:
    """Run the look-around. A folder that the host does not have says something too."""
    options = str(info.get("SecurityOptions"))
    wanted = folders(storage_roots(info), socket)
    _have(client, image)
    container, given = _created(
        client, image, wanted, name=posixpath.basename(socket), is_rootless="name=rootless" in options
    )
    found: dict[str, Any] = seen(_output(container), missing=wanted.keys() - given.keys())
    found["storage_roots"] = tuple(source for key, source in given.items() if key.startswith("root"))
    if "name=userns" in options:
        # This one container is not remapped, so that it sees the socket's group as it is.
        found["ids"] = None
    return found


def _have(client: docker.DockerClient, image: str) -> None:
    try:
        client.images.get(image)
    except NotFound:
        client.images.pull(image)


def _created(
    client: docker.DockerClient, image: str, wanted: dict[str, str], *, name: str, is_rootless: bool
) -> tuple[Container, dict[str, str]]:
    """The container, and those of the wanted folders that the host has: unlike `-v`, a mount makes none."""
    while True:
        try:
            return _create(client, image, _mounts(wanted, is_rootless=is_rootless), name), wanted
        except APIError as refused:
            absent = _MISSING.search(str(refused.explanation))
            left = {key: source for key, source in wanted.items() if absent and source != absent[1]}
            if absent is None or left == wanted:
                raise
            wanted = left


def _mounts(wanted: Mapping[str, str], *, is_rootless: bool) -> list[Mount]:
    """The folders, without what is mounted below them: the layers of other containers would be held there.

    A rootless engine may not leave that out, for it would show what the mounts hide (mount_namespaces(7)).
    """
    mounts = [
        Mount(f"{FOLDER}/{folder}", source, type="bind", read_only=True) for folder, source in wanted.items()
    ]
    for mount in mounts:
        mount["BindOptions"] = {"NonRecursive": not is_rootless}
    return mounts


def _create(client: docker.DockerClient, image: str, mounts: list[Mount], name: str) -> Container:
    """A container without network, without capabilities and without a place to write."""
    return client.containers.create(
        image,
        entrypoint=["sh", "-c", SCRIPT, "sh"],
        command=[FOLDER, name],
        cap_drop=["ALL"],
        labels=_LABELS,
        log_config=LogConfig(type="json-file"),
        mounts=mounts,
        network_mode="none",
        pids_limit=32,
        read_only=True,
        security_opt=["no-new-privileges:true", "label=disable"],
        user="0:0",
        userns_mode="host",
    )


def _output(container: Container) -> str:
    try:
        container.start()
        container.wait(timeout=ANSWER_SECONDS)
        return container.logs().decode(errors="replace")
    finally:
        container.remove(force=True, v=True)


def _words(failure: Exception) -> str:
    """An error on one line."""
    return " ".join(str(failure).split())
