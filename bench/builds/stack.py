"""The daemons that are compared, from this project's own components: a Pulumi program and a stack of the bench's own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pulumi
from pulumi import automation

from ci_runners import DindDaemon
from ci_runners.connection import Connection
from ci_runners.daemons.buildkit import BuildkitDaemon
from ci_runners.daemons.host import HostDaemon
from ci_runners.daemons.kaniko import Kaniko
from ci_runners.registries.mirror import RegistryMirror

NAME = "ci-runners-bench"
DIND, DIND_MIRROR, DOOD, BUILDKIT, KANIKO, MIRROR = (
    f"{NAME}-{part}" for part in ("dind", "dind-mirror", "dood", "buildkit", "kaniko", "mirror")
)


def _declare(socket: str, registry: str) -> None:
    """Every daemon, each with the registry's host and port as one without TLS."""
    mirror = RegistryMirror(MIRROR, {"remote_url": f"http://{registry}"})
    dind = DindDaemon(DIND, {"accept_privileged": True, "daemon_json": {"insecure_registries": [registry]}})
    mirrored = DindDaemon(
        DIND_MIRROR,
        {
            "accept_privileged": True,
            "networks": [MIRROR],
            "daemon_json": {
                "insecure_registries": [registry, f"{MIRROR}:5000"],
                "registry_mirrors": [f"http://{MIRROR}:5000"],
            },
        },
        pulumi.ResourceOptions(depends_on=[mirror]),
    )
    host = HostDaemon(DOOD, {"accept_host_root": True, "socket": socket})
    buildkit = BuildkitDaemon(BUILDKIT, {"socket": socket, "insecure_registries": [registry]})
    kaniko = Kaniko(KANIKO, {"socket": socket, "insecure_registries": [registry]})
    pulumi.export(DIND, dind.connection)
    pulumi.export(DIND_MIRROR, mirrored.connection)
    pulumi.export(DOOD, host.connection)
    pulumi.export(BUILDKIT, buildkit.connection)
    pulumi.export(KANIKO, kaniko.connection)


@contextlib.contextmanager
def daemons(folder: Path, *, socket: str, registry: str) -> Iterator[dict[str, Connection]]:
    """The daemons' connections by name; everything is destroyed at the end. `folder` stays: it holds the state."""
    folder.mkdir(parents=True, exist_ok=True)
    stack = automation.create_or_select_stack(
        stack_name="bench",
        project_name=NAME,
        program=lambda: _declare(socket, registry),
        opts=automation.LocalWorkspaceOptions(env_vars={"PULUMI_BACKEND_URL": f"file://{folder}"}),
    )
    try:
        # What a killed bench left: its lock, and what it had begun to make.
        stack.cancel()
        stack.refresh(clear_pending_creates=True)
        outputs = stack.up().outputs
        yield {name: Connection.parse(output.value) for name, output in outputs.items()}
    finally:
        stack.destroy()
