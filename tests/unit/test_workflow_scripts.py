"""The commands of the rendered workflows. Their text is in the snapshots of `test_github_workflow.py`; here is what it does."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_runners.connection import DaemonKind
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from tests.unit.pipelines import CONNECTIONS, OTHER
from tests.unit.workflows import (
    SPECS,
    every_kind,
    every_spec,
    rendered,
    step,
)

DOCKER = [DaemonKind.DIND, DaemonKind.DOOD]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PASSWORD = "ghs_" + "secret" * 20
"""Long enough for base64 to break the line."""


@every_kind
@every_spec
def test_no_expression_of_githubs_stands_in_a_script(way: DaemonKind, spec: GitHubWorkflowSpec) -> None:
    assert "${{" not in step(way, spec, "Build and push")["run"]


@every_kind
@every_spec
def test_a_script_takes_no_variable_that_nothing_gives_it(way: DaemonKind, spec: GitHubWorkflowSpec) -> None:
    one = step(way, spec, "Build and push")

    used = set(re.findall(r"\$\{?([A-Z_]+)", one["run"]))
    given = {*one["env"], *CONNECTIONS[way].job_environment}
    assert {name for name in used - given if not name.startswith("GITHUB_")} == set()


@every_kind
@every_spec
def test_a_script_is_one_that_bash_can_read(way: DaemonKind, spec: GitHubWorkflowSpec) -> None:
    one = step(way, spec, "Build and push")

    checked = subprocess.run(["bash", "-n"], input=one["run"], capture_output=True, text=True, check=False)
    assert (one["shell"], checked.returncode, checked.stderr) == ("bash", 0, "")


def ran(way: DaemonKind, spec: GitHubWorkflowSpec, folder: Path, ref: str = "main") -> list[list[str]]:
    """Run the script with a docker that notes down its words; the calls."""
    log, docker = folder / "calls", folder / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        f'#!{sys.executable}\nimport json, sys\nopen({str(log)!r}, "a").write(json.dumps(sys.argv[1:]) + "\\n")\n'
    )
    docker.chmod(0o755)
    one = step(way, spec, "Build and push")
    environment = {
        **CONNECTIONS[way].job_environment,
        **filled(one["env"], folder),
        "PATH": f"{docker.parent}:{os.environ['PATH']}",
        "GITHUB_SHA": COMMIT,
        "GITHUB_REF_NAME": ref,
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", one["run"]]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    return [json.loads(line) for line in log.read_text().splitlines()]


def filled(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """A step's environment as GitHub would fill it in."""
    words = {
        "${{ runner.temp }}": str(folder),
        "${{ github.actor }}": "mona",
        "${{ secrets.GITHUB_TOKEN }}": PASSWORD,
        "${{ secrets.REGISTRY_USER }}": "mona",
        "${{ secrets.REGISTRY_PASSWORD }}": PASSWORD,
        "${{ github.repository }}": "Octo-Org/App",
    }
    found = {}
    for name, value in environment.items():
        text = value
        for expression, meaning in words.items():
            text = text.replace(expression, meaning)
        assert "${{" not in text
        found[name] = text
    return found


def tags_of(calls: list[list[str]]) -> list[str]:
    (build,) = [call for call in calls if "build" in call]
    return [build[at + 1] for at, word in enumerate(build) if word == "--tag"]


@every_kind
@pytest.mark.parametrize(
    ("ref", "tag"),
    [
        ("main", "main"),
        ("Feature/New_Login.2", "Feature-New_Login.2"),
        ("fix//a  b$(id)`id`", "fix-a-b-id-id-"),
        ("v1.2.3", "v1.2.3"),
        ("b" * 200, "b" * 128),
    ],
)
def test_the_image_is_tagged_by_commit_and_by_branch_whatever_the_branch_is_called(
    way: DaemonKind, ref: str, tag: str, tmp_path: Path
) -> None:
    calls = ran(way, SPECS["another registry"], tmp_path, ref)

    assert tags_of(calls) == [f"{OTHER}:{COMMIT}", f"{OTHER}:{tag}"]


@every_kind
def test_an_owner_in_upper_case_gives_an_image_in_lower_case(way: DaemonKind, tmp_path: Path) -> None:
    calls = ran(way, GitHubWorkflowSpec(), tmp_path)

    assert tags_of(calls) == [f"ghcr.io/octo-org/app:{COMMIT}", "ghcr.io/octo-org/app:main"]


@pytest.mark.parametrize("way", DOCKER, ids=lambda way: way.value)
def test_docker_pushes_every_tag_and_the_cache(way: DaemonKind, tmp_path: Path) -> None:
    calls = ran(way, SPECS["another registry, cached"], tmp_path)

    pushed = [call[1] for call in calls if call[0] == "push"]
    assert pushed == [f"{OTHER}:{COMMIT}", f"{OTHER}:main", f"{OTHER}/cache"]


@every_kind
def test_without_a_login_there_are_no_credentials(way: DaemonKind) -> None:
    text = rendered(way, SPECS["a registry without a login"])

    assert [word for word in ("secrets.", "login", "auths", "REGISTRY") if word in text] == []


def test_the_credentials_for_buildx_are_in_a_file_that_only_its_user_may_read(tmp_path: Path) -> None:
    ran(DaemonKind.BUILDKIT, SPECS["Docker Hub"], tmp_path)

    file = tmp_path / "docker" / "config.json"
    (host,) = json.loads(file.read_text())["auths"]
    assert host == "https://index.docker.io/v1/"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("way", DOCKER, ids=lambda way: way.value)
def test_docker_logs_in_at_the_images_registry(way: DaemonKind, tmp_path: Path) -> None:
    calls = ran(way, SPECS["another registry"], tmp_path)

    host = OTHER.partition("/")[0]
    assert ["login", "--username", "mona", "--password-stdin", host] in calls


def test_the_job_finds_the_connections_buildkit_with_its_certificates(tmp_path: Path) -> None:
    environment = CONNECTIONS[DaemonKind.BUILDKIT].job_environment
    create, *_ = ran(DaemonKind.BUILDKIT, SPECS["another registry"], tmp_path)

    folder = environment["BUILDKIT_TLS_DIR"]
    options = f"cacert={folder}/ca.pem,cert={folder}/cert.pem,key={folder}/key.pem"
    words = ["--driver", "remote", "--driver-opt", options, environment["BUILDKIT_HOST"]]
    assert create == ["buildx", "create", "--name", "station", *words]
