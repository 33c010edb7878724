"""An example's life on the real engine: first preview, `up` with the policy pack, a job, no further change, nothing left.

The program is the one that is shipped. What this machine needs beside it is configured as a person would: the path of
the engine's socket, a mirror, a registry without TLS.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import yaml
from docker.errors import NotFound
from gitlab.exceptions import GitlabGetError
from gitlab.v4.objects import Project

from bootstrap.station import digest_in_registry, finished_pipeline
from tests.bad_twins.expected import EXAMPLES
from tests.e2e.gitlab_projects import traces_of
from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli
from tests.examples.catalog import STACK, Program
from tests.examples.tree import steps_of, tree

PACK = REPOSITORY / "policies"
EXCEPTIONS = "policy-exceptions.json"
KINDS = {
    "docker:index/container:Container": "containers",
    "docker:index/network:Network": "networks",
    "docker:index/volume:Volume": "volumes",
}
ANONYMOUS = re.compile(r"[0-9a-f]{64}")
"""A volume that got its name from the engine."""
REGISTRY = os.environ.get("CI_RUNNERS_REGISTRY", "")


def socket() -> str:
    """The engine's socket on this machine."""
    return os.environ["DOCKER_HOST"].removeprefix("unix://")


def daemon_arguments(way: str) -> dict[str, Any]:
    """What a daemon of this machine needs beside an example's own words."""
    registries = {"registry_mirrors": [f"http://{REGISTRY}"], "insecure_registries": [REGISTRY]}
    if way == "dind":
        return {"daemon_json": registries}
    return {"socket": socket(), **({} if way == "dood" else registries)}


@dataclass(frozen=True, kw_only=True)
class Life:
    """One stack of an example."""

    program: Program
    cli: PulumiCli
    engines: Sequence[docker.DockerClient]
    """Every Docker host that it may have something on."""
    stack: str = STACK
    made: set[tuple[str, str]] = field(default_factory=set)
    """All that it has had on the engines: kind and name."""

    def configure(self, values: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        """Set configuration keys; those without a project's name are the program's own."""
        for key, value in secrets.items():
            words = ["config", "set", "--secret", "--stack", self.stack, key]
            self._with_input(words, value)
        name, file = self.program.project["name"], self.cli.directory / f"Pulumi.{self.stack}.yaml"
        document = yaml.safe_load(file.read_text())
        given = {key if ":" in key else f"{name}:{key}": value for key, value in values.items()}
        document["config"] = {**(document.get("config") or {}), **given}
        file.write_text(yaml.safe_dump(document))

    def _with_input(self, words: list[str], text: str) -> None:
        command = [os.environ["CI_RUNNERS_PULUMI"], *words, "--non-interactive"]
        subprocess.run(
            command,
            cwd=self.cli.directory,
            env=self.cli.environment,
            input=text,
            text=True,
            check=True,
            capture_output=True,
        )

    def run(self, *words: str) -> str:
        """Run one of Pulumi's commands on the stack."""
        return self.cli.run(*words, "--stack", self.stack)

    def preview(self) -> str:
        """The first preview, as the text beside an example has it."""
        said = self.run("preview", "--json")
        return tree(self.stack, steps_of(json.loads(said[said.index("{\n") :])))

    def up(self) -> str:
        """Bring it up under the policy pack."""
        exceptions = self.cli.directory / EXCEPTIONS
        more = ["--policy-pack-config", str(exceptions)] if exceptions.is_file() else []
        try:
            return self.run("up", "--yes", "--skip-preview", "--policy-pack", str(PACK), *more)
        finally:
            self.made.update(self._there_now())

    def stays_as_it_is(self) -> None:
        """A second `up`, and one with a refresh, change nothing: Pulumi itself ends with an error otherwise."""
        self.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        self.run("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes")

    def destroy(self) -> None:
        """Destroy it."""
        self.made.update(self._there_now())
        self.run("destroy", "--yes", "--skip-preview")

    def left(self) -> list[tuple[str, str]]:
        """What is still there of all that it had."""
        return sorted(each for each in self.made for engine in self.engines if _find(engine, *each))

    def _there_now(self) -> set[tuple[str, str]]:
        """What the state knows, and the volumes without a name that its containers hold."""
        state = json.loads(self.run("stack", "export"))["deployment"]
        known = {
            (KINDS[each["type"]], each["outputs"]["name"])
            for each in state.get("resources", [])
            if each["type"] in KINDS and "name" in each.get("outputs", {})
        }
        mounts = [
            mount
            for kind, name in known
            if kind == "containers"
            for engine in self.engines
            for found in _find(engine, kind, name)
            for mount in found.attrs["Mounts"]
        ]
        return known | {
            ("volumes", mount["Name"]) for mount in mounts if ANONYMOUS.fullmatch(mount.get("Name", ""))
        }

    def remove(self) -> None:
        """Remove everything without asking Pulumi: the last resort after a failed test."""
        for kind in ("containers", "networks", "volumes"):
            for _, name in sorted(each for each in self.made if each[0] == kind):
                for engine in self.engines:
                    for found in _find(engine, kind, name):
                        found.remove(**({"force": True, "v": True} if kind == "containers" else {}))


def _find(engine: docker.DockerClient, kind: str, name: str) -> list[Any]:
    try:
        return [getattr(engine, kind).get(name)]
    except NotFound:
        return []


@contextlib.contextmanager
def life(
    folder: Path,
    example: str,
    values: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    engines: Sequence[docker.DockerClient],
    stack: str = STACK,
) -> Iterator[Life]:
    """A stack of an example in a folder, whose stacks share one state; removed at the end, whatever happened."""
    state, directory = folder / "state", folder / example
    state.mkdir(exist_ok=True)
    if not directory.is_dir():
        shutil.copytree(EXAMPLES / example, directory)
    environment = {**os.environ, "PULUMI_BACKEND_URL": f"file://{state}"}
    cli = PulumiCli(directory=directory, environment=environment)
    cli.run("stack", "init", stack)
    one = Life(program=Program(name=example), cli=cli, engines=engines, stack=stack)
    one.configure(values, secrets)
    try:
        yield one
    finally:
        one.remove()


def live(one: Life, job: Callable[[], object]) -> None:
    """The whole life of a stack, with a job at its height."""
    begins(one)
    job()
    one.stays_as_it_is()
    ends(one)


def begins(one: Life) -> None:
    """The first preview, which must be the expected one, and `up`."""
    shown = one.preview()
    assert shown in one.program.preview.read_text(), shown
    assert "ci-runners@v" in one.up(), "the policy pack did not run"
    assert len(one.made) >= shown.count(" docker:index/"), one.made


def ends(one: Life) -> None:
    """Destroy it; nothing of it may be left."""
    one.destroy()
    left = one.left()
    assert left == [], left


def rendered(forge: str, way: str, image: str, *words: str) -> str:
    """A pipeline or a workflow, as the command line prints it."""
    command = [
        sys.executable,
        "-m",
        "ci_runners",
        "render",
        forge,
        "--way",
        way,
        "--image-name",
        image,
        *words,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit_pipeline(project: Project, text: str) -> str:
    """Commit a pipeline; returns the commit."""
    path = ".gitlab-ci.yml"
    action = {"action": "update", "file_path": path, "content": text}
    try:
        project.files.get(file_path=path, ref="main")
    except GitlabGetError:
        action["action"] = "create"
    commit = {"branch": "main", "commit_message": "The pipeline", "actions": [action]}
    return str(project.commits.create(commit).id)


def built(project: Project, commit: str, *images: str) -> dict[str, str]:
    """Wait for a commit's pipeline, which must end well and leave each image in its registry; the jobs' traces."""
    done = finished_pipeline(project, commit)
    traces = traces_of(project, done.id)
    assert done.status == "success", "\n".join(traces.values())
    for image in images:
        assert digest_in_registry(f"{image}:{commit}").startswith("sha256:")
    return traces
