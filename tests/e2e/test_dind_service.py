"""A job that brings its daemon along, on a runner that is not ours: GitLab Runner, set up as GitLab's docs say.

Only the service is privileged, the job is not (GitLab docs, Use Docker to build images, and Advanced configuration).
"""

import contextlib
import io
import os
import secrets
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import tomli_w
from docker.models.containers import Container
from gitlab.v4.objects import Project

from bootstrap.station import connect, digest_in_registry, finished_pipeline
from ci_runners.connection import CLIENT_CERTIFICATES, SOCKET
from ci_runners.images import DOCKER_CLI, GITLAB_RUNNER, GITLAB_RUNNER_HELPER
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.gitlab_services import DindService, render_gitlab_ci_with_dind

pytestmark = pytest.mark.e2e


@dataclass(frozen=True, kw_only=True)
class Job:
    """How a pipeline ended, and what its job wrote."""

    status: str
    trace: str
    image: str
    commit: str


DIND_SERVICES = {
    "services_privileged": True,
    "allowed_privileged_services": ["docker:*-dind"],
    "volumes": [CLIENT_CERTIFICATES],
}


def runner(engine: docker.DockerClient, name: str, token: str, settings: dict[str, Any]) -> Container:
    """GitLab Runner with the host's socket and a config.toml by hand; the settings are the docker executor's."""
    config = {
        "check_interval": 1,
        "runners": [
            {
                "url": os.environ["CI_RUNNERS_SANDBOX_URL"],
                "token": token,
                "executor": "docker",
                "docker": {
                    "image": DOCKER_CLI,
                    "helper_image": GITLAB_RUNNER_HELPER,
                    "pull_policy": "if-not-present",
                    "privileged": False,
                    **settings,
                },
            }
        ],
    }
    text = tomli_w.dumps(config).encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as files:
        member = tarfile.TarInfo("config.toml")
        member.size = len(text)
        files.addfile(member, io.BytesIO(text))
    socket = os.environ["DOCKER_HOST"].removeprefix("unix://")
    made = engine.containers.create(GITLAB_RUNNER, name=name, volumes=[f"{socket}:{SOCKET}"])
    made.put_archive("/etc/gitlab-runner", archive.getvalue())
    made.start()
    return made


def run(project: Project, name: str) -> Job:
    """Commit a pipeline with the service, and wait for its end."""
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    image = f"{registry}/{name}/app"
    service = DindService(
        tags=(name,), registry_mirrors=(f"http://{registry}",), insecure_registries=(registry,)
    )
    files = {
        "Dockerfile": "FROM debian:13.1-slim\nRUN echo built > /built\n",
        ".gitlab-ci.yml": render_gitlab_ci_with_dind(GitLabPipelineSpec(image_name=image), service),
    }
    actions = [{"action": "create", "file_path": name, "content": text} for name, text in files.items()]
    commit = project.commits.create({"branch": "main", "commit_message": "one", "actions": actions}).id
    done = finished_pipeline(project, commit)
    (job,) = done.jobs.list(get_all=True)
    trace = project.jobs.get(job.id).trace()
    assert isinstance(trace, bytes)
    return Job(status=done.status, trace=trace.decode(errors="replace"), image=image, commit=commit)


@pytest.fixture(scope="module")
def job() -> Iterator[Job]:
    """The job at its end; nothing is left of the runner, the project and what it ran."""
    name = f"service-{secrets.token_hex(3)}"
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    registration = {"runner_type": "project_type", "project_id": project.id, "tag_list": [name]}
    token = forge.user.runners.create(registration).token  # type: ignore[union-attr]
    with contextlib.ExitStack() as at_the_end:
        engine = at_the_end.enter_context(contextlib.closing(docker.from_env(timeout=120)))
        at_the_end.callback(project.delete)
        at_the_end.callback(remove_volumes, engine, project.id)
        started = runner(engine, name, token, DIND_SERVICES)
        at_the_end.callback(started.remove, force=True, v=True)
        yield run(project, name)


def remove_volumes(engine: docker.DockerClient, project: int) -> None:
    """GitLab Runner's own volumes for a project's jobs stay when the runner goes."""
    for volume in engine.volumes.list(filters={"label": f"com.gitlab.gitlab-runner.project.id={project}"}):
        volume.remove()


def test_the_job_builds_and_pushes_on_the_daemon_that_it_brought_along(job: Job) -> None:
    assert job.status == "success", job.trace
    assert digest_in_registry(f"{job.image}:{job.commit}") == digest_in_registry(f"{job.image}:main")


def test_the_runner_finds_the_service_healthy_by_the_port_of_its_tls(job: Job) -> None:
    assert "Waiting for services to be up and running" in job.trace
    assert "probably didn't start properly" not in job.trace
