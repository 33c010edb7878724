"""The jobs that attack: one pipeline, the same attack on each kind of daemon and on the runner set up by hand."""

import base64
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bootstrap.station import finished_pipeline
from ci_runners.connection import Connection
from ci_runners.images import CADDY, DOCKER_CLI
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci
from tests.attacks.by_hand import NAIVE, PASSWORD
from tests.attacks.grounds import BASE, Grounds
from tests.attacks.probes import MARK, MODULE, PROBES, STATUS, script
from tests.e2e.pushes import push
from tests.e2e.traces import answers

FORKS = 1500
"""Processes that the fork bomb stops at by itself: this is somebody's machine."""
FORK = f"""
my $n = 0; $| = 1;
while ($n < {FORKS}) {{
  my $p = fork; last unless defined $p;
  if (!$p) {{ sleep 20; exit }}
  $n++; print "forked=$n\\n" if $n % 50 == 0;
}}
"""
TAKE_MB = 256
"""Twice what a job may have."""
TAKE = f'my $x = "x" x ({TAKE_MB} << 20); print "took=", length($x) >> 20, "\\n"'
SERVICE = "grep CapEff /proc/1/status; sleep 60"
SERVICES = ("listed", "stranger", "pinned", "renamed")
"""Aliases: what allowed_privileged_services lists, and what only looks like it."""
LOGIN_SECRET = "marker-of-a-registry-password"
STAGES = ("one", "two", "three")


@dataclass(frozen=True, kw_only=True)
class Job:
    """How a job ended and what it wrote."""

    status: str
    trace: str

    @property
    def said(self) -> dict[str, str]:
        """What each probe wrote."""
        return answers(self.trace)


@dataclass(frozen=True, kw_only=True)
class Saw:
    """The jobs, by name."""

    jobs: dict[str, Job]

    def __getitem__(self, name: str) -> Job:
        return self.jobs[name]


def the_disk() -> str:
    """Major and minor number of a disk of the host's."""
    lines = Path("/proc/partitions").read_text().splitlines()[2:]
    assert lines, "this host shows no disk in /proc/partitions"
    return " ".join(lines[0].split()[:2])


@contextmanager
def process_of_the_host() -> Iterator[int]:
    """A process outside every container, with a mark in its environment."""
    environment = {**os.environ, "MARK": f"{MARK}-{secrets.token_hex(3)}"}
    with subprocess.Popen(["sleep", "600"], env=environment) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def _job(grounds: Grounds, kind: str, lines: list[str], **more: Any) -> dict[str, Any]:  # noqa: ANN401  YAML
    # Most are refused something: the pipeline goes on all the same.
    return {
        "stage": "one",
        "tags": [f"{grounds.name}-{kind}"],
        "allow_failure": True,
        "script": lines,
        **more,
    }


def digest(grounds: Grounds, end: str) -> str:
    """The digest of an image that was pushed."""
    (found,) = grounds.engine.images.get(f"{grounds.pushed}/{end}:1").attrs["RepoDigests"]
    return str(found).partition("@")[2]


def _wishes(grounds: Grounds, kind: str, folder: str) -> dict[str, Any]:
    """Services, images and pull policies that a job asks for."""
    paths = ("trusted:1", "evil/trusted:1", f"trusted@{digest(grounds, 'trusted')}", "evil/docker:1")
    images = {alias: f"{folder}/{path}" for alias, path in zip(SERVICES, paths, strict=True)}
    services = [
        {"name": image, "alias": alias, "entrypoint": ["sh", "-c"], "command": [SERVICE]}
        for alias, image in images.items()
    ]
    wait = ["for second in 1 2 3; do sleep 1; done", "echo probe=end"]
    return {
        f"{kind} services": _job(
            grounds, kind, wait, services=services, variables={"CI_DEBUG_SERVICES": "true"}
        ),
        f"{kind} image": _job(grounds, kind, ["echo ran=image"], image=CADDY),
        f"{kind} policy": _job(
            grounds, kind, ["echo ran=policy"], image={"name": DOCKER_CLI, "pull_policy": "never"}
        ),
    }


def _greedy(grounds: Grounds, kind: str) -> dict[str, Any]:
    """More than a job's share."""
    return {
        f"{kind} memory": _job(grounds, kind, [f"perl -e '{TAKE}'"]),
        f"{kind} forks": _job(grounds, kind, [f"perl -e '{FORK}'"]),
    }


def _images_of_others(grounds: Grounds) -> dict[str, Any]:
    """A private image that one job pulled, and a shared one that another job replaced; on one DinD daemon."""
    private = f"{grounds.private_registry}/private:1"
    login = base64.b64encode(f"robot:{PASSWORD}".encode()).decode()
    auth = json.dumps({"auths": {grounds.private_registry: {"auth": login}}})
    shared = f"{grounds.pulled}/shared"
    poison = [
        f"docker pull --quiet {shared}:1",
        f"printf 'FROM {shared}:1\\nRUN echo poisoned > /origin\\n' | docker build --quiet --tag {shared}:1 -",
    ]
    look = ["echo probe=origin", "cat /origin", "echo probe=end"]
    ran = ["echo ran=private"]

    def later(stage: str, lines: list[str], image: str, policy: str) -> dict[str, Any]:
        return _job(grounds, "dind", lines, stage=stage, image={"name": image, "pull_policy": policy})

    return {
        "owner": _job(grounds, "dind", ran, image=private, variables={"DOCKER_AUTH_CONFIG": auth}),
        "stranger": later("two", ran, private, "always"),
        "stranger, if not present": later("two", ran, private, "if-not-present"),
        "poisoner": _job(grounds, "dind", poison),
        # It puts the real one back.
        "victim": later("three", look, f"{shared}:1", "always"),
        "victim by digest": later("two", look, f"{shared}@{digest(grounds, 'shared')}", "if-not-present"),
        "victim, if not present": later("two", look, f"{shared}:1", "if-not-present"),
    }


def _escapes(grounds: Grounds, kind: str) -> dict[str, Any]:
    """The ways out, and a set-user-ID shell."""
    look = {**PROBES, "module": MODULE, "status": STATUS}
    if kind == "dood":
        look |= {
            "neighbors": "docker ps --format '{{.Names}}'",
            "files of the host": f"docker run --rm --volume /:/h:ro {BASE} cat /h$MARKER",
        }
    # Images that build have an entrypoint that is no shell.
    image = {"name": grounds.connections[kind].job_image, "entrypoint": [""]}
    rise = {"user": "id -u", "rise": "/usr/local/bin/root-shell -p -c 'id -u'"}
    return {
        f"{kind} escape": _job(grounds, kind, script(look), image=image),
        f"{kind} rise": _job(grounds, kind, script(rise), image=f"{grounds.pushed}/rise:1"),
    }


def _kaniko_build(grounds: Grounds) -> dict[str, Any]:
    """The pipeline rendered for Kaniko, with a login and a file that must not be in the image."""
    image = f"{grounds.pulled}/kaniko"
    wired: Connection = grounds.connections["kaniko"]
    build = yaml.safe_load(render_gitlab_ci(GitLabPipelineSpec(image_name=image), wired))["build"]
    login = {
        "CI_REGISTRY": grounds.registry,
        "CI_REGISTRY_USER": "robot",
        "CI_REGISTRY_PASSWORD": LOGIN_SECRET,
    }
    build.pop("rules", None)
    variables = {**build.get("variables", {}), **login, "GIT_STRATEGY": "fetch"}
    return {"kaniko build": {**build, "stage": "one", "allow_failure": True, "variables": variables}}


def pipeline(grounds: Grounds, variables: dict[str, str]) -> str:
    """Everything that is tried in jobs."""
    jobs = {
        **_wishes(grounds, "dind", grounds.pulled),
        **_wishes(grounds, NAIVE, grounds.pushed),
        **_greedy(grounds, "dind"),
        **_greedy(grounds, NAIVE),
        **_images_of_others(grounds),
        **_escapes(grounds, "buildkit"),
        **_escapes(grounds, "kaniko"),
        **_escapes(grounds, "dood"),
        **_kaniko_build(grounds),
    }
    shared = {"stages": list(STAGES), "variables": {"GIT_STRATEGY": "none", **variables}}
    return yaml.safe_dump({**shared, **jobs}, width=1000, sort_keys=False)


def _prepare(grounds: Grounds) -> None:
    """Push the images that the jobs ask for."""
    for end in ("trusted", "evil/trusted", "evil/docker"):
        grounds.push_image(end, f"FROM {BASE}\nLABEL attacks={end}\n")
    grounds.push_image("shared", f"FROM {BASE}\nRUN echo original > /origin\n")
    grounds.push_image(
        "rise",
        f"FROM {BASE}\nRUN cp /bin/bash /usr/local/bin/root-shell && chmod 4755 /usr/local/bin/root-shell\nUSER 1000\n",
    )
    private = f"127.0.0.1:{grounds.private_port}/private"
    grounds.engine.images.get(BASE).tag(private, "1")
    login = {"username": "robot", "password": PASSWORD}
    for line in grounds.engine.images.push(private, "1", auth_config=login, stream=True, decode=True):
        assert "error" not in line, line
    grounds.engine.images.remove(f"{private}:1")


def attacked(grounds: Grounds, folder: Path) -> Saw:
    """Push the pipeline, wait for its end, and return what its jobs saw."""
    _prepare(grounds)
    source = folder / "source"
    source.mkdir()
    (source / "Dockerfile").write_text(
        f"FROM {BASE}\nCOPY greeting.txt /greeting.txt\nRUN cat /greeting.txt\n"
    )
    (source / "greeting.txt").write_text("hello\n")
    with process_of_the_host() as process:
        variables = {"DISK": the_disk(), "PID": str(process), "MARKER": str(grounds.marker)}
        text = pipeline(grounds, variables)
        done = finished_pipeline(grounds.project, push(grounds.project, source, text, grounds.root_token))
        jobs = {}
        for job in done.jobs.list(get_all=True):
            trace = grounds.project.jobs.get(job.id).trace()
            assert isinstance(trace, bytes)
            jobs[str(job.name)] = Job(status=str(job.status), trace=trace.decode(errors="replace"))
    return Saw(jobs=jobs)
