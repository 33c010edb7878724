"""How Kaniko builds in a job: plain values, checked before anything is created, and the flags that say them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from ci_runners.connection import SOCKET
from ci_runners.images import KANIKO
from ci_runners.problems import Problem
from ci_runners.render.shared_rules import label_problems, socket_problems, tag_problems
from ci_runners.validate import Rules

ARCHIVED = "gcr.io/kaniko-project/"
"""Where Google's own images lie, which get no more fixes."""
WITH_SHELL = "-debug"
"""How the tags of Kaniko's images with a shell end (osscontainertools/kaniko, README, Debug Image)."""

_DURATION = re.compile(r"[1-9][0-9]*[hm]")
_PATH = re.compile(r"(?:/[a-z0-9._-]+)*")
_ONE_WORD = re.compile(r"[a-zA-Z0-9.:/_-]+")
"""What a shell leaves as it is."""


class SnapshotMode(str, Enum):
    """By what Kaniko finds the files that a command has changed (osscontainertools/kaniko, README, --snapshot-mode)."""

    FULL = "full"
    """Every file's content."""
    REDO = "redo"
    """Time, size, mode, owner: about half the time of `full`."""
    TIME = "time"
    """Time alone: misses what a command changes within one second, or with a time of its own choice."""


@dataclass(frozen=True, kw_only=True)
class KanikoSpec:
    """Everything about building with Kaniko that is known before a runner exists."""

    image: str = KANIKO
    socket: str = SOCKET
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    cache_repository: str | None = None
    cache_ttl: str = "168h"
    snapshot_mode: SnapshotMode = SnapshotMode.FULL
    compressed_caching: bool = False
    tags: tuple[str, ...] = ("kaniko",)
    labels: dict[str, str] = field(default_factory=dict)


def kaniko_problems(name: str, spec: KanikoSpec) -> list[Problem]:
    """Everything that is wrong with Kaniko's arguments."""
    rules = Rules(component=f"Kaniko {name!r}")
    return [
        *rules.docker_name("name", name),
        *_image(spec.image, rules),
        *socket_problems(rules, spec.socket),
        *_registries(spec, rules),
        *_cache(spec, rules),
        *tag_problems(rules, spec.tags),
        *label_problems(rules, spec.labels),
    ]


def _image(image: str, rules: Rules) -> Iterator[Problem]:
    if image.startswith(ARCHIVED):
        yield rules.problem(
            "image",
            image,
            "a maintained Kaniko: Google archived its project on 2025-06-03",
            f"use its maintained fork, ghcr.io/osscontainertools/kaniko, like {KANIKO}",
        )
        return
    wrong = list(rules.image("image", image))
    yield from wrong
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    # An image that is named by its digest alone does not say what is in it.
    if not wrong and not tag.endswith(WITH_SHELL) and (tag or not digest):
        yield rules.problem(
            "image",
            image,
            f"an image with a shell, its tag ending in {WITH_SHELL}: GitLab runs a job's script in one",
            f"use the {WITH_SHELL} image of that version, like {KANIKO}; or name your own by its digest alone",
        )


def _registries(spec: KanikoSpec, rules: Rules) -> Iterator[Problem]:
    for index, mirror in enumerate(spec.registry_mirrors):
        at = f"registry_mirrors[{index}]"
        _, host, path = _parts(mirror)
        # Asked as a URL first: that rule does not show a password that stands in one.
        wrong = list(rules.url(at, mirror if "://" in mirror else f"https://{mirror}"))
        yield from wrong
        if not wrong and (any(rules.registry_host(at, host)) or not _PATH.fullmatch(path)):
            yield rules.problem(
                at,
                mirror,
                "host[:port][/path], or an http:// or https:// URL of one",
                "write it like https://mirror.example.com",
            )
    yield from rules.each("insecure_registries", spec.insecure_registries, "registry_host")
    for listed in ("registry_mirrors", "insecure_registries"):
        yield from rules.no_repeats(listed, getattr(spec, listed))


def _cache(spec: KanikoSpec, rules: Rules) -> Iterator[Problem]:
    repository = spec.cache_repository
    if repository is not None and (
        not _ONE_WORD.fullmatch(repository) or any(rules.image("cache_repository", f"{repository}:tag"))
    ):
        yield rules.problem(
            "cache_repository",
            repository,
            "registry and path in lower case, without a tag: Kaniko's own keys are the tags",
            "write it like registry.example.com/team/cache",
        )
    if not _DURATION.fullmatch(spec.cache_ttl):
        yield rules.problem("cache_ttl", spec.cache_ttl, "hours or minutes", "write it like 168h or 90m")


def flags(spec: KanikoSpec) -> list[str]:
    """Kaniko's flags, each one word without anything that a shell would read (osscontainertools/kaniko, README).

    There is always a layer cache: without a daemon a registry is the only place that keeps layers from job to job.
    Where no repository is named, Kaniko itself takes the image's own with `/cache` after it.
    """
    mirrors = [_parts(mirror) for mirror in spec.registry_mirrors]
    # What dockerd calls insecure takes two flags: plain HTTP, and TLS that nobody vouches for.
    plain = dict.fromkeys(
        [*(host for scheme, host, _ in mirrors if scheme == "http"), *spec.insecure_registries]
    )
    return [
        "--cache=true",
        *([f"--cache-repo={spec.cache_repository}"] if spec.cache_repository is not None else []),
        f"--cache-ttl={spec.cache_ttl}",
        # Kaniko would take base images from files in /cache, which in a job is a volume that other jobs write.
        "--cache-dir=",
        f"--compressed-caching={str(spec.compressed_caching).lower()}",
        f"--snapshot-mode={spec.snapshot_mode.value}",
        *(f"--registry-mirror={host}{path}" for _, host, path in mirrors),
        *(f"--insecure-registry={host}" for host in plain),
        *(f"--skip-tls-verify-registry={host}" for host in spec.insecure_registries),
    ]


def _parts(mirror: str) -> tuple[str, str, str]:
    """Scheme, `host[:port]` and path of a mirror; each may be empty."""
    scheme, _, rest = mirror.rpartition("://")
    host, slash, path = rest.rstrip("/").partition("/")
    return scheme, host, slash + path
