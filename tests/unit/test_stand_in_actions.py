"""The stand-ins for actions: what their scripts do, and that they refuse what they do not know."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ACTIONS = Path(__file__).parents[2] / "bootstrap" / "actions"
TOKEN = "ghs_" + "secret" * 8
COMMITTER = ["-c", "user.name=Mona", "-c", "user.email=mona@example.com"]


def run(action: str, environment: Mapping[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the one step of an action; its inputs are in the environment already."""
    (step,) = YAML(typ="safe").load((ACTIONS / action / "action.yml").read_text())["runs"]["steps"]
    assert set(step["env"]) <= set(environment)
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment}
    return subprocess.run(words, env=plain, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def server(tmp_path: Path) -> tuple[Path, str]:
    """A folder that serves Octo-Org/App, and the one commit there."""
    project = tmp_path / "server" / "Octo-Org" / "App"
    project.mkdir(parents=True)
    (project / "Dockerfile").write_text("FROM scratch\n")
    for words in (["init", "--quiet"], ["add", "."], [*COMMITTER, "commit", "--quiet", "--message=One"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True
    )
    return tmp_path / "server", head.stdout.strip()


def checkout(server: tuple[Path, str], workspace: Path, persist: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        "TOKEN": TOKEN,
        "PERSIST": persist,
        "GITHUB_SERVER_URL": f"file://{server[0]}",
        "GITHUB_REPOSITORY": "Octo-Org/App",
        "GITHUB_SHA": server[1],
        "GITHUB_WORKSPACE": str(workspace),
    }
    return run("actions/checkout", environment, workspace)


def test_checkout_brings_the_commit_in_the_place_of_what_was_there_and_leaves_no_token(
    server: tuple[Path, str], tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "left-over").write_text("of an earlier job")

    done = checkout(server, workspace, "false")

    assert done.returncode == 0, done.stderr
    assert (workspace / "Dockerfile").read_text() == "FROM scratch\n"
    assert not (workspace / "left-over").exists()
    files = [file.read_bytes() for file in workspace.rglob("*") if file.is_file()]
    assert files != []
    assert not any(b"AUTHORIZATION" in text.upper() or TOKEN.encode() in text for text in files)
    assert TOKEN not in done.stdout + done.stderr


def test_checkout_refuses_to_leave_the_token_behind(server: tuple[Path, str], tmp_path: Path) -> None:
    done = checkout(server, tmp_path, "true")

    assert done.returncode != 0
    assert "persist-credentials: false" in done.stdout


def named(tags: str, ref: str, folder: Path, flavor: str = "latest=false") -> tuple[int, list[str]]:
    """The names that the stand-in for docker/metadata-action gives an image, and how it ended."""
    output = folder / "output"
    output.touch()
    environment = {
        "IMAGES": "ghcr.io/Octo-Org/App",
        "TAGS": tags,
        "FLAVOR": flavor,
        "GITHUB_REF": ref,
        "GITHUB_SHA": "0" * 40,
        "GITHUB_OUTPUT": str(output),
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "Octo-Org/App",
    }
    done = run("docker/metadata-action", environment, folder)
    _, _, rest = output.read_text().partition("tags<<END_OF_TAGS\n")
    return done.returncode, rest.partition("END_OF_TAGS\n")[0].splitlines()


@pytest.mark.parametrize(
    ("ref", "tag"),
    [
        ("refs/heads/main", "main"),
        ("refs/heads/Feature/New_Login.2", "Feature-New_Login.2"),
        ("refs/tags/v1.2.3", "v1.2.3"),
    ],
)
def test_an_image_is_named_by_commit_and_by_branch_or_tag(ref: str, tag: str, tmp_path: Path) -> None:
    tags = "type=sha,format=long,prefix=\ntype=ref,event=branch\ntype=ref,event=tag\n"

    assert named(tags, ref, tmp_path) == (
        0,
        [f"ghcr.io/octo-org/app:{'0' * 40}", f"ghcr.io/octo-org/app:{tag}"],
    )


@pytest.mark.parametrize(("tags", "flavor"), [("type=semver", "latest=false"), ("type=ref,event=branch", "")])
def test_what_the_stand_in_does_not_know_is_an_error(tags: str, flavor: str, tmp_path: Path) -> None:
    assert named(tags, "refs/heads/main", tmp_path, flavor) == (1, [])
