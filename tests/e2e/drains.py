"""A registered runner with its daemon and its drain, and a project at the sandbox whose jobs it takes."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import gitlab
import yaml
from docker.models.containers import Container
from gitlab.v4.objects import Project, ProjectJob, ProjectPipeline

from bootstrap.station import connect
from ci_runners.images import DOCKER_CLI
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.pushes import push
from tests.e2e.test_ways import remove

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import DindDaemon, GitLabRunner, HostDaemon
from ci_runners.upkeep.drain import RunnerDrain

given = json.loads(Path("given.json").read_text())
name = given["name"]
kinds = {"dind": DindDaemon, "dood": HostDaemon}
daemon = kinds[given["kind"]](f"{name}-daemon", given["daemon"])
wiring = {"url": given["url"], "token": pulumi.Output.secret(given["token"]), "connection": daemon.connection}
if given["runner"] is not None:
    runner = GitLabRunner(f"{name}-runner", {**wiring, "pull_policies": ["if-not-present"], **given["runner"]})
    if given["drain"] is not None:
        RunnerDrain(
            f"{name}-drain",
            {
                "url": given["url"],
                "api_token": given["api_token"],
                "runner_id": given["number"],
                "runner_container": runner.container_name,
                **given["drain"],
            },
        )
"""
TAG = "drained"
WAIT_S = 180


def until(what: str, found: Callable[[], Any], *, seconds: float = WAIT_S) -> Any:  # noqa: ANN401  whatever was waited for
    """Ask again until there is something."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"{what} did not come in {seconds} s"
        time.sleep(0.2)
    return answer


@dataclass(frozen=True, kw_only=True)
class Drained:
    """The program, its stack, and what it meets at the forge."""

    name: str
    kind: str
    cli: PulumiCli
    engine: docker.DockerClient
    forge: gitlab.Gitlab
    project: Project
    number: str
    token: str = field(repr=False)
    root_token: str = field(repr=False)

    def declare(
        self,
        *,
        daemon: dict[str, Any] | None = None,
        runner: dict[str, Any] | None = None,
        drain: dict[str, Any] | None = None,
        drained: bool = True,
    ) -> None:
        """Say what the program declares from now on."""
        registry = os.environ["CI_RUNNERS_REGISTRY"]
        daemons: dict[str, dict[str, Any]] = {
            "dind": {
                "accept_privileged": True,
                "tags": [TAG],
                "daemon_json": {
                    "registry_mirrors": [f"http://{registry}"],
                    "insecure_registries": [registry],
                },
            },
            "dood": {
                "accept_host_root": True,
                "socket": os.environ["DOCKER_HOST"].removeprefix("unix://"),
                "tags": [TAG],
            },
        }
        given = {
            "name": self.name,
            "kind": self.kind,
            "url": self.forge.url,
            "token": self.token,
            "api_token": self.root_token,
            "number": self.number,
            "daemon": {**daemons[self.kind], **(daemon or {})},
            "runner": runner or {},
            "drain": (drain or {}) if drained else None,
        }
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def push_jobs(self, jobs: dict[str, list[str]]) -> str:
        """Push a pipeline of these jobs, all in one stage; returns the commit."""
        document = {
            name: {"script": script, "tags": [TAG], "image": DOCKER_CLI} for name, script in jobs.items()
        }
        source = self.cli.directory / f"source-{secrets.token_hex(3)}"
        source.mkdir()
        return push(self.project, source, yaml.safe_dump(document, width=1000), self.root_token)

    def pipeline(self, commit: str) -> ProjectPipeline:
        """The pipeline of a commit."""

        def look() -> ProjectPipeline | None:
            found = self.project.pipelines.list(sha=commit, get_all=False)
            return self.project.pipelines.get(found[0].id) if found else None

        found: ProjectPipeline = until("the pipeline", look)
        return found

    def jobs(self, commit: str) -> list[ProjectJob]:
        """The jobs of a commit's pipeline, those that were tried again too."""
        found = self.pipeline(commit).jobs.list(get_all=True, include_retried=True)
        return [self.project.jobs.get(job.id) for job in found]

    def running(self) -> list[str]:
        """Names of the project's jobs that run now."""
        return [job.name for job in self.project.jobs.list(scope=["running"], get_all=True)]

    def is_paused(self) -> bool:
        """Whether the forge gives the runner no jobs."""
        return bool(self.forge.runners.get(self.number).paused)

    def container(self, part: str) -> Container:
        """One of the program's containers: daemon, runner or drain."""
        return self.engine.containers.get(f"{self.name}-{part}")


@contextmanager
def drained(folder: Path, *, kind: str) -> Iterator[Drained]:
    """A project and a runner of its own; they and all else are removed at the end, whatever happened."""
    name = f"drain-{secrets.token_hex(3)}"
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    registration = {"runner_type": "project_type", "project_id": project.id, "tag_list": [TAG]}
    made = forge.user.runners.create(registration)  # type: ignore[union-attr]
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    with closing(docker.from_env(timeout=180)) as engine:
        one = Drained(
            name=name,
            kind=kind,
            cli=cli,
            engine=engine,
            forge=forge,
            project=project,
            number=str(made.id),
            token=made.token,
            root_token=root_token,
        )
        try:
            yield one
        finally:
            label = f"com.gitlab.gitlab-runner.project.id={project.id}"
            for container in engine.containers.list(all=True, ignore_removed=True, filters={"label": label}):
                container.remove(force=True, v=True)
            remove(engine, name)
            project.delete()


def deleted(shown: str) -> list[str]:
    """The parts whose containers Pulumi deleted, in that order."""
    lines = [line for line in shown.splitlines() if " deleted" in line and "docker:index:Container" in line]
    parts = ("drain", "runner", "daemon")
    return [part for line in lines for part in parts if f"-{part}-container " in line]
