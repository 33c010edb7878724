"""What a container may do beyond an ordinary one, by its inputs (CIS Docker Benchmark 1.6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Any

from ci_runners.policy.containers import ABOVE_SOCKET, DOCKERS_OWN, SOCKETS

_HOST_NAMESPACES = {
    "ipcMode": ("5.17", "the host's shared memory"),
    "networkMode": ("5.10", "the host's network"),
    "pidMode": ("5.16", "the host's processes"),
    "usernsMode": ("5.31", "the host's user ids, whatever the engine remaps"),
}
_LOOPBACK = ("127.", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One privilege."""

    cis: str
    words: str
    """What it is, after `it gets`."""

    implied: bool = False
    """Whether a privileged container has it anyway."""

    usual: bool = False
    """Whether a container that says nothing has it too."""


def grants(inputs: Mapping[str, Any]) -> set[Grant]:
    """Every privilege of a container."""
    return {
        *_flags(inputs),
        *_mounts(inputs),
        *_capabilities(inputs),
        *_options(inputs),
        *_devices_and_ports(inputs),
    }


def _flags(inputs: Mapping[str, Any]) -> Iterator[Grant]:
    if inputs.get("privileged") is True:
        yield Grant(cis="5.5", words="all privileges of root on its host (privileged)")
    for field, (cis, words) in _HOST_NAMESPACES.items():
        if inputs.get(field) == "host":
            yield Grant(cis=cis, words=words)


def _mounts(inputs: Mapping[str, Any]) -> Iterator[Grant]:
    sources = [each.get("hostPath") for each in _list(inputs, "volumes")]
    sources += [each.get("source") for each in _list(inputs, "mounts") if each.get("type") == "bind"]
    for source in filter(None, sources):
        path = normpath(str(source))
        if path.endswith(SOCKETS):
            words = f"the engine's socket ({path}), and with it the means to be root on its host"
            yield Grant(cis="5.32", words=words)
        elif path in ABOVE_SOCKET:
            yield Grant(cis="5.32", words=f"the host's folder {path}, in which the engine's socket lies")
        else:
            yield Grant(cis="5.6", words=f"the host's folder {path}")


def _capabilities(inputs: Mapping[str, Any]) -> Iterator[Grant]:
    given = inputs.get("capabilities")
    both = given if isinstance(given, Mapping) else {}
    added, dropped = (
        [name.upper().removeprefix("CAP_") for name in _texts(both.get(key))] for key in ("adds", "drops")
    )
    for name in added:
        yield Grant(cis="5.4", words=f"the capability CAP_{name}", implied=True, usual=name in DOCKERS_OWN)
    if "ALL" not in dropped:
        yield Grant(cis="5.4", words="the engine's usual set of capabilities", implied=True, usual=True)


def _options(inputs: Mapping[str, Any]) -> Iterator[Grant]:
    options = [each.replace("=", ":") for each in _texts(inputs.get("securityOpts"))]
    if "seccomp:unconfined" in options:
        yield Grant(cis="5.22", words="every system call (seccomp=unconfined)", implied=True)
    if "apparmor:unconfined" in options:
        yield Grant(cis="5.2", words="freedom from AppArmor (apparmor=unconfined)", implied=True)
    if "systempaths:unconfined" in options:
        yield Grant(cis="", words="the whole of /proc and /sys (systempaths=unconfined)", implied=True)
    if not {"no-new-privileges:true", "no-new-privileges"} & {*options}:
        yield Grant(
            cis="5.26",
            words="the right to gain privileges (no-new-privileges is not set)",
            implied=True,
            usual=True,
        )


def _devices_and_ports(inputs: Mapping[str, Any]) -> Iterator[Grant]:
    for each in _list(inputs, "devices"):
        yield Grant(cis="5.18", words=f"the host's device {each.get('hostPath')}", implied=True)
    for each in _list(inputs, "ports"):
        address = str(each.get("ip") or "0.0.0.0")  # noqa: S104  what the engine takes where nothing is said
        if not address.startswith(_LOOPBACK):
            outside = each.get("external") or "any"
            yield Grant(
                cis="5.14", words=f"a port to the outside: {address}:{outside} to its {each.get('internal')}"
            )


def _list(inputs: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    given = inputs.get(field)
    return [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []


def _texts(given: object) -> list[str]:
    return [str(each) for each in given] if isinstance(given, list) else []
