"""The templates of examples/pull-request-*, each in a repository of its own, run by act or by gitlab-ci-local.

Steps and scripts run right on this machine, with its Pulumi and its Python: the images and the actions that would bring
them are not reached from here.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli

ACTIONS = REPOSITORY / "tests" / "e2e" / "preview_actions"
"""Stand-ins for the actions that the workflow uses."""
WORKFLOW = ".github/workflows/preview.yml"
STACK = "prod"
PASSPHRASE = "a-passphrase-of-the-real-stack"
SECRET = "glrt-a-real-secret-of-the-stack"
TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run's end."""

    code: int
    shown: str


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A template in a repository, with a stack in a backend beside it."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def backend(self) -> str:
        return f"file://{self.folder / 'stacks'}"

    @property
    def program(self) -> Path:
        return self.source / "__main__.py"

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=tests", "-c", "user.email=tests@example.com")
        ran = subprocess.run(
            ["git", *who, *words], cwd=self.source, capture_output=True, text=True, check=True
        )
        return ran.stdout.strip()

    def commit(self) -> str:
        """Commit everything; returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=Change it")
        return self.git("rev-parse", "HEAD")

    def change(self, old: str, new: str) -> str:
        """Change a text in the program, and commit; returns the commit."""
        text = self.program.read_text()
        assert old in text
        self.program.write_text(text.replace(old, new))
        return self.commit()


def repository(folder: Path, template: str, remote: str, secret: str) -> Repository:
    """Take a template over, as its README says, and make its stack, with one secret by this key."""
    one = Repository(folder=folder)
    shutil.copytree(REPOSITORY / "examples" / template, one.source)
    pack = one.source / "policies"
    shutil.copytree(REPOSITORY / "policies", pack, ignore=shutil.ignore_patterns("__pycache__"))
    described = yaml.safe_load((pack / "PulumiPolicy.yaml").read_text()) | {"runtime": "python"}
    (pack / "PulumiPolicy.yaml").write_text(yaml.safe_dump(described))
    (folder / "stacks").mkdir()
    (folder / "home").mkdir()
    environment = {
        **_without(os.environ),
        "PULUMI_BACKEND_URL": one.backend,
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }
    cli = PulumiCli(directory=one.source, environment=environment)
    cli.run("stack", "init", STACK)
    cli.run("config", "set", "--secret", secret, SECRET)
    one.git("init", "--quiet", "--initial-branch=main")
    one.git("remote", "add", "origin", remote)
    one.git("config", "uploadpack.allowAnySHA1InWant", "true")
    return one


def _without(environment: Mapping[str, str]) -> dict[str, str]:
    """This machine's environment, but for what a job has only from its forge."""
    forge = ("CI_", "GITHUB_", "GITLAB_", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")
    return {name: value for name, value in environment.items() if not name.startswith(forge)}


def _run(words: list[str], folder: Path, **more: str) -> Ran:
    home = folder.parent / "home"
    ran = subprocess.run(
        words,
        cwd=folder,
        env={**_without(os.environ), "HOME": str(home), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert SECRET not in ran.stdout
    assert PASSPHRASE not in ran.stdout
    return Ran(code=ran.returncode, shown=ran.stdout)


def act(one: Repository, *, url: str, token: str, name: str, number: int, head: str, base: str) -> Ran:
    """Let act run the workflow for a pull request whose head is in the repository of this name."""
    (one.folder / "home" / ".config" / "act").mkdir(parents=True, exist_ok=True)
    (one.folder / "home" / ".config" / "act" / "actrc").touch()
    heads = {"sha": one.git("rev-parse", "HEAD"), "ref": "change", "repo": {"full_name": head}}
    request = {"number": number, "head": heads, "base": {"sha": base, "ref": "main"}}
    event = one.folder / "event.json"
    event.write_text(json.dumps({"number": number, "pull_request": request}))
    used = dict.fromkeys(re.findall(r"uses: (\S+)", (one.source / WORKFLOW).read_text()))
    given = {
        "GITHUB_API_URL": f"{url}/api/v3",
        "GITHUB_SERVER_URL": url,
        "STAND_IN_ARTIFACTS": str(one.folder / "artifacts"),
        "STAND_IN_REPOSITORY": str(one.source),
    }
    secrets = {"GITHUB_TOKEN": token}
    if head == name:
        secrets |= {"PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
    return _run(
        [
            *("act", "pull_request", f"--eventpath={event}", "--platform=ubuntu-24.04=-self-hosted"),
            *("--no-cache-server", "--no-skip-checkout", f"--action-cache-path={one.folder / 'act'}"),
            *(f"--local-repository={each}={ACTIONS / each.partition('@')[0]}" for each in used),
            *(f"--env={key}={value}" for key, value in given.items()),
            *(f"--secret={key}" for key in secrets),
            f"--var=PULUMI_BACKEND_URL={one.backend}",
        ],
        one.source,
        **secrets,
    )


def gitlab_ci_local(one: Repository, *, url: str, token: str, project: int, source: int, iid: int) -> Ran:
    """Let gitlab-ci-local run the pipeline for a merge request whose branch is in the project `source`.

    Variables have the scopes that the template's README gives them, and only the merge request's own project has them.
    """
    scoped = {"GITLAB_TOKEN": ("preview-comment", token), "PULUMI_CONFIG_PASSPHRASE": ("preview", PASSPHRASE)}
    scoped |= {"PULUMI_BACKEND_URL": ("preview", one.backend)}
    file = one.folder / "home" / ".gitlab-ci-local" / "variables.yml"
    file.parent.mkdir(exist_ok=True)
    known = {key: {"values": {scope: value}} for key, (scope, value) in scoped.items()}
    file.write_text(yaml.safe_dump({"global": known if source == project else {}}))
    predefined = {
        "CI_API_V4_URL": f"{url}/api/v4",
        "CI_MERGE_REQUEST_IID": str(iid),
        "CI_MERGE_REQUEST_PROJECT_ID": str(project),
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": str(source),
        "CI_PIPELINE_SOURCE": "merge_request_event",
    }
    home = f"--home={one.folder / 'home'}"
    return _run(
        [
            *("gitlab-ci-local", "--no-color", home, "--force-shell-executor", "--shell-isolation"),
            *(f"--variable={key}={value}" for key, value in predefined.items()),
        ],
        one.source,
    )
