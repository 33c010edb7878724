"""Where examples are run: a project at GitLab, the engine, and where one is asked for another Docker host."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container
from gitlab.v4.objects import Project

from ci_runners.images import DOCKER_DIND, GITLAB_RUNNER, KANIKO
from tests.e2e.accounts import GitLabAccount, gitlab_account, gitlab_project, new_name
from tests.e2e.github_jobs import wait_for
from tests.e2e.stations import FILES
from tests.e2e.test_dind_service import remove_volumes, runner
from tests.examples.lives import REGISTRY, Life, built, commit_pipeline, life, rendered

PULLED = {"pull_policies": ["if-not-present"]}
"""Of a runner: what this machine has, no registry has to have."""
MIRRORS = [f"http://{REGISTRY}"]


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where one test's examples are run: a folder, the engine, a project at GitLab."""

    folder: Path
    engine: docker.DockerClient
    account: GitLabAccount
    project: Project
    name: str

    @property
    def image(self) -> str:
        """Where the project's jobs push."""
        return self.account.image(self.name)

    @contextlib.contextmanager
    def life(self, example: str, values: Mapping[str, Any], **more: Any) -> Iterator[Life]:  # noqa: ANN401  of `life`
        """An example that knows GitLab, its project, and these values."""
        known = {
            "gitlab:baseUrl": f"{self.account.url}/api/v4/",
            "gitlab_url": self.account.url,
            "project": self.project.path_with_namespace,
            "image_name": self.image,
            **values,
        }
        declared = {"gitlab:token": self.account.token}
        engines = more.pop("engines", [self.engine])
        with life(self.folder, example, known, declared, engines=engines, **more) as one:
            yield one

    def build(self, way: str, *words: str) -> dict[str, str]:
        """Commit the pipeline of a way to build, and wait until it has pushed."""
        pipeline = rendered("gitlab", way, self.image, *words)
        return built(self.project, commit_pipeline(self.project, pipeline), self.image)

    def head(self) -> str:
        """The newest commit, which may be a program's own."""
        return str(self.project.branches.get("main").commit["id"])

    @contextlib.contextmanager
    def runner_by_hand(self, tag: str, settings: dict[str, Any]) -> Iterator[Container]:
        """A runner that is none of ours, on the host's engine."""
        registration = {"runner_type": "project_type", "project_id": self.project.id, "tag_list": [tag]}
        user = self.project.manager.gitlab.user
        assert user is not None
        registered = user.runners.create(registration)
        started = runner(self.engine, self.name, registered.token, settings)
        try:
            yield started
        finally:
            started.remove(force=True, v=True)
            remove_volumes(self.engine, self.project.id)


@contextlib.contextmanager
def site_in(folder: Path) -> Iterator[Site]:
    """A project of one's own, removed at the end with what jobs left on the engine."""
    account, name = gitlab_account(), new_name("example")
    with (
        gitlab_project(account, name, FILES) as project,
        contextlib.closing(docker.from_env(timeout=180)) as engine,
    ):
        try:
            yield Site(folder=folder, engine=engine, account=account, project=project, name=name)
        finally:
            forget_images(engine, name)


def forget_images(engine: docker.DockerClient, name: str) -> None:
    """A job on the host's own engine leaves its images there."""
    for image in engine.images.list():
        for tag in image.tags:
            if f"/{name}/" in tag:
                engine.images.remove(tag)


@contextlib.contextmanager
def another_host(site: Site) -> Iterator[tuple[str, docker.DockerClient]]:
    """A second Docker host, in a container, with what it could not pull here; its address, and a client."""
    folder = site.folder / "host"
    folder.mkdir()
    address = f"unix://{folder}/docker.sock"
    flags = ["--bip=10.214.0.1/24", "--default-address-pool=base=10.215.0.0/16,size=24"]
    host: Container = site.engine.containers.run(
        DOCKER_DIND,
        [
            "--host=unix:///shared/docker.sock",
            f"--registry-mirror={MIRRORS[0]}",
            f"--insecure-registry={REGISTRY}",
            *flags,
        ],
        name=f"{site.name}-host",
        volumes={str(folder): {"bind": "/shared", "mode": "rw"}},
        privileged=True,
        detach=True,
    )
    try:
        wait_for(
            lambda: host.exec_run(["docker", "--host=unix:///shared/docker.sock", "version"]).exit_code == 0,
            "the second host",
        )
        with contextlib.closing(docker.DockerClient(address, timeout=180)) as client:
            for image in (GITLAB_RUNNER, KANIKO):
                client.images.load(b"".join(site.engine.images.get(image).save(named=image)))
            yield address, client
    finally:
        host.remove(force=True, v=True)
