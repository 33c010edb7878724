"""The rendered pipelines, run by gitlab-ci-local: a runner of GitLab's pipelines that is neither GitLab's nor ours.

It starts a job's containers with the Docker client, on the engine where a runner would: the options that config.toml
gives a job are its own options here. Daemons are real, and so are the pushes.
"""

import base64
import contextlib
import hashlib
import io
import json
import os
import secrets
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from docker.models.containers import Container

from bootstrap.station import digest_in_registry
from ci_runners.connection import CLIENT_CERTIFICATES, TLS_PORT, Connection, DaemonKind
from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci
from ci_runners.render.gitlab_services import DindService, render_gitlab_ci_with_dind
from tests.e2e.conftest import Station
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.relay import Relay

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import BuildkitDaemon, DindDaemon, HostDaemon, Kaniko

kinds = {"buildkit": BuildkitDaemon, "dind": DindDaemon, "dood": HostDaemon, "kaniko": Kaniko}
for name, (kind, args) in json.loads(Path("given.json").read_text()).items():
    pulumi.export(kind, kinds[kind](name, args).connection)
"""
BRANCH = "feature/One_2"
SLUG = "feature-one-2"
PLAIN = """'env -i PATH="$PATH" docker --host tcp://docker:2375 version || echo "without TLS: refused"'"""
"""What a job does to reach the daemon at the port without TLS."""
TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A pipeline's end."""

    code: int
    shown: str
    image: str
    commit: str

    def digest(self, tag: str) -> str:
        return digest_in_registry(f"{self.image}:{tag}")


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A daemon of every kind, up; removed at the end, whatever happened."""
    name = f"local-{secrets.token_hex(3)}"
    registry, socket = os.environ["CI_RUNNERS_REGISTRY"], os.environ["DOCKER_HOST"].removeprefix("unix://")
    registries = {"registry_mirrors": [f"http://{registry}"], "insecure_registries": [registry]}
    args: dict[DaemonKind, dict[str, Any]] = {
        DaemonKind.DIND: {"accept_privileged": True, "daemon_json": registries},
        DaemonKind.DOOD: {"accept_host_root": True, "socket": socket},
        DaemonKind.BUILDKIT: {"socket": socket, **registries},
        DaemonKind.KANIKO: {"socket": socket, **registries},
    }
    given = {f"{name}-{kind.value}": (kind.value, args[kind]) for kind in DaemonKind}
    cli = PulumiCli.on_machine(tmp_path_factory.mktemp("daemons"), name=name, program=PROGRAM)
    (cli.directory / "given.json").write_text(json.dumps(given))
    with contextlib.closing(docker.from_env(timeout=120)) as engine:
        one = Station(cli=cli, engine=engine, name=name, token="")
        try:
            cli.up()
            yield one
            volumes = one.volumes()
            cli.run("destroy", "--yes", "--skip-preview")
            assert one.left(volumes) == {}
        finally:
            one.remove()
            # A job on the host's engine leaves its images there.
            for image in engine.images.list():
                for tag in image.tags:
                    if f"/{name}/" in tag:
                        engine.images.remove(tag)


def source(folder: Path, pipeline: str, step: str) -> str:
    """A repository with the pipeline and a Dockerfile, on a branch; returns the commit."""
    folder.mkdir()
    (folder / ".gitlab-ci.yml").write_text(pipeline)
    (folder / "Dockerfile").write_text(f"FROM debian:13.1-slim\nRUN {step}\n")

    def git(*words: str) -> str:
        who = ("-c", "user.name=tests", "-c", "user.email=tests@example.com")
        return subprocess.run(
            ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
        ).stdout

    git("init", "--quiet", f"--initial-branch={BRANCH}")
    git("remote", "add", "origin", "https://gitlab.example.com/team/app.git")
    git("add", "--all")
    git("commit", "--quiet", "--message", "one")
    return git("rev-parse", "HEAD").strip()


@contextlib.contextmanager
def client_of(daemon: Container, folder: Path) -> Iterator[dict[str, str]]:
    """How this machine reaches a DinD daemon: over TLS, with the client's certificate.

    The daemon's own certificate holds names and no address: `localhost` is one of them.
    """
    chunks, _ = daemon.get_archive(CLIENT_CERTIFICATES)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as certificates:
        certificates.extractall(folder, filter="data")
    daemon.reload()
    (network,) = daemon.attrs["NetworkSettings"]["Networks"].values()
    relay = Relay(f"{network['IPAddress']}:{TLS_PORT}", at="127.0.0.1")
    try:
        yield {
            "DOCKER_HOST": f"tcp://localhost:{relay.port}",
            "DOCKER_TLS_VERIFY": "1",
            "DOCKER_CERT_PATH": str(folder / "client"),
        }
    finally:
        relay.cut()


def options(connection: Connection) -> list[str]:
    """What config.toml gives a job, for gitlab-ci-local."""
    return [
        *(f"--volume={volume}" for volume in connection.job_volumes),
        *(f"--extra-host={host}" for host in connection.job_extra_hosts),
        *(f"--variable={name}={value}" for name, value in connection.job_environment.items()),
        *([f"--network={connection.job_network}"] if connection.job_network else []),
    ]


def run(folder: Path, pipeline: str, image: str, words: list[str], step: str, **engine: str) -> Ran:
    """Run a pipeline to its end."""
    commit = source(folder / "source", pipeline, step)
    ran = subprocess.run(
        ["gitlab-ci-local", "--no-color", "--home", str(folder), *words],
        cwd=folder / "source",
        env={**os.environ, "HOME": str(folder), **engine},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return Ran(code=ran.returncode, shown=ran.stdout + ran.stderr, image=image, commit=commit)


def build(daemons: Station, kind: DaemonKind, folder: Path, step: str = "echo built > /built") -> Ran:
    """Run the pipeline of one way to build on its daemon."""
    connection = Connection.parse(daemons.cli.output(kind.value))
    image = f"{os.environ['CI_RUNNERS_REGISTRY']}/{daemons.name}/{kind.value}"
    spec = GitLabPipelineSpec(image_name=image, layer_cache=f"{image}/cache")
    # With DinD, jobs run inside their daemon.
    with contextlib.ExitStack() as stack:
        engine: dict[str, str] = {}
        if kind is DaemonKind.DIND:
            daemon = daemons.engine.containers.get(f"{daemons.name}-dind")
            engine = stack.enter_context(client_of(daemon, folder))
        return run(folder, render_gitlab_ci(spec, connection), image, options(connection), step, **engine)


def manifest(image: str, reference: str) -> dict[str, Any]:
    """A manifest or an index in the registry."""
    registry, _, name = image.partition("/")
    kinds = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"
    answer = requests.get(
        f"http://{registry}/v2/{name}/manifests/{reference}", headers={"Accept": kinds}, timeout=10
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def statements(ran: Ran) -> dict[str, dict[str, Any]]:
    """The in-toto statements beside the image, by the type of what they state; each about the image itself."""
    index = manifest(ran.image, ran.commit)
    image, attestation = index["manifests"]
    assert attestation["annotations"]["vnd.docker.reference.digest"] == image["digest"]
    registry, _, name = ran.image.partition("/")
    found = {}
    for layer in manifest(ran.image, attestation["digest"])["layers"]:
        blob = requests.get(f"http://{registry}/v2/{name}/blobs/{layer['digest']}", timeout=10).content
        assert layer["digest"] == f"sha256:{hashlib.sha256(blob).hexdigest()}"
        statement = json.loads(blob)
        assert {subject["digest"]["sha256"] for subject in statement["subject"]} == {
            image["digest"].removeprefix("sha256:")
        }
        found[statement["predicateType"]] = statement["predicate"]
    return found


@pytest.mark.parametrize("kind", DaemonKind, ids=lambda kind: kind.value)
def test_gitlab_ci_local_builds_and_pushes_with_the_rendered_pipeline(
    daemons: Station, kind: DaemonKind, tmp_path: Path
) -> None:
    ran = build(daemons, kind, tmp_path)

    assert ran.code == 0, ran.shown
    assert ran.digest(ran.commit) == ran.digest(SLUG)
    if kind is DaemonKind.BUILDKIT:
        stated = statements(ran)
        packages = {package["name"] for package in stated["https://spdx.dev/Document"]["packages"]}
        assert {"bash", "libc6"} <= packages
        (provenance,) = (predicate for kind, predicate in stated.items() if "slsa.dev/provenance" in kind)
        told = json.dumps(provenance)
        assert ran.commit in told
        assert "https://gitlab.example.com/team/app" in told
        assert base64.b64encode(b"FROM debian").decode()[:-2] not in told, "the Dockerfile's text stays here"


def test_a_build_that_fails_is_a_job_that_fails(daemons: Station, tmp_path: Path) -> None:
    ran = build(daemons, DaemonKind.DOOD, tmp_path, step="echo going to fail && false")

    assert ran.code != 0
    assert "going to fail" in ran.shown
    with pytest.raises(Exception, match="not in the registry"):
        ran.digest(ran.commit)


def test_a_pipeline_that_brings_its_daemon_along_builds_over_tls(daemons: Station, tmp_path: Path) -> None:
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    image = f"{registry}/{daemons.name}/service"
    service = DindService(registry_mirrors=(f"http://{registry}",), insecure_registries=(registry,))
    pipeline = render_gitlab_ci_with_dind(GitLabPipelineSpec(image_name=image), service)
    words = ["--privileged", f"--volume=%gcl-cert%:{CLIENT_CERTIFICATES}"]

    ran = run(tmp_path, f"{pipeline}  after_script: [{PLAIN}]\n", image, words, "echo built > /built")

    assert ran.code == 0, ran.shown
    assert ran.digest(ran.commit) == ran.digest(SLUG)
    assert "without TLS: refused" in ran.shown


def test_without_its_certificates_a_job_does_not_reach_the_daemon_that_it_brought_along(
    daemons: Station, tmp_path: Path
) -> None:
    image = f"{os.environ['CI_RUNNERS_REGISTRY']}/{daemons.name}/service-refused"
    pipeline = render_gitlab_ci_with_dind(GitLabPipelineSpec(image_name=image), DindService())

    ran = run(
        tmp_path,
        pipeline.replace("seq 60", "seq 2"),
        image,
        ["--privileged"],
        "echo built > /built",
    )

    assert ran.code != 0
    assert "/certs/client/ca.pem" in ran.shown
