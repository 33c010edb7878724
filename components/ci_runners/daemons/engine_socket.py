"""The host engine's socket: which group it lets in, as read on the host that the provider reaches."""

import re

import pulumi
import pulumi_docker as docker

from ci_runners.connection import SOCKET
from ci_runners.images import DOCKER_CLI
from ci_runners.resources import LOG_OPTS, SILENT_CHANGES, container_labels

_LOOK = f"if [ -S {SOCKET} ]; then stat -c gid=%g {SOCKET}; else echo no socket; fi"
_GROUP = re.compile(r"gid=(\d+)")


def socket_group(
    parent: pulumi.Resource, name: str, labels: list[tuple[str, str]], *, socket: str
) -> pulumi.Output[str]:
    """The group id of the socket, for `--group-add`.

    A container of the target engine looks, so that it is right over ssh:// too, and where the host is first reached
    at `up`. It holds the socket, as a mount that makes no folder where there is none, and ends. The group is read
    once, when that container is made.
    """
    reader = docker.Container(
        f"{name}-socket-group",
        name=f"{name}-socket-group",
        image=DOCKER_CLI,
        entrypoints=["/bin/sh"],
        command=["-c", _LOOK],
        network_mode="none",
        mounts=[docker.ContainerMountArgs(type="bind", source=socket, target=SOCKET, read_only=True)],
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        attach=True,
        logs=True,
        must_run=False,
        log_driver="json-file",
        log_opts=LOG_OPTS,
        labels=container_labels(labels),
        opts=pulumi.ResourceOptions(
            parent=parent, replace_on_changes=SILENT_CHANGES, delete_before_replace=True
        ),
    )
    return reader.container_logs.apply(lambda said: group_of(socket, said))


def group_of(socket: str, said: str) -> str:
    """The group id in what the reader said.

    Raises `pulumi.RunError`, which is shown without a traceback, where there is none: no socket lies there.
    """
    found = _GROUP.search(said)
    if found is None:
        raise pulumi.RunError(
            f"socket: got {socket!r}, expected the Docker Engine's socket on its own host; the look-up said"
            f" {said.strip()!r}. Fix: give the path that `docker context inspect` shows on that host"
        )
    return found.group(1)
