"""After a killed `pulumi`: its lock is lifted, and what it was creating at that moment is made undone.

Pulumi notes what it is about to create. A container or network that was made but not noted as made would stand in
the way of the next `up` by its name; it is removed when it carries our label. Volumes are adopted again by name.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
LABEL = "ci-runners.component"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack of a project, for the Pulumi CLI that is on PATH."""

    name: str
    folder: Path
    config_file: Path
    backend: Path
    """Folder of the state backend (`file://`), where a lock is a file of its stack's."""

    def is_locked(self) -> bool:
        """Whether a command holds the stack, or was killed while it did."""
        return any((self.backend / ".pulumi" / "locks").glob(f"organization/*/{self.name}/*.json"))

    def command(self, *words: str) -> list[str]:
        """A command of the CLI on this stack."""
        takes_config = words[0] in {"up", "preview", "refresh", "destroy", "config"}
        config = ["--config-file", str(self.config_file)] if takes_config else []
        return ["pulumi", *words, "--stack", self.name, *config]

    def run(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run it to its end, quietly."""
        return subprocess.run(
            self.command(*words), cwd=self.folder, check=check, capture_output=True, text=True
        )


def pending(state: dict[str, Any]) -> list[dict[str, Any]]:
    """What the state says was under way when Pulumi was killed."""
    return list(state["deployment"].get("pending_operations") or [])


def half_made(state: dict[str, Any]) -> list[tuple[str, str]]:
    """Type and name of containers and networks that may exist without the state's knowing."""
    made = []
    for operation in pending(state):
        resource = operation["resource"]
        if operation["type"] == "creating" and resource["type"] in {CONTAINER, NETWORK}:
            made.append((resource["type"], resource["inputs"]["name"]))
    return made


def remove_half_made(client: docker.DockerClient, kind: str, name: str) -> None:
    """Remove what a killed create left, if it is there and ours."""
    try:
        if kind == CONTAINER:
            container = client.containers.get(name)
            if LABEL in container.labels:
                container.remove(force=True)
        else:
            for network in client.networks.list(names=[f"^{name}$"]):
                if LABEL in (network.attrs["Labels"] or {}):
                    network.remove()
    except NotFound:
        return


def recover(stack: Stack, client: docker.DockerClient) -> bool:
    """Make the stack usable again. Says whether a command was cut short, so that a refresh is due."""
    locked = stack.is_locked()
    if locked:
        stack.run("cancel", "--yes")
    exported = stack.run("stack", "export")
    state = json.loads(exported.stdout)
    for kind, name in half_made(state):
        remove_half_made(client, kind, name)
    if pending(state):
        state["deployment"]["pending_operations"] = []
        words = stack.command("stack", "import")
        subprocess.run(
            words, cwd=stack.folder, input=json.dumps(state), text=True, check=True, capture_output=True
        )
        return True
    return locked
