"""The committed Pulumi.prod.yaml on two Docker hosts behind ssh: from nothing to a green job on each, and back."""

import contextlib
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import yaml
from gitlab.v4.objects import Project as GitLabProject

from ci_runners.images import ACTIONS_RUNNER, BUILDKIT, DOCKER_CLI, DOCKER_DIND, GITLAB_RUNNER
from tests.e2e.accounts import (
    GitLabAccount,
    github_image,
    github_repository,
    gitlab_account,
    gitlab_project,
)
from tests.e2e.conftest import made_up_token
from tests.e2e.github_forge import api, token
from tests.e2e.github_jobs import Project, new_app
from tests.e2e.policy_previews import PACK
from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli, pulumi_binary
from tests.e2e.stations import FILES, Station, station
from tests.e2e.test_github_stations import green as github_green
from tests.e2e.test_github_stations import head
from tests.e2e.test_gitlab_stations import green as gitlab_green
from tests.prove.ssh_hosts import Hosts, two_hosts

pytestmark = pytest.mark.e2e

FIRST, SECOND = "builder-1.example.com", "builder-2.example.com"
"""The file's own hosts: what they are here is said to ssh alone."""
PERMISSIONS = {"administration": "write", "organization_self_hosted_runners": "write"}


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    if not os.environ["DOCKER_HOST"].startswith("unix://"):
        pytest.skip("the first host's sshd is put in front of an engine on this machine")
    with (
        contextlib.closing(docker.from_env(timeout=180)) as engine,
        two_hosts(tmp_path, engine, FIRST, SECOND) as made,
    ):
        yield made


@pytest.fixture
def one(tmp_path: Path, hosts: Hosts) -> Iterator[Station]:
    """The root program's stack, with the hosts' ssh."""
    with station(tmp_path, f"prod-{secrets.token_hex(3)}") as made:
        environment = {**made.cli.environment, **hosts.environment()}
        cli = PulumiCli(directory=made.cli.directory, environment=environment)
        yield Station(name=made.name, cli=cli, engine=made.engine)


def committed(
    one: Station, gitlab: GitLabProject, account: GitLabAccount, github: Project, app: dict[str, str]
) -> dict[str, Any]:
    """The committed file, but for the names of what there is here: forges, projects, registry, the stations' own."""
    config = yaml.safe_load((REPOSITORY / "Pulumi.prod.yaml").read_text())["config"]
    backend, web = config["ci-runners:stations"]
    registry = os.environ["CI_RUNNERS_REGISTRY"]
    for each in (backend, web):
        each["name"] = f"{one.name}-{each['name']}"
        each["registries"] = {"mirrors": [f"http://{registry}"], "insecure": [registry]}
    backend["gitlab"]["url"] = account.url
    backend["project"]["project"] = gitlab.path_with_namespace
    backend["pipeline"]["image_name"] = account.image(one.name)
    backend["runner"]["pull_policies"] = ["if-not-present"]
    web["github"]["app"] |= {key: app[key] for key in ("client_id", "installation_id")}
    web["repository"]["repository"] = github.name
    web["workflow"] = {"image_name": github_image(github), "login": False}
    forges = {
        "gitlab:baseUrl": f"{account.url}/api/v4/",
        "github:baseUrl": f"{api()}/",
        "github:owner": github.organization.login,
    }
    return {**config, **forges}


def configure(one: Station, config: dict[str, Any], hidden: dict[str, str]) -> None:
    """Do what the file's comments say, and take the rest from it."""
    for key, value in hidden.items():
        path = ["--path"] if "." in key else []
        words = [pulumi_binary(), "config", "set", "--secret", *path, key]
        environment, folder = one.cli.environment, one.cli.directory
        subprocess.run(
            words, cwd=folder, env=environment, input=value, text=True, check=True, capture_output=True
        )
    file = one.cli.directory / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    document["config"] |= config
    file.write_text(yaml.safe_dump(document))


def declare(one: Station, key: str, stations: object) -> None:
    """Say what the stack has from now on, under `station` or `stations`."""
    file = one.cli.directory / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text())
    both = {"ci-runners:station", "ci-runners:stations"}
    kept = {name: value for name, value in document["config"].items() if name not in both}
    document["config"] = {**kept, f"ci-runners:{key}": stations}
    file.write_text(yaml.safe_dump(document))


def live(one: Station, hosts: Hosts, gitlab: GitLabProject, github: Project) -> None:
    shown = one.up("first up")
    assert [host for host in (FIRST, SECOND) if f"Docker host ssh://ci@{host}, for" not in shown] == []
    gitlab_green(gitlab, gitlab.commits.list(ref_name="main", get_all=False)[0].id)
    github_green(github, head(github))

    backend, web = f"{one.name}-backend-", f"{one.name}-web-"
    there = {(host, name): hosts.named(host, name) for host in (FIRST, SECOND) for name in (backend, web)}
    assert f"{backend}dind" in there[FIRST, backend]
    assert f"{web}buildkit" in there[SECOND, web]
    assert (there[FIRST, web], there[SECOND, backend]) == ([], [])
    outputs = json.loads(one.cli.run("stack", "output", "stations", "--json"))
    assert {name: told["builder"] for name, told in outputs.items()} == {
        f"{one.name}-backend": "dind",
        f"{one.name}-web": "buildkit",
    }

    one.stays_as_it_is(refreshes=5)
    one.pulumi("policies", "preview", "--policy-pack", str(PACK))
    one.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    assert hosts.named(FIRST, one.name) == []
    assert hosts.named(SECOND, one.name) == []
    assert gitlab.runners.list(type="project_type", get_all=True) == []
    assert github.runners() == []


def test_the_production_environment_comes_from_nothing_builds_on_two_hosts_stays_as_it_is_and_goes(
    one: Station, hosts: Hosts
) -> None:
    account = gitlab_account()
    hosts.load(SECOND, (ACTIONS_RUNNER, BUILDKIT, DOCKER_CLI, DOCKER_DIND))
    with (
        gitlab_project(account, one.name, FILES) as gitlab,
        github_repository(one.name, FILES) as github,
    ):
        app = new_app(github.organization.login, PERMISSIONS)
        configure(
            one,
            committed(one, gitlab, account, github, app),
            {
                "gitlab:token": account.token,
                "ci-runners:gitlab_api_token": account.token,
                "github:token": token(),
                "ci-runners:github_app_private_key": app["private_key"],
                "ci-runners:secrets.DEPLOY_TOKEN": one.marker,
            },
        )
        live(one, hosts, gitlab, github)
        assert one.that_tell(one.marker, app["private_key"], of_machine=account.token) == []


def test_a_station_stays_where_its_place_in_the_file_changes_and_moves_as_a_whole_where_its_host_does(
    one: Station, hosts: Hosts
) -> None:
    hosts.load(SECOND, (DOCKER_CLI, GITLAB_RUNNER))
    settings = {
        "name": one.name,
        "docker_host": f"ssh://ci@{FIRST}",
        "builder": "kaniko",
        "gitlab": {"url": os.environ["CI_RUNNERS_SANDBOX_URL"]},
        "pipeline": {"image_name": "registry.example.com/app"},
        "kaniko": {"socket": os.environ["DOCKER_HOST"].removeprefix("unix://")},
        "keep_caches": False,
    }
    configure(one, {}, {"ci-runners:runner_token": made_up_token()})
    declare(one, "station", settings)
    one.up("first up")
    there = hosts.named(FIRST, one.name)
    assert f"{one.name}-runner" in there

    declare(one, "stations", [settings])
    one.up("into the list", "--expect-no-changes")

    moved = {**settings, "docker_host": f"ssh://ci@{SECOND}", "kaniko": {}}
    declare(one, "stations", [moved])
    one.up("to the other host")
    assert hosts.named(FIRST, one.name) == []
    assert hosts.named(SECOND, one.name) == there
    one.stays_as_it_is(refreshes=5)

    with hosts.unreachable(SECOND):
        one.up("without the host", "--expect-no-changes")
        refused = one.cli.attempt("up", "--yes", "--skip-preview", "--refresh")
        assert refused.returncode != 0
        assert f"make sure that ssh://ci@{SECOND} is reachable" in refused.stdout
        one.up("leaving the station out", "--refresh", "--exclude", f"**{one.name}**")
    one.up("with the host", "--refresh", "--expect-no-changes")
    one.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    assert hosts.named(SECOND, one.name) == []
