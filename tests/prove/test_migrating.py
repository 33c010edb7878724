"""What docs/migrating says, done: its own programs, files and commands, on daemons and runners made by hand."""

import json
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import gitlab
import pytest
import yaml
from docker.errors import NotFound
from gitlab.v4.objects import Project

from bootstrap.station import connect, finished_pipeline
from ci_runners.images import DOCKER_CLI
from tests.docs.markdown import ROOT, blocks
from tests.e2e.pulumi_cli import PulumiCli, counts
from tests.e2e.pushes import push
from tests.e2e.test_token_rotation import until
from tests.e2e.test_ways import remove

pytestmark = pytest.mark.e2e

COMPOSE = ROOT / "docs/migrating/from-compose.md"
REGISTER = ROOT / "docs/migrating/from-gitlab-runner-register.md"
BASE = "debian:13.1-slim"
DOCKERFILE = (
    f"FROM {BASE}\nRUN rm -r /usr/share/doc && mkdir /usr/share/doc && echo kept > /usr/share/doc/kept\n"
)
NAMES = ("team-dind", "team-runner", "team-app")
"""The components of the pages."""


def block(page: Path, language: str, holds: str) -> str:
    """The page's only block of a language that holds a text."""
    (found,) = [it.text for it in blocks(page) if it.language == language and holds in it.text]
    return found


def sh(script: str, cli: PulumiCli | None = None) -> str:
    """Run a page's commands, in a project's folder where they are Pulumi's; they must succeed."""
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=cli.directory if cli else None,
        env=cli.environment if cli else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def program(page: Path, holds: str) -> str:
    """A page's program, for the sandbox in place of GitLab, and with this machine's mirror."""
    mirror = {"registry_mirrors": [f"http://{os.environ['CI_RUNNERS_REGISTRY']}"]}
    text = block(page, "python", holds).replace(
        '{"accept_privileged": True}', f'{{"accept_privileged": True, "daemon_json": {mirror}}}'
    )
    return text.replace("https://gitlab.example.com", os.environ["CI_RUNNERS_SANDBOX_URL"])


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    """The engine; what the pages' components made is gone at the end, whatever happened."""
    client = docker.from_env(timeout=120)
    yield client
    for name in NAMES:
        remove(client, name)
    for volume in ("team_storage", "team_certs-ca", "team_certs-client", "team_runner-config"):
        try:
            client.volumes.get(volume).remove(force=True)
        except NotFound:
            continue
    client.close()


@pytest.fixture
def root_token() -> str:
    return Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()


@pytest.fixture
def forge(root_token: str) -> gitlab.Gitlab:
    return connect(os.environ["CI_RUNNERS_SANDBOX_URL"], root_token)


@pytest.fixture
def project(forge: gitlab.Gitlab) -> Iterator[Project]:
    name = f"migrating-{secrets.token_hex(4)}"
    made = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    yield made
    made.delete()


def new_runner(forge: gitlab.Gitlab, project: Project) -> dict[str, Any]:
    """A runner as a person makes it at GitLab, for the project."""
    wanted = {"runner_type": "project_type", "project_id": project.id, "tag_list": "dind"}
    made = forge.http_post("/user/runners", post_data=wanted)
    assert isinstance(made, dict)
    return made


def old_daemon(engine: docker.DockerClient) -> Any:  # noqa: ANN401  a container
    """The page's Compose service `dind`, as Compose would start it."""
    service = yaml.safe_load(block(COMPOSE, "yaml", "services:"))["services"]["dind"]
    volumes = [f"team_{line}" for line in service["volumes"]]
    container = engine.containers.run(
        service["image"],
        name="team-dind",
        hostname=service["hostname"],
        privileged=service["privileged"],
        environment=service["environment"],
        volumes=volumes,
        detach=True,
        labels={"ci-runners.component": "team-dind"},
    )
    until("the old daemon", lambda: container.exec_run("docker info").exit_code == 0)
    return container


def test_the_storage_of_a_compose_file_s_daemon_moves_to_the_component_with_its_images(
    tmp_path: Path, engine: docker.DockerClient, forge: gitlab.Gitlab, project: Project
) -> None:
    old = old_daemon(engine)
    sh(f"docker save {BASE} | docker exec --interactive team-dind docker load")
    sh(
        f"printf '{DOCKERFILE.encode('unicode_escape').decode()}' | docker exec --interactive team-dind docker build -t kept:1 -"
    )
    engine.volumes.create("team_runner-config")
    old.stop(timeout=30)
    old.remove()
    cli = PulumiCli.on_machine(tmp_path, name="moved", program=program(COMPOSE, "GitLabRunner"))
    cli.run("config", "set", "--secret", "runner_token", new_runner(forge, project)["token"])

    sh(block(COMPOSE, "sh", "cp --archive"))
    (cli.directory / "imports.json").write_text(block(COMPOSE, "json", "resources"))
    sh(block(COMPOSE, "sh", "pulumi import"), cli)
    planned = cli.run("preview")
    sh(block(COMPOSE, "sh", "pulumi preview"), cli)
    inside = sh("docker exec team-dind docker run --rm kept:1 ls /usr/share/doc")
    again = cli.up()
    sh(block(COMPOSE, "sh", "docker volume rm"))
    cli.run("destroy", "--yes", "--skip-preview")

    assert set(counts(planned)) == {"to create", "unchanged"}
    assert inside == "kept\n"
    assert set(counts(again)) == {"unchanged"}
    assert [volume.name for volume in engine.volumes.list() if volume.name.startswith("team")] == []


def test_an_imported_network_and_container_would_be_replaced_and_cannot_be(
    tmp_path: Path, engine: docker.DockerClient
) -> None:
    network = engine.networks.create("team-dind", labels={"ci-runners.component": "team-dind"})
    old = old_daemon(engine)
    network.connect(old)
    cli = PulumiCli.on_machine(
        tmp_path,
        name="refused",
        program='from ci_runners import DindDaemon\nDindDaemon("team-dind", {"accept_privileged": True})\n',
    )
    imports: dict[str, Any] = json.loads(block(COMPOSE, "json", "resources"))
    imports["resources"] = [
        imports["resources"][0],
        *(
            {"type": f"docker:index/{kind}", "name": f"team-dind-{part}", "id": made, "parent": "team-dind"}
            for kind, part, made in [
                ("network:Network", "network", network.id),
                ("container:Container", "container", old.id),
            ]
        ),
    ]
    (cli.directory / "imports.json").write_text(json.dumps(imports))

    sh(block(COMPOSE, "sh", "pulumi import"), cli)
    planned = cli.run("preview")
    tried = cli.attempt("up", "--yes", "--skip-preview")
    cli.attempt("destroy", "--yes", "--skip-preview")

    assert counts(planned)["to replace"] == 2
    assert tried.returncode != 0
    assert "timeout while waiting for state to become 'removed'" in tried.stdout


@pytest.mark.usefixtures("engine")
def test_a_registered_runner_s_token_goes_on_with_the_component(
    tmp_path: Path, forge: gitlab.Gitlab, project: Project, root_token: str
) -> None:
    registered = new_runner(forge, project)
    url, config = os.environ["CI_RUNNERS_SANDBOX_URL"], tmp_path / "config.toml"
    words = ["register", "--non-interactive", "--config", str(config), "--url", url]
    words += ["--token", registered["token"], "--executor", "docker", "--docker-image", BASE]
    subprocess.run([os.environ["CI_RUNNERS_GITLAB_RUNNER"], *words], check=True, capture_output=True)
    look = block(REGISTER, "sh", "grep -E").replace("sudo ", "").replace("/etc/gitlab-runner", str(tmp_path))
    token = dict(line.strip().split(" = ") for line in sh(look).splitlines())["token"].strip('"')
    # One path for jobs and for the daemon, as docs/troubleshooting.md has it for mounts of the working copy.
    text = program(REGISTER, '"concurrent": 4').replace(
        '"concurrent"', '"volumes": ["/builds:/builds"], "concurrent"'
    )
    cli = PulumiCli.on_machine(tmp_path, name="taken-over", program=text)
    cli.run("config", "set", "--secret", "runner_token", token)

    cli.up()
    source = tmp_path / "source"
    source.mkdir()
    mount = f'docker run --rm --volume "$PWD:/src" {BASE} cat /src/made'
    job = {"tags": ["dind"], "image": DOCKER_CLI, "script": ["echo here > made", mount]}
    done = finished_pipeline(project, push(project, source, yaml.safe_dump({"job": job}), root_token))
    runners = [int(runner.id) for runner in project.runners.list(type="project_type", get_all=True)]
    cli.run("destroy", "--yes", "--skip-preview")

    assert token == registered["token"]
    assert done.status == "success"
    assert runners == [registered["id"]]


@pytest.mark.usefixtures("engine")
def test_variables_and_a_schedule_are_taken_over_and_updated_in_place(
    tmp_path: Path, project: Project, root_token: str
) -> None:
    project.variables.create({"key": "REGION", "value": "eu"})
    project.variables.create({"key": "REGISTRY_PASSWORD", "value": "made-up-password"})
    wanted = {"description": "clean up", "ref": "main", "cron": "0 3 * * 0"}
    schedule = project.pipelineschedules.create(wanted)
    text = program(REGISTER, "GitLabProject").replace('"team/app"', f'"{project.path_with_namespace}"')
    cli = PulumiCli.on_machine(tmp_path, name="adopted", program=text)
    cli.run("config", "set", "gitlab:baseUrl", f"{os.environ['CI_RUNNERS_SANDBOX_URL']}/api/v4/")
    cli.run("config", "set", "--secret", "gitlab:token", root_token)
    cli.run("config", "set", "--secret", "registry_password", "made-up-password")
    imports = block(REGISTER, "json", "resources").replace('"42:7"', f'"{project.id}:{schedule.id}"')
    (cli.directory / "imports.json").write_text(imports.replace('"42:', f'"{project.id}:'))

    sh(block(REGISTER, "sh", "pulumi import"), cli)
    again = cli.up()
    secret = project.variables.get("REGISTRY_PASSWORD")
    schedules = [it.id for it in project.pipelineschedules.list(get_all=True)]
    cli.run("destroy", "--yes", "--skip-preview")

    assert set(counts(again)) == {"unchanged"}
    assert (secret.protected, secret.masked, secret.raw) == (True, True, True)
    assert schedules == [schedule.id]
    assert project.variables.list(get_all=True) == []


def test_an_imported_registration_would_be_replaced(
    tmp_path: Path, forge: gitlab.Gitlab, project: Project, root_token: str
) -> None:
    number = new_runner(forge, project)["id"]
    given = {"project": project.path_with_namespace, "registration": {"tags": ["dind"]}}
    cli = PulumiCli.on_machine(
        tmp_path,
        name="registered",
        program=f'from ci_runners import GitLabProject\nGitLabProject("team-app", {given})\n',
    )
    cli.run("config", "set", "gitlab:baseUrl", f"{os.environ['CI_RUNNERS_SANDBOX_URL']}/api/v4/")
    cli.run("config", "set", "--secret", "gitlab:token", root_token)
    runner = {
        "type": "gitlab:index/userRunner:UserRunner",
        "name": "team-app-registration",
        "id": str(number),
        "parent": "team-app",
    }
    imports: dict[str, Any] = json.loads(block(REGISTER, "json", "resources"))
    imports["resources"] = [imports["resources"][0], runner]
    (cli.directory / "imports.json").write_text(json.dumps(imports))

    sh(block(REGISTER, "sh", "pulumi import").splitlines()[0], cli)

    assert counts(cli.run("preview"))["to replace"] == 1


def test_every_flag_in_the_page_s_list_is_one_of_gitlab_runner_s_register() -> None:
    words = [os.environ["CI_RUNNERS_GITLAB_RUNNER"], "register", "--help"]
    shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    rows = [line.split(" | ")[0] for line in REGISTER.read_text().splitlines() if line.startswith("| `--")]
    flags = {flag for row in rows for flag in re.findall(r"--[a-zA-Z0-9_-]+", row)}

    assert len(flags) > 40
    assert flags - set(re.findall(r"--[a-zA-Z0-9_-]+", shown)) == set()
