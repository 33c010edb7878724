"""Real previews: stacks that are brought up on the real engine once, and what Pulumi says of changes to each.

`python -m tests.prove.preview_stacks` records them for the unit tests; a preview changes nothing, so that many of them
are asked of one stack.
"""

import contextlib
import copy
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import yaml

from tests.e2e.accounts import (
    GitLabAccount,
    github_credential,
    github_image,
    github_repository,
    gitlab_account,
    gitlab_project,
)
from tests.e2e.github_forge import api, token
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.stations import FILES, shared_settings, station
from tests.prove.preview_changes import CHANGES, PLAIN, PLAIN_CHANGES, Change, plain_settings

RECORDED = Path(__file__).parents[1] / "unit" / "previews"
SOCKET = "/var/run/docker.sock"
LONG, SHOWN = 300, 80
"""Characters of a text that is shortened, and of what stays."""
KEPT = {
    "custom",
    "delete",
    "dependencies",
    "id",
    "inputs",
    "pendingReplacement",
    "protect",
    "replacementTrigger",
    "retainOnDelete",
    "urn",
}
"""What a recording keeps of a resource's state."""


def preview(cli: PulumiCli, *words: str) -> str:
    """What a preview writes, the CLI's warnings included; it may end with an error."""
    return cli.attempt(*(words or ("preview",)), "--json").stdout


def recorded(said: str) -> str:
    """A preview as it is kept: without what names this machine, and without what nobody reads."""
    plain = json.loads(said[said.index("{\n") :].replace(_socket(), SOCKET))
    for step in plain["steps"]:
        kept = set() if step["op"] == "refresh" else KEPT
        for state in ("oldState", "newState"):
            if step.get(state):
                step[state] = {key: _short(value) for key, value in step[state].items() if key in kept}
        step.pop("provider", None)
    plain["diagnostics"] = [each for each in plain["diagnostics"] if each["severity"] == "error"]
    plain.pop("duration", None)
    return json.dumps(plain, indent=1, sort_keys=True) + "\n"


def _short(value: Any) -> Any:  # noqa: ANN401  any JSON
    """The same, but of a long text its beginning and what tells it from another one."""
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    if isinstance(value, str) and len(value) > LONG:
        return f"{value[:SHOWN]}... ({hashlib.sha256(value.encode()).hexdigest()[:12]})"
    return value


def _socket() -> str:
    return os.environ["DOCKER_HOST"].removeprefix("unix://")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that is up, and how to tell it another configuration."""

    cli: PulumiCli
    engine: docker.DockerClient
    write: Callable[[dict[str, Any]], None]
    settings: dict[str, Any]

    def previews(self, changes: Mapping[str, Change]) -> Iterator[tuple[str, str]]:
        """The name of each change, and what a preview of it says."""
        for name, change in changes.items():
            declared = copy.deepcopy(self.settings)
            change.declare(declared)
            if change.first is not None:
                before = copy.deepcopy(self.settings)
                change.first(before)
                self.write(before)
                self.cli.up()
            self.write(declared)
            with change.by_hand(self.engine):
                yield name, preview(self.cli, *change.words)
            if change.first is not None:
                self.write(self.settings)
                self.cli.up()


@contextlib.contextmanager
def _station(settings: dict[str, Any], plain: dict[str, str], secrets: dict[str, str]) -> Iterator[Stack]:
    """The root program with these settings; a change may give its secret another value."""
    with tempfile.TemporaryDirectory() as folder, station(Path(folder), settings["name"]) as one:
        one.configure(settings, plain, secrets)
        file = one.cli.directory / "Pulumi.dev.yaml"
        first = yaml.safe_load(file.read_text())["config"]

        def write(declared: dict[str, Any]) -> None:
            said = dict(declared)
            document = yaml.safe_load(file.read_text())
            renewed = said.pop("renewed", {})
            document["config"] = {**first, **plain, "ci-runners:station": said}
            file.write_text(yaml.safe_dump(document))
            if renewed:
                one.configure(said, plain, renewed)

        yield Stack(cli=one.cli, engine=one.engine, write=write, settings=settings)
        write(settings)
        one.cli.run("destroy", "--yes", "--skip-preview")


@contextlib.contextmanager
def gitlab_stack(name: str, way: str) -> Iterator[Stack]:
    """A station on GitLab."""
    account: GitLabAccount = gitlab_account()
    with gitlab_project(account, name, FILES) as project:
        settings = {
            **shared_settings(name, way),
            "keep_caches": True,
            "preflight": False,
            "gitlab": {"url": account.url},
            "project": {
                "project": project.path_with_namespace,
                "registration": {},
                "variables": [{"key": "GREETING", "value": "hello"}],
                "secret_variables": [{"key": "DEPLOY_TOKEN"}],
                "protected_branches": [{"branch": "main"}],
                "pipeline_file": {"branch": "main"},
            },
            "runner": {"pull_policies": ["if-not-present"]},
            "pipeline": {"image_name": account.image(name)},
        }
        settings["dood"]["socket_proxy"] = True
        plain = {"gitlab:baseUrl": f"{account.url}/api/v4/"}
        secrets = {"gitlab:token": account.token, "ci-runners:secrets.DEPLOY_TOKEN": "the-first-deploy-token"}
        with _station(settings, plain, secrets) as stack:
            yield stack


@contextlib.contextmanager
def github_stack(name: str) -> Iterator[Stack]:
    """A station on GitHub."""
    with github_repository(name, FILES) as project:
        settings = {
            **shared_settings(name, "dind"),
            "preflight": False,
            "github": {},
            "github_runner": {"concurrent": 2},
            "repository": {
                "repository": project.name,
                "variables": {"GREETING": "hello"},
                "secrets": ["DEPLOY_TOKEN"],
                "workflow_file": {"branch": "main"},
            },
            "workflow": {"image_name": github_image(project), "login": False},
        }
        plain = {"github:baseUrl": f"{api()}/", "github:owner": project.organization.login}
        secrets = {
            "github:token": token(),
            "ci-runners:github_token": github_credential(project),
            "ci-runners:secrets.DEPLOY_TOKEN": "the-first-deploy-token",
        }
        with _station(settings, plain, secrets) as stack:
            yield stack


@contextlib.contextmanager
def plain_stack(name: str) -> Iterator[Stack]:
    """Containers that are none of ours: a program over the provider's own resources."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(docker.from_env()) as engine:
        cli = PulumiCli.on_machine(Path(folder), name=name, program=PLAIN)

        def write(declared: dict[str, Any]) -> None:
            (cli.directory / "given.json").write_text(json.dumps(declared))

        settings = plain_settings(_socket())
        try:
            yield Stack(cli=cli, engine=engine, write=write, settings=settings)
        finally:
            write(settings)
            cli.run("destroy", "--yes", "--skip-preview")


@dataclass(frozen=True, kw_only=True)
class Base:
    """A stack, and what is asked of it."""

    make: Callable[[], contextlib.AbstractContextManager[Stack]]
    changes: Mapping[str, Change] = field(repr=False)

    def previews(self) -> Iterator[tuple[str, str]]:
        """Every change's name and preview; the first of them is asked before there is anything."""
        with self.make() as stack:
            stack.write(stack.settings)
            yield "first", preview(stack.cli)
            stack.cli.up()
            yield from stack.previews(self.changes)


BASES = {
    "dind": Base(make=lambda: gitlab_stack("explain-dind", "dind"), changes=CHANGES["dind"]),
    "dood": Base(make=lambda: gitlab_stack("explain-dood", "dood"), changes=CHANGES["dood"]),
    "buildkit": Base(make=lambda: gitlab_stack("explain-buildkit", "buildkit"), changes=CHANGES["buildkit"]),
    "github": Base(make=lambda: github_stack("explain-github"), changes=CHANGES["github"]),
    "plain": Base(make=lambda: plain_stack("explain-plain"), changes=PLAIN_CHANGES),
}


def main(names: list[str]) -> None:
    """Record the previews of some stacks, or of all."""
    RECORDED.mkdir(exist_ok=True)
    for base in names or list(BASES):
        for name, said in BASES[base].previews():
            (RECORDED / f"{base}-{name}.json").write_text(recorded(said))
            sys.stdout.write(f"{base}-{name}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
