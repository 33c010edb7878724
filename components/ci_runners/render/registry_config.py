"""config.yml of a registry that is a pull-through cache (distribution docs, Configuration and Mirror)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from shlex import quote
from urllib.parse import urlsplit

import yaml

from ci_runners.images import REGISTRY
from ci_runners.problems import Problem
from ci_runners.render.shared_rules import label_problems, limit_problems, network_problems
from ci_runners.validate import Rules

PORT = 5000
"""The registry's own default."""
DATA = "/var/lib/registry"
"""The volume of the official image."""
DOCKER_HUB = "https://registry-1.docker.io"
"""Docker Hub's registry: the only one for which dockerd asks a mirror (Docker docs, dockerd, registry-mirrors)."""
LEAST_MEMORY = 64
"""MiB below which the registry does not fit."""
DRAIN_SECONDS = 30
"""How long pulls get to end when the registry is stopped."""
KEPT = "168h"
"""How long version 2 keeps what it has fetched, whatever its configuration says (registry/proxy,
proxymanifeststore.go); what version 3 does without `proxy.ttl`."""

_DURATION = re.compile(r"(?=.)(?:\d+h)?(?:\d+m)?(?:\d+s)?")
_VERSION_2 = re.compile(r"[^@]*:v?2(?:[.@-].*)?")
_NO_REGISTRY = frozenset({"docker.io", "hub.docker.com", "index.docker.io", "www.docker.com"})
"""Names of Docker Hub that are not its registry's."""


class RegistryLogLevel(str, Enum):
    """Levels of the registry's log (distribution docs, Configuration, log)."""

    ERROR = "error"
    """What is wrong."""
    WARN = "warn"
    """What may be wrong too."""
    INFO = "info"
    """What happens, such as every request."""
    DEBUG = "debug"
    """Everything, for looking for a fault."""


@dataclass(frozen=True, kw_only=True)
class RegistryMirrorSpec:
    """Everything about a mirror that is known before it exists; the password may not be, and is apart."""

    remote_url: str = DOCKER_HUB
    username: str | None = None
    ttl: str = KEPT
    image: str = REGISTRY
    memory: int = 256
    networks: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    log_level: RegistryLogLevel = RegistryLogLevel.INFO
    protect_data: bool = False
    retain_data: bool = False


def mirror_problems(name: str, spec: RegistryMirrorSpec, *, has_password: bool) -> list[Problem]:
    """Everything that is wrong with a mirror's arguments, but for the password itself."""
    rules = Rules(component=f"RegistryMirror {name!r}")
    return [
        *rules.docker_name("name", name),
        *rules.host_name("name", name),
        *rules.image("image", spec.image),
        *limit_problems(rules, memory=spec.memory, memory_swap=None, cpus=None, least_memory=LEAST_MEMORY),
        *network_problems(rules, name=name, networks=spec.networks, extra_hosts=spec.extra_hosts),
        *label_problems(rules, spec.labels),
        *_remote_url(spec.remote_url, rules),
        *_credentials(spec, rules, has_password=has_password),
        *_ttl(spec, rules),
    ]


def password_problems(name: str, password: str) -> Iterator[Problem]:
    """What is wrong with the password, once it is known."""
    if not password:
        found = Rules(component=f"RegistryMirror {name!r}").problem(
            "password",
            password,
            "the password or access token of `username`",
            "leave both out for no account",
        )
        yield replace(found, secret=True)


def _remote_url(value: str, rules: Rules) -> Iterator[Problem]:
    wrong = list(rules.url("remote_url", value))
    yield from wrong
    if wrong:
        return
    parts = urlsplit(value)
    if parts.hostname in _NO_REGISTRY:
        expected = "the address of a registry: Docker Hub's is another one"
        yield rules.problem("remote_url", value, expected, f"write {DOCKER_HUB}")
    if parts.path or parts.query or parts.fragment:
        expected = "scheme, host and port alone: a registry's API is at the root (distribution docs, Mirror)"
        yield rules.problem("remote_url", value, expected, f"write {parts.scheme}://{parts.netloc}")


def _credentials(spec: RegistryMirrorSpec, rules: Rules, *, has_password: bool) -> Iterator[Problem]:
    if spec.username == "":
        yield rules.problem("username", spec.username, "the name of an account", "leave it out for none")
    elif spec.username is not None and not has_password:
        yield rules.problem("password", None, "the password of `username`", "give both, or neither")
    elif spec.username is None and has_password:
        yield rules.problem("username", None, "the account of `password`", "give both, or neither")


def _ttl(spec: RegistryMirrorSpec, rules: Rules) -> Iterator[Problem]:
    if not _DURATION.fullmatch(spec.ttl):
        expected = "a time in Go's form: hours, minutes, seconds"
        yield rules.problem("ttl", spec.ttl, expected, "write it like 720h, or 0s to keep everything")
    elif spec.ttl != KEPT and _VERSION_2.fullmatch(spec.image):
        expected = (
            f"{KEPT}: version 2 of the registry keeps what it fetched for that long and reads no other time"
        )
        yield rules.problem(
            "ttl", spec.ttl, expected, "set image to a release of registry:3, or leave ttl out"
        )


def render_registry_config(spec: RegistryMirrorSpec, *, password: str | None) -> str:
    """Render config.yml. With a password it is a secret: keep it as one."""
    proxy: dict[str, str | None] = {
        "remoteurl": spec.remote_url,
        "username": spec.username,
        "password": password,
        "ttl": None if spec.ttl == KEPT else spec.ttl,
    }
    document = {
        "version": 0.1,
        "log": {"level": spec.log_level.value},
        "storage": {
            "filesystem": {"rootdirectory": DATA},
            "cache": {"blobdescriptor": "inmemory"},
            # What has expired is deleted only where deleting is allowed; clients cannot delete from a cache.
            "delete": {"enabled": True},
        },
        "http": {"addr": f":{PORT}", "draintimeout": f"{DRAIN_SECONDS}s"},
        # Where the storage fails, every request does, the health check's too.
        "health": {"storagedriver": {"enabled": True}},
        "proxy": {key: value for key, value in proxy.items() if value is not None},
    }
    return yaml.safe_dump(document, sort_keys=False)


def mirror_ready_test() -> list[str]:
    """The health check: the registry answers. busybox's wget in the official image, bash where an image has none."""
    ask = f"wget -q -O /dev/null http://127.0.0.1:{PORT}/v2/"
    by_hand = (
        f"exec 3<>/dev/tcp/127.0.0.1/{PORT}; printf 'GET /v2/ HTTP/1.0\\r\\n\\r\\n' >&3;"
        ' read -r _ code _ <&3; test "$code" = 200'
    )
    return ["CMD-SHELL", f"{ask} || bash -c {quote(by_hand)}"]
