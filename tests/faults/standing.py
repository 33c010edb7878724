"""One stack that faults are tried on: two daemons, and two runners that take real jobs from the sandbox."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import yaml
from docker.models.containers import Container
from gitlab.v4.objects import Project, ProjectJob

from bootstrap.station import connect, finished_pipeline
from tests.e2e.buildkitd import Buildkitd
from tests.e2e.gitlab_projects import traces_of
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.pushes import push
from tests.e2e.test_ways import remove
from tests.faults.signs import is_well, until

PROGRAM = """
import json
from pathlib import Path

from ci_runners import BuildkitDaemon, DindDaemon, GitLabRunner, HostDaemon

given = json.loads(Path("given.json").read_text())
name, runner, tokens = given["name"], given["runner"], given["tokens"]
dind = DindDaemon(f"{name}-dind", {"accept_privileged": True, "daemon_json": given["registries"]})
host = HostDaemon(f"{name}-host", {"accept_host_root": True, "socket": given["socket"]})
BuildkitDaemon(f"{name}-buildkit", {"socket": given["socket"], **given["registries"]})
GitLabRunner(f"{name}-runner", {**runner, "token": tokens["dind"], "connection": dind.connection})
GitLabRunner(f"{name}-host-runner", {**runner, "token": tokens["dood"], "connection": host.connection})
"""
RUNNERS = {"dind": "runner", "dood": "host-runner"}
"""By the tag of a job: the runner that takes it."""
PARTS = ("dind", "buildkit", *RUNNERS.values())


@dataclass(frozen=True)
class Standing:
    """The stack, its project at the sandbox, and what its jobs do."""

    name: str
    cli: PulumiCli
    engine: docker.DockerClient
    project: Project
    root_token: str

    def container(self, part: str) -> Container:
        """As it is now: `dind`, `buildkit`, `runner` or `host-runner`."""
        return self.engine.containers.get(f"{self.name}-{part}")

    @cached_property
    def buildkit(self) -> Buildkitd:
        """BuildKit, and jobs beside it."""
        return Buildkitd(cli=self.cli, engine=self.engine, name=f"{self.name}-buildkit")

    def ill(self) -> list[str]:
        """The parts that do not run, or say of themselves that they are not healthy."""
        return [part for part in PARTS if not is_well(self.container(part))]

    def wait_until_well(self) -> None:
        """Until every part runs and is healthy."""
        until("a healthy stack", lambda: not self.ill())

    def push(self, *script: str, tag: str = "dind") -> str:
        """A commit whose pipeline has one job with this script; returns it."""
        job = {"tags": [tag], "script": list(script)}
        source = self.cli.directory / f"source-{secrets.token_hex(4)}"
        source.mkdir()
        (source / "mark.txt").write_text(source.name)  # a commit of its own
        return push(self.project, source, yaml.safe_dump({"job": job}, width=1000), self.root_token)

    def job(self, commit: str) -> ProjectJob:
        """The newest job of a commit, once there is one."""

        def look() -> ProjectJob | None:
            pipelines = self.project.pipelines.list(sha=commit, get_all=False)
            jobs = pipelines[0].jobs.list(get_all=True) if pipelines else []
            return self.project.jobs.get(jobs[0].id) if jobs else None

        found: ProjectJob = until("a job", look)
        return found

    def running_job(self, commit: str) -> ProjectJob:
        """The job of a commit, once a runner has it."""
        until("a running job", lambda: self.job(commit).status == "running")
        return self.job(commit)

    def ended(self, commit: str) -> str:
        """How the job of a commit ended, once it has."""
        until("the job's end", lambda: self.job(commit).status not in {"created", "pending", "running"})
        return str(self.job(commit).status)

    def green(self, commit: str) -> str:
        """The trace of a commit's job, which must end well; one that ended badly before runs once more."""
        done = finished_pipeline(self.project, commit)
        (trace,) = traces_of(self.project, done.id).values()
        assert done.status == "success", trace
        return trace


@contextlib.contextmanager
def standing(folder: Path) -> Iterator[Standing]:
    """The stack, up; removed at the end, whatever happened."""
    name = f"fault-{secrets.token_hex(3)}"
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    url, registry = os.environ["CI_RUNNERS_SANDBOX_URL"], os.environ["CI_RUNNERS_REGISTRY"]
    forge = connect(url, root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    tokens = {}
    for tag in RUNNERS:
        registration = {"runner_type": "project_type", "project_id": project.id, "tag_list": [tag]}
        tokens[tag] = forge.user.runners.create(registration).token  # type: ignore[union-attr]
    given = {
        "name": name,
        "socket": os.environ["DOCKER_HOST"].removeprefix("unix://"),
        "registries": {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]},
        "runner": {
            "url": url,
            "concurrent": 2,
            "drain_seconds": 60,
            "pull_policies": ["always", "if-not-present"],
        },
        "tokens": tokens,
    }
    cli = PulumiCli.on_machine(folder, name=name, program=PROGRAM)
    (cli.directory / "given.json").write_text(json.dumps(given))
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        try:
            cli.up()
            yield Standing(name, cli, engine, project, root_token)
        finally:
            mine: dict[str, Any] = {"label": f"com.gitlab.gitlab-runner.project.id={project.id}"}
            for left in engine.containers.list(all=True, filters=mine, ignore_removed=True):
                left.remove(force=True, v=True)
            remove(engine, name)
            project.delete()
