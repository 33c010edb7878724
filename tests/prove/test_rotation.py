"""A daemon's certificates made anew under a running job, by an authority of one's own, and near their end."""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from gitlab.v4.objects import Project

from bootstrap.station import connect, finished_pipeline
from ci_runners.images import DOCKER_CLI, DOCKER_DIND
from tests.e2e.conftest import PROGRAM, RESOURCES, Station, said
from tests.e2e.pulumi_cli import PulumiCli, counts
from tests.e2e.pushes import push
from tests.e2e.test_config_change import deletions, wait_for_log
from tests.e2e.test_token_rotation import RELEASE, SLOW, until

pytestmark = pytest.mark.e2e

ALL = RESOURCES + 1
AUTHORITY = (
    "cd /tmp && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 10 -subj /CN=ours"
    " -keyout key.pem -out cert.pem 2> /dev/null && cat cert.pem key.pem"
)
NO_KEY = "-----BEGIN PRIVATE KEY-----\nbm8ga2V5IGF0IGFsbA==\n-----END PRIVATE KEY-----\n"
DRAINING = "graceful shutdown"
"""What GitLab Runner logs when it is told to stop."""
VERSION = "docker version --format 'the daemon is {{.Server.Version}}'"
OLD = "old"
ASK = (
    "docker --tlsverify --tlscacert /certs/client/ca.pem --tlscert /{pair}/cert.pem --tlskey /{pair}/key.pem"
    " --host tcp://{host}:2376 version --format '{{{{.Server.Version}}}}' 2>&1"
)


@dataclass(frozen=True, kw_only=True)
class Rotating(Station):
    """A station with a registered runner."""

    project: Project
    source: Path
    root_token: str

    def certificates(self, key: str | None = None, **asked: Any) -> None:  # noqa: ANN401  any argument's value
        """Say what the program asks of the certificates from now on."""
        mirror = {"registry_mirrors": [f"http://{os.environ['CI_RUNNERS_REGISTRY']}"]}
        runner = {"pull_policies": ["if-not-present"], "drain_seconds": 300}
        daemon = {"daemon_json": mirror, "certificates": asked, "authority_key": key}
        self.declare(daemon=daemon, runner=runner)

    def start_job(self, *script: str) -> str:
        """Push a pipeline of one job; returns the commit."""
        job = {"tags": ["dind"], "script": list(script)}
        text = yaml.safe_dump({"job": job}, width=1000)
        return push(self.project, self.source, text, self.root_token)

    def trace(self, commit: str) -> str:
        """What the commit's job wrote; it must have ended well."""
        done = finished_pipeline(self.project, commit)
        trace = self.project.jobs.get(done.jobs.list(get_all=True)[0].id).trace()
        assert isinstance(trace, bytes)
        assert done.status == "success", trace.decode()
        return trace.decode()

    def beside(self, script: str) -> str:
        """What a script writes beside the daemon that holds its certificate, and the one that was kept."""
        volumes = {f"{self.daemon_name}-client": "/certs/client", f"{self.name}-{OLD}": f"/{OLD}"}
        output = self.engine.containers.run(
            DOCKER_CLI,
            entrypoint=["sh", "-c", f"{script} || true"],
            network=self.daemon_name,
            volumes={name: {"bind": path} for name, path in volumes.items()},
            labels={"ci-runners.component": f"{self.name}-probe"},
            remove=True,
        )
        return output.decode()

    def held(self) -> str:
        """A digest of all that clients and the daemon hold."""
        files = said(self.daemon(), "sh", "-c", "cat /certs/client/*.pem /certs/server/*.pem")
        return hashlib.sha256(files.encode()).hexdigest()

    def end(self) -> datetime:
        return datetime.fromisoformat(self.cli.output(f"{self.name}-expiry"))


@pytest.fixture
def rotating(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Rotating]:
    name = f"rotate-{secrets.token_hex(3)}"
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    registration = {"runner_type": "project_type", "project_id": project.id, "tag_list": ["dind"]}
    token = forge.user.runners.create(registration).token  # type: ignore[union-attr]
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    source = tmp_path / "source"
    source.mkdir()
    one = Rotating(
        cli=cli, engine=engine, name=name, token=token, project=project, source=source, root_token=root_token
    )
    try:
        yield one
    finally:
        one.remove()
        with contextlib.suppress(docker.errors.NotFound):
            engine.volumes.get(f"{name}-{OLD}").remove()
        project.delete()


@pytest.mark.case(
    number=10,
    component="DindDaemon",
    title="`certificates.rotate` makes a new one under a running job; the old pair is refused",
)
def test_a_planned_rotation_waits_for_the_running_job_and_shuts_old_certificates_out(
    rotating: Rotating,
) -> None:
    today = datetime.now(UTC).date()
    later = str(today + timedelta(days=90))
    rotating.certificates(rotate=later)
    assert f"on or after {later} makes the certificates anew" in rotating.cli.up()
    rotating.beside(f"cp /certs/client/* /{OLD}")
    asked = ASK.format(pair=OLD, host=rotating.daemon_name)
    assert rotating.beside(asked)[0].isdigit()
    before, end = rotating.held(), rotating.end()
    commit = rotating.start_job(*SLOW, VERSION)
    until("the running job", lambda: rotating.project.jobs.list(scope=["running"], get_all=True))

    rotating.certificates(rotate=str(today))
    with rotating.cli.start("up", "--yes", "--skip-preview") as update:
        wait_for_log(rotating.runner(), DRAINING)
        # The daemon and what it holds are the old ones until the job has ended.
        assert rotating.held() == before
        said(rotating.daemon(), "docker", "volume", "create", RELEASE)
        shown, _ = update.communicate(timeout=300)
    assert update.returncode == 0, shown
    assert counts(shown) == {"replaced": 4, "unchanged": ALL - 4}
    gone = [each for each in deletions(shown) if each != "runner-config-writer"]
    assert gone == ["runner-container", "daemon-container", "daemon-certificates"]
    trace = rotating.trace(commit)
    assert "the job went on" in trace
    assert "the daemon is " in trace

    assert rotating.held() != before
    assert rotating.end() > end
    refused = rotating.beside(asked)
    assert "remote error: tls: " in refused, refused
    assert "the daemon is " in rotating.trace(rotating.start_job(VERSION))
    # It is done once: neither time nor the next plan nor none is a change.
    for plan in ({"rotate": later}, {}):
        rotating.certificates(**plan)
        assert counts(rotating.cli.up("--refresh", "--expect-no-changes")) == {"unchanged": ALL}


@pytest.mark.case(
    number=9, component="DindDaemon", title="warned of from `warn_days` before it on, in previews and updates"
)
def test_an_authority_of_ones_own_signs_and_its_key_stays_with_no_one(rotating: Rotating) -> None:
    pems = rotating.engine.containers.run(
        DOCKER_DIND, entrypoint=["sh", "-c", AUTHORITY], remove=True
    ).decode()
    certificate, key = pems[: pems.index("-----BEGIN PRIVATE")], pems[pems.index("-----BEGIN PRIVATE") :]
    rotating.certificates(authority_certificate=certificate, key=NO_KEY)
    failed = rotating.cli.attempt("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "the certificates were not made: authority_key cannot be read" in failed.stdout

    rotating.certificates(authority_certificate=certificate, key=key)
    shown = rotating.cli.up()
    assert "days; give certificates.authority_certificate one that holds for longer" in shown
    assert timedelta(days=8) < rotating.end() - datetime.now(UTC) < timedelta(days=11)
    for _ in range(2):
        again = rotating.cli.up("--refresh", "--expect-no-changes")
        assert counts(again) == {"unchanged": ALL}
        assert "the certificates end on" in again

    issuer = said(rotating.daemon(), "openssl", "x509", "-in", "/certs/server/cert.pem", "-noout", "-issuer")
    assert issuer.strip() in {"issuer=CN = ours", "issuer=CN=ours"}
    assert rotating.trace(rotating.start_job(VERSION))
    secret = key.splitlines()[1]
    told = {each.name: json.dumps(each.attrs) + each.logs().decode() for each in rotating.containers()}
    told["state"] = json.dumps(rotating.cli.exported())
    told["daemon"] = said(rotating.daemon(), "sh", "-c", "cat /certs/*/*")
    told["volume"] = rotating.engine.containers.run(
        DOCKER_CLI,
        entrypoint=["sh", "-c", "cat /ca/*"],
        volumes=[f"{rotating.daemon_name}-ca:/ca:ro"],
        remove=True,
    ).decode()
    assert [place for place, text in told.items() if secret in text] == []
    assert "BEGIN CERTIFICATE" in told["volume"]
    maker = rotating.engine.containers.get(f"{rotating.daemon_name}-certificates")
    with pytest.raises(docker.errors.NotFound):
        maker.get_archive("/authority/key.pem")
