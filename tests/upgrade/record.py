"""Records the states of this version: `python -m bootstrap run .machine/venv/bin/python -m tests.upgrade.record`.

It brings each program of the version's folder up on the real engine, keeps the stack's export and what the forge
answers to a preview, and destroys it. Names of programs record those alone. What names this machine, and the sandbox's
token, is replaced by what names none.
"""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from ci_runners import Connection, InvalidInput
from tests.e2e.accounts import gitlab_account, gitlab_project
from tests.e2e.github_forge import Organization
from tests.e2e.github_forge import token as github_token
from tests.e2e.pulumi_cli import PulumiCli
from tests.upgrade.forge import passing_on
from tests.upgrade.recordings import (
    DATA,
    GITHUB,
    GITLAB,
    OWNER,
    PROJECT,
    REGISTRY,
    SOCKET,
    TOKEN,
    Recorded,
    recorded,
    release,
)

PLACES = ("sourcePosition", "stackTrace")
ALREADY_THERE = 422
"""GitHub's answer for an organization that is there already; no call deletes one."""


@contextlib.contextmanager
def forge_side(kind: str) -> Iterator[tuple[str, str]]:
    """What the programs expect at their forge; gives its address and a token."""
    if kind == "gitlab":
        account = gitlab_account()
        with gitlab_project(account, PROJECT, {"README.md": "An application.\n"}):
            yield account.url, account.token
        return
    organization = Organization(login=OWNER)
    organization.call(
        "POST", "/admin/organizations", {"login": OWNER, "admin": "sandbox"}, also=ALREADY_THERE
    )
    organization.add("app")
    try:
        yield os.environ["CI_RUNNERS_GITHUB_URL"], github_token()
    finally:
        organization.call("DELETE", f"/repos/{OWNER}/app")


@dataclass(frozen=True, kw_only=True)
class Neutral:
    """What in a text names this machine, the sandbox or a token, each with what stands for it."""

    words: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, one: Recorded, *, upstream: str, proxy: str, token: str) -> "Neutral":
        forge = {"gitlab": GITLAB, "github": GITHUB}[one.forge]
        with contextlib.closing(docker.from_env()) as engine:
            data = engine.info()["DockerRootDir"]
        places = ((socket(), SOCKET), (data, DATA), (registry(), REGISTRY))
        bare = (upstream.partition("://")[2], forge.partition("://")[2])
        return cls(words=(*places, (upstream, forge), (proxy, forge), bare, (token, TOKEN)))

    def text(self, found: str) -> str:
        for word, other in self.words:
            found = found.replace(word, other)
        return found

    def state(self, found: str) -> str:
        """The same of an export, whose connections' digests follow them, without where in a program something was."""
        export = json.loads(self.text(found))
        for resource in export["deployment"]["resources"]:
            for place in PLACES:
                resource.pop(place, None)
        text = json.dumps(export)
        for connection in set(connections(json.loads(found))):
            digest = Connection.parse(connection).wiring_digest()
            text = text.replace(digest, Connection.parse(self.text(connection)).wiring_digest())
        return text


def connections(value: Any) -> Iterator[str]:  # noqa: ANN401  any JSON
    """Every connection in an export."""
    if isinstance(value, str):
        with contextlib.suppress(InvalidInput):
            Connection.parse(value)
            yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from connections(inner)


def registry() -> str:
    """One that the engine reaches, for a mirror of it."""
    return f"http://{os.environ['CI_RUNNERS_REGISTRY']}"


def socket() -> str:
    """The engine's, on its host."""
    return os.environ["DOCKER_HOST"].removeprefix("unix://")


def record(one: Recorded) -> None:
    """Bring a program up, keep what is to be kept, take it down."""
    with (
        tempfile.TemporaryDirectory() as folder,
        forge_side(one.forge) as (upstream, token),
        passing_on(upstream) as forge,
    ):
        cli = one.stack(Path(folder), forge, token=token)
        cli.run("config", "set", "socket", socket())
        cli.run("config", "set", "upstream", registry())
        try:
            cli.up()
            forge.answers.clear()
            cli.run("preview", "--expect-no-changes")
            neutral = Neutral.of(one, upstream=upstream, proxy=forge.url, token=token)
            one.answers.write_text(neutral.text(json.dumps(forge.answers, indent=1, sort_keys=True)) + "\n")
            keep(cli, one, neutral)
        finally:
            cli.run("destroy", "--yes", "--skip-preview")
            remove_what_was_retained()


def remove_what_was_retained() -> None:
    """Remove the volumes that a program keeps beyond its end."""
    with contextlib.closing(docker.from_env()) as engine:
        for volume in engine.volumes.list():
            if (volume.name or "").startswith("up-"):
                volume.remove()


def keep(cli: PulumiCli, one: Recorded, neutral: Neutral) -> None:
    """Write the stack's export as that of no machine; the stack itself stays as it is.

    A word is replaced in what is secret too, so the export is written in clear, changed, and encrypted by Pulumi again.
    """
    folder = cli.directory.parent
    before, clear = folder / "before.json", folder / "clear.json"
    cli.run("stack", "export", "--file", str(before))
    cli.run("stack", "export", "--show-secrets", "--file", str(clear))
    clear.write_text(neutral.state(clear.read_text()))
    cli.run("stack", "import", "--file", str(clear))
    cli.run("stack", "export", "--file", str(one.state))
    cli.run("stack", "import", "--file", str(before))


def main(names: list[str]) -> None:
    """Record some programs of this version, or all."""
    for one in recorded(release()):
        if not names or one.name in names:
            record(one)
            sys.stdout.write(f"{one.name}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
