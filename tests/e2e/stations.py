"""The root program with settings of a test's own, on a forge of a test's own: what both forges' tests have in common."""

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import yaml

from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli, pulumi_binary
from tests.e2e.pushes import WHO

FILES = {
    "Dockerfile": "FROM debian:13.1-slim\nCOPY greeting.txt /greeting.txt\n",
    "greeting.txt": "hello\n",
}
"""A project's sources."""
MARKER = "marker-of-a-deploy-token"
VARIABLE = "GREETING"
SECRET = "DEPLOY_TOKEN"


@dataclass(frozen=True, kw_only=True)
class Station:
    """The root program's stack, and everything that was said while it lived."""

    name: str
    cli: PulumiCli
    engine: docker.DockerClient
    told: dict[str, str] = field(default_factory=dict)

    def configure(self, settings: dict[str, Any], plain: dict[str, str], secrets: dict[str, str]) -> None:
        """Write the stack's configuration; secrets go through standard input."""
        for key, value in secrets.items():
            path = ["--path"] if key.count(".") else []
            words = [pulumi_binary(), "config", "set", "--secret", *path, key]
            environment, folder = self.cli.environment, self.cli.directory
            subprocess.run(
                words, cwd=folder, env=environment, input=value, text=True, check=True, capture_output=True
            )
        file = self.cli.directory / "Pulumi.dev.yaml"
        document = yaml.safe_load(file.read_text())
        document["config"] |= {"ci-runners:station": settings, **plain}
        file.write_text(yaml.safe_dump(document))

    def pulumi(self, title: str, *words: str) -> str:
        """Run a command, and keep what it said and what the process list said meanwhile."""
        with _watched() as lines:
            self.told[title] = self.cli.run(*words)
        self.told[f"process list at {title}"] = "\n".join(sorted(lines))
        return self.told[title]

    def up(self, title: str, *words: str) -> str:
        return self.pulumi(title, "up", "--yes", "--skip-preview", "--diff", *words)

    def stays_as_it_is(self, *, refreshes: int) -> None:
        """A second `up`, and those with a refresh, change nothing: Pulumi itself ends with an error otherwise."""
        self.up("second up", "--expect-no-changes")
        for number in range(refreshes):
            self.up(f"refresh {number}", "--refresh", "--expect-no-changes")

    def containers(self) -> list[str]:
        """Names of the station's containers."""
        found = self.engine.containers.list(all=True, ignore_removed=True)
        return sorted(each.name or "" for each in found if (each.name or "").startswith(f"{self.name}-"))

    def look_at_containers(self) -> None:
        """Keep what the engine shows of every container: its settings, its log, its processes, its image's history."""
        for name in self.containers():
            container = self.engine.containers.get(name)
            self.told[f"docker inspect {name}"] = json.dumps(container.attrs)
            self.told[f"docker logs {name}"] = container.logs().decode(errors="replace")
            if container.image is not None:
                self.told[f"docker history {name}"] = json.dumps(container.image.history())
            if container.status == "running":
                self.told[f"docker top {name}"] = json.dumps(container.top(ps_args="aux"))

    def look_at_the_plan(self) -> None:
        """Keep what previews and the state show."""
        self.pulumi("preview --diff", "preview", "--diff", "--refresh")
        self.pulumi("preview --json", "preview", "--json")
        self.pulumi("stack export", "stack", "export")
        self.pulumi("stack output", "stack", "output", "--json")
        for file in (self.cli.directory.parent / "state").rglob("*.json*"):
            self.told[f"state {file.name}"] = file.read_text(errors="replace")

    @property
    def marker(self) -> str:
        """The value of the station's own secret."""
        return f"{MARKER}-{self.name}"

    def that_tell(self, *secrets: str, of_machine: str) -> list[str]:
        """Where one of the secrets can be read. Other tests' commands may hold the machine's own."""
        return sorted(
            name
            for name, text in self.told.items()
            if any(secret in text for secret in secrets)
            or (of_machine in text and not name.startswith("process list"))
        )

    def secret_outputs(self, type_name: str, output: str) -> list[str]:
        """What the state keeps encrypted of the resources of one type."""
        told = json.loads(self.cli.run("stack", "export", "--show-secrets"))
        found = [each for each in told["deployment"]["resources"] if each["type"] == type_name]
        return [json.loads(each["outputs"][output]["plaintext"]) for each in found]

    def left(self) -> list[str]:
        """Every container, volume and network of the station."""
        volumes = [each.name or "" for each in self.engine.volumes.list()]
        networks = [each.name or "" for each in self.engine.networks.list()]
        return sorted(
            [
                *self.containers(),
                *(each for each in (*volumes, *networks) if each.startswith(f"{self.name}-")),
            ]
        )

    def remove(self) -> None:
        """Remove everything without asking Pulumi: the last resort after a failed test."""
        for name in self.containers():
            self.engine.containers.get(name).remove(force=True, v=True)
        for collection in (self.engine.volumes, self.engine.networks):
            for each in collection.list():
                if (each.name or "").startswith(f"{self.name}-"):
                    each.remove()


def shared_settings(name: str, way: str) -> dict[str, Any]:
    """What a station of any forge says of itself on this machine."""
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    return {
        "name": name,
        "builder": way,
        "registries": {"mirrors": [f"http://{registry}"], "insecure": [registry]},
        "dind": {"accept_privileged": True},
        "dood": {"accept_host_root": True, "socket": socket},
        "buildkit": {"socket": socket},
        "kaniko": {"socket": socket},
        "keep_caches": False,
    }


@contextlib.contextmanager
def station(folder: Path, name: str) -> Iterator[Station]:
    """The root program with a stack of its own."""
    cli = PulumiCli.on_machine(folder, name="ci-runners", program="")
    for file in ("__main__.py", "Pulumi.yaml"):
        shutil.copyfile(REPOSITORY / file, cli.directory / file)
    with contextlib.closing(docker.from_env(timeout=180)) as engine:
        one = Station(name=name, cli=cli, engine=engine)
        try:
            yield one
        finally:
            one.remove()


def push_file(url: str, folder: Path, name: str, content: str) -> str:
    """Commit a file on top of what there is, by real git, and push; returns the commit."""

    def git(*words: str, cwd: Path = folder) -> str:
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(
            ["git", *WHO, *words], cwd=cwd, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("clone", "--quiet", url, str(folder), cwd=folder.parent)
    (folder / name).write_text(content)
    git("add", "--all")
    git("commit", "--quiet", "--message", "Another greeting")
    git("push", "--quiet", "origin", "HEAD:main")
    return git("rev-parse", "HEAD")


@contextlib.contextmanager
def _watched() -> Iterator[set[str]]:
    """The command lines of all processes that there are meanwhile, as any user of the machine sees them."""
    lines: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    lines.add(file.read_text(errors="replace").replace("\0", " "))
            time.sleep(0.1)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lines
    finally:
        ended.set()
        thread.join()
