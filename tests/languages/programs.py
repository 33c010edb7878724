"""What a person comes to who follows docs/languages.md from an empty folder: in every language the same."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import docker

from bootstrap import engine
from bootstrap.layout import layout
from tests.languages.consumer import Consumer
from tests.languages.guide import guide

PREFIX = {"go": "go", "python": "py", "typescript": "ts", "yaml": "yaml"}
"""What the names of a language's daemon and runner begin with."""

CONSENT = re.compile(r'"?accept_?privileged"?: ?(pulumi\.BoolRef\(true\)|true|True),?\s*', re.IGNORECASE)
"""The word of consent, as each language writes it."""


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What was said and seen on the way."""

    token: str
    refused: str
    """What a program without the word of consent was told; empty if it was not refused."""
    left_by_refused: list[str]
    first_up: str
    running: dict[str, str]
    """The containers' states: health where they have it."""
    second_up: str
    exported: str
    left: list[str]
    """What is still there after all."""


def _client() -> docker.DockerClient:
    found = engine.recorded(layout())
    assert found is not None, "no engine is recorded; `make machine` records one"
    return found.client()


def _left(client: docker.DockerClient, prefix: str) -> list[str]:
    """Every container, volume and network of the program."""
    containers = [each.name for each in client.containers.list(all=True, ignore_removed=True)]
    volumes = [each.name for each in client.volumes.list()]
    networks = [each.name for each in client.networks.list()]
    parts = (f"{prefix}-dind", f"{prefix}-runner")
    return sorted(name for name in (*containers, *volumes, *networks) if name and name.startswith(parts))


def _states(client: docker.DockerClient, prefix: str) -> dict[str, str]:
    states = {part: client.containers.get(f"{prefix}-{part}").attrs["State"] for part in ("dind", "runner")}
    return {part: str(state.get("Health", state)["Status"]) for part, state in states.items()}


def follow(language: str, directory: Path) -> Followed:
    """Follow the page, try a second `pulumi up`, and destroy everything, however far it came."""
    client = _client()
    page, prefix, token = guide(language), PREFIX[language], f"glrt-{secrets.token_hex(10)}"
    person = Consumer.at(directory, page, token=token)
    *first, last = page.commands
    try:
        for command in first:
            person.type(command)
        with person.without(CONSENT):
            done = person.attempt(last)
        left_by_refused = _left(client, prefix)
        first_up = person.type(last)
        running = _states(client, prefix)
        second_up = person.type("pulumi up --expect-no-changes")
        exported = person.type("pulumi stack export")
    finally:
        person.type("pulumi destroy")
    return Followed(
        token=token,
        refused=done.stdout if done.returncode else "",
        left_by_refused=left_by_refused,
        first_up=first_up,
        running=running,
        second_up=second_up,
        exported=exported,
        left=_left(client, prefix),
    )
