"""A project at the sandbox, with a daemon, a runner and a `GitLabProject` of a test's own."""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import gitlab
from docker.models.containers import Container
from gitlab.v4.objects import Project

from bootstrap.station import connect
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.test_ways import remove

DOCKERFILE = "FROM debian:13.1-slim\nCOPY greeting.txt /greeting.txt\n"

PROGRAM = """
import json
from pathlib import Path

import pulumi
import pulumi_gitlab as gitlab
import yaml

from ci_runners import Connection, DindDaemon, GitLabRunner
from ci_runners.projects.gitlab import GitLabProject
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci

given = json.loads(Path("given.json").read_text())
name = given["name"]


def pipeline(connection):
    text = render_gitlab_ci(GitLabPipelineSpec(image_name=given["image"]), Connection.parse(connection))
    document = yaml.safe_load(text)
    shared = {key: document["build"][key] for key in ("stage", "image", "tags")}
    document.update({job: {**shared, "script": script} for job, script in given["jobs"].items()})
    return yaml.safe_dump(document, sort_keys=False, width=1000)


forge = gitlab.Provider(
    "forge", base_url=given["url"] + "/api/v4/", token=pulumi.Output.secret(given["root_token"])
)
daemon = DindDaemon(f"{name}-daemon", {"accept_privileged": True, **given["daemon"]})
secrets = [{**each, "value": pulumi.Output.secret(each["value"])} for each in given["secrets"]]
project = GitLabProject(
    f"{name}-project",
    {
        **given["project"],
        "connection": daemon.connection,
        "secret_variables": secrets,
        "pipeline_file": {"content": daemon.connection.apply(pipeline)},
    },
    pulumi.ResourceOptions(providers=[forge]),
)
runner = GitLabRunner(
    f"{name}-runner",
    {
        "url": given["url"],
        "token": project.runner_token,
        "connection": daemon.connection,
        "pull_policies": ["if-not-present"],
        **given["runner"],
    },
)
pulumi.export("runner", project.runner_id)
pulumi.export("page", project.web_url)
pulumi.export("token", project.runner_token)
"""

ALONE = """
import json
from pathlib import Path

import pulumi
import pulumi_gitlab as gitlab

from ci_runners.projects.gitlab import GitLabProject

given = json.loads(Path("given.json").read_text())
forge = gitlab.Provider(
    "forge", base_url=given["url"] + "/api/v4/", token=pulumi.Output.secret(given["root_token"])
)
secrets = [{**each, "value": pulumi.Output.secret(each["value"])} for each in given["secrets"]]
GitLabProject(
    "project", {**given["project"], "secret_variables": secrets}, pulumi.ResourceOptions(providers=[forge])
)
"""
"""Without a daemon and a runner."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A project at the sandbox, and the program that looks after it."""

    name: str
    cli: PulumiCli
    engine: docker.DockerClient
    forge: gitlab.Gitlab
    project: Project
    root_token: str

    @property
    def image(self) -> str:
        return f"{os.environ['CI_RUNNERS_REGISTRY']}/{self.name}/app"

    def declare(  # the parts of the one program
        self,
        *,
        project: dict[str, Any] | None = None,
        secrets: list[dict[str, Any]] | None = None,
        runner: dict[str, Any] | None = None,
        jobs: dict[str, list[str]] | None = None,
    ) -> None:
        """Say what the program declares from now on."""
        registry = os.environ["CI_RUNNERS_REGISTRY"]
        daemon_json = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
        given = {
            "name": self.name,
            "url": os.environ["CI_RUNNERS_SANDBOX_URL"],
            "root_token": self.root_token,
            "image": self.image,
            "daemon": {"daemon_json": daemon_json},
            "project": {"project": self.project.path_with_namespace, **(project or {})},
            "secrets": secrets or [],
            "runner": runner or {},
            "jobs": jobs or {},
        }
        (self.cli.directory / "given.json").write_text(json.dumps(given))

    def push(self, files: dict[str, str]) -> str:
        """Commit these files on top of what there is, over real git, and push; returns the commit."""
        url = self.project.http_url_to_repo.replace("://", f"://root:{self.root_token}@", 1)
        work = self.cli.directory / f"work-{secrets.token_hex(4)}"
        who = ["-c", "user.name=ci-runners", "-c", "user.email=ci-runners@example.com"]

        def git(*words: str, folder: Path = work) -> str:
            env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
            done = subprocess.run(
                ["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True, text=True
            )
            return done.stdout.strip()

        git("-c", "init.defaultBranch=main", "clone", "--quiet", url, str(work), folder=work.parent)
        for name, content in files.items():
            (work / name).write_text(content)
        git("add", "--all")
        git("commit", "--quiet", "--message", "Another commit")
        git("push", "--quiet", "origin", "HEAD:main")
        return git("rev-parse", "HEAD")

    def container(self) -> Container:
        """The runner's container."""
        return self.engine.containers.get(f"{self.name}-runner")

    def runner_numbers(self) -> list[int]:
        """The runners that the forge knows of the project."""
        found = self.project.runners.list(type="project_type", get_all=True)
        return sorted(int(runner.id) for runner in found)


def traces_of(project: Project, pipeline_id: int) -> dict[str, str]:
    """The traces of a pipeline's jobs, by name."""
    traces = {}
    for job in project.pipelines.get(pipeline_id).jobs.list(get_all=True):
        trace = project.jobs.get(job.id).trace()
        assert isinstance(trace, bytes)
        traces[job.name] = trace.decode(errors="replace")
    return traces


@contextmanager
def trial(folder: Path, *, name: str, program: str = PROGRAM) -> Iterator[Trial]:
    """A project of that name with a Dockerfile in it; it and all else are removed at the end, whatever happened."""
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    cli = PulumiCli.on_machine(folder, name=name, program=program)
    with closing(docker.from_env(timeout=120)) as engine:
        one = Trial(name=name, cli=cli, engine=engine, forge=forge, project=project, root_token=root_token)
        try:
            one.push({"Dockerfile": DOCKERFILE, "greeting.txt": "hello\n"})
            yield one
        finally:
            remove(engine, name)
            project.delete()
