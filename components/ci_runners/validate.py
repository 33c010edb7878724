"""Small rules that several components share. Each says what is wrong with one value, or nothing."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ci_runners.problems import Problem

_DOCKER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_HOST_NAME = re.compile(
    r"(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
_SIZE = re.compile(r"[1-9][0-9]*(B|KB|MB|GB|TB|b|k|m|g)")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")


LEAST_CPUS = 0.01
"""The kernel takes no smaller share of a CPU than 1 ms in 100 (Docker docs, Resource constraints)."""
MOST_PORT = 65535
SMALLEST_POOL = 20


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules, for the fields of one component."""

    component: str

    def problem(self, field: str, value: object, expected: str, fix: str) -> Problem:
        """What is wrong with one field of this component."""
        return Problem(component=self.component, field=field, value=value, expected=expected, fix=fix)

    def at_least(self, field: str, value: float | None, least: float, unit: str) -> Iterator[Problem]:
        """A number of some unit, not below `least`; None is no value."""
        if value is not None and value < least:
            yield self.problem(
                field, value, f"at least {least} {unit}", f"raise it to {least} {unit} or more"
            )

    def within(self, field: str, value: int | None, least: int, most: int, why: str) -> Iterator[Problem]:
        """A whole number in a range."""
        if value is not None and not least <= value <= most:
            yield self.problem(field, value, f"{least} to {most}", why)

    def url(self, field: str, value: str) -> Iterator[Problem]:
        """An http or https URL with a host."""
        parts = _url_parts(value)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            yield self.problem(
                field, value, "an http:// or https:// URL", "write it like https://gitlab.example.com"
            )
        elif parts.username or parts.password:
            yield self.problem(
                field, f"{parts.scheme}://...@{parts.hostname}", "a URL without credentials", "remove them"
            )

    def registry_host(self, field: str, value: str) -> Iterator[Problem]:
        """`host` or `host:port`, as daemon.json's insecure-registries wants it (Docker docs, dockerd)."""
        host, _, port = value.partition(":")
        good = "/" not in value and (_is_address(host) or _HOST_NAME.fullmatch(host))
        if not good or (":" in value and not _is_port(port)):
            yield self.problem(
                field, value, "host or host:port, without a scheme", "write it like registry.example.com:5000"
            )

    def address(self, field: str, value: str) -> Iterator[Problem]:
        """An IP address."""
        if not _is_address(value):
            yield self.problem(field, value, "an IP address", "write it like 10.0.0.2")

    def address_pool(self, field: str, value: str) -> Iterator[Problem]:
        """A private IPv4 network with room for sixteen networks of /24 or more."""
        try:
            network = ipaddress.IPv4Network(value)
            good = network.is_private and network.prefixlen <= SMALLEST_POOL
        except ValueError:
            good = False
        if not good:
            expected = f"a private IPv4 network of /{SMALLEST_POOL} or larger"
            yield self.problem(field, value, expected, "write it like 10.223.0.0/16")

    def extra_host(self, field: str, value: str) -> Iterator[Problem]:
        """`name:address` or `name:host-gateway` (Docker docs, docker run --add-host)."""
        name, _, address = value.partition(":")
        if not _HOST_NAME.fullmatch(name) or not (address == "host-gateway" or _is_address(address)):
            yield self.problem(field, value, "name:address", "write it like gitlab.example.com:10.0.0.2")

    def host_name(self, field: str, value: str) -> Iterator[Problem]:
        """A DNS name. An address is none: a certificate that names it as a host does not cover it."""
        if not _HOST_NAME.fullmatch(value) or _is_address(value):
            yield self.problem(field, value, "a host name", "use letters, digits, hyphens and dots")

    def listen_address(self, field: str, value: str) -> Iterator[Problem]:
        """`host:port` or `:port`, as Go's net.Listen wants it."""
        host, colon, port = value.rpartition(":")
        inner = host[1:-1] if host.startswith("[") and host.endswith("]") else ""
        if not (colon and _is_port(port)) or not (
            host == "" or _HOST_NAME.fullmatch(host) or _is_address(inner)
        ):
            yield self.problem(field, value, "host:port or :port", "write it like :9252")

    def docker_name(self, field: str, value: str) -> Iterator[Problem]:
        """A name that Docker accepts for containers, volumes and networks."""
        if not _DOCKER_NAME.fullmatch(value):
            yield self.problem(field, value, "two or more of letters, digits, _ . -", "choose another name")

    def size(self, field: str, value: str | None) -> Iterator[Problem]:
        """A size with its unit, as Docker writes them."""
        if value is not None and not _SIZE.fullmatch(value):
            yield self.problem(field, value, "a size with its unit", "write it like 20GB or 10m")

    def image(self, field: str, value: str) -> Iterator[Problem]:
        """An image with a tag or a digest; a floating `latest` is refused, since it changes between two `up`s."""
        name, _, digest = value.partition("@")
        path, colon, tag = name.rpartition(":")
        if not colon or "/" in tag:
            path, tag = name, ""
        host, slash, rest = path.partition("/")
        is_host = slash and ("." in host or ":" in host or host == "localhost")
        bad_host = is_host and any(self.registry_host(field, host))
        bad_path = not _PATH.fullmatch(rest if is_host else path)
        if bad_host or bad_path or (digest and not _DIGEST.fullmatch(digest)):
            yield self.problem(
                field, value, "an image reference", "write it like registry.example.com/team/image:1.2.3"
            )
        elif not digest and (not _TAG.fullmatch(tag) or tag == "latest"):
            yield self.problem(
                field, value, "an image with a fixed tag or digest", "add a tag like :1.2.3, not :latest"
            )

    def each(self, field: str, values: Iterable[str], rule: str) -> Iterator[Problem]:
        """One rule for every item of a list; the field gets the item's position."""
        for index, value in enumerate(values):
            yield from getattr(self, rule)(f"{field}[{index}]", value)

    def no_repeats(self, field: str, values: tuple[str, ...]) -> Iterator[Problem]:
        """Every item once."""
        for value in sorted({value for value in values if values.count(value) > 1}):
            yield self.problem(field, value, "every item once", "remove the second one")


def _url_parts(value: str) -> SplitResult | None:
    """The parts of a URL whose port, if any, is one; None for what is no URL."""
    try:
        parts = urlsplit(value)
        return None if re.search(r"\s", value) or parts.port == 0 else parts
    except ValueError:
        return None


def _is_port(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,5}", value) is not None and 0 < int(value) <= MOST_PORT


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True
