"""A host as a table of plain text, 80 columns wide, for a log or a terminal."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from ci_runners.preflight.facts import ALL_IDS, HostFacts
from ci_runners.preflight.findings import Findings
from ci_runners.preflight.way import Way

WIDTH = 80
_LABEL = 18
_UNKNOWN = "?"
_GIGABYTE = 1_000_000_000
_GIBIBYTE = 1024**3


def facts_table(facts: HostFacts, way: Way, found: Findings) -> str:
    """What is known of a host, `?` where nothing is, and what it means for a way to build."""
    notes = [*facts.notes, *_unchecked(found)]
    lines = [*_host(facts, f", for {way.name}"), *_items(found), *_notes(notes)]
    if not found.errors:
        lines.append(f"Nothing {'known ' if notes else ''}speaks against {way.name} here.")
    return "\n".join(lines)


def ways_table(facts: HostFacts, found: Mapping[Way, Findings]) -> str:
    """The same for several ways to build: what is known of the host once, then whether each way can work there."""
    sections = [[*_host(facts), *_notes(facts.notes)]]
    for way, one in found.items():
        limits = ", as far as is known" if one.unchecked else ""
        verdict = "cannot work here" if one.errors else f"can work here{limits}"
        sections.append([f"{way.name}: {verdict}", *_items(one, "  "), *_notes(_unchecked(one), "  ")])
    return "\n\n".join("\n".join(lines) for lines in sections)


def _host(facts: HostFacts, purpose: str = "") -> Iterator[str]:
    yield f"Docker host {_or_unknown(facts.docker_host)}{purpose}"
    for label, value in _rows(facts):
        yield from _wrapped(f"  {label.ljust(_LABEL)}", value)


def _items(found: Findings, indent: str = "") -> Iterator[str]:
    for heading, problems in (("error", found.errors), ("warning", found.warnings)):
        for problem in problems:
            # The table says which host it is.
            text = str(problem).removeprefix(f"{problem.component}: ")
            yield from _wrapped(f"{indent}{heading}: ", text, hanging=len(indent) + 2)


def _notes(notes: Iterable[str], indent: str = "") -> Iterator[str]:
    for note in notes:
        yield from _wrapped(f"{indent}not known: ", note, hanging=len(indent) + 2)


def _rows(facts: HostFacts) -> Iterator[tuple[str, str]]:
    api = f"API {_or_unknown(facts.min_api_version)} to {_or_unknown(facts.api_version)}"
    clone = facts.unprivileged_userns_clone
    yield "engine", f"{_or_unknown(facts.engine_version)}, {api}"
    yield "system", f"{_or_unknown(facts.operating_system)}, {_or_unknown(facts.architecture)}"
    yield "kernel", f"{_or_unknown(facts.kernel_version)}, cgroup v{_or_unknown(facts.cgroup_version)}"
    yield "CPUs, memory", f"{_or_unknown(facts.cpus)}, {_amount(facts.memory, _GIBIBYTE, 'GiB')}"
    yield "storage", f"{_or_unknown(facts.storage_driver)} in {_list(facts.storage_roots)}"
    yield "free disk", _amount(facts.free_bytes, _GIGABYTE, "GB")
    yield "runtimes", f"{_list(facts.runtimes)}; {_or_unknown(facts.default_runtime)} by default"
    yield "security", _list(_security(facts.security_options))
    yield "bridge MTU", _or_unknown(facts.bridge_mtu)
    yield (
        "socket",
        f"{facts.socket}: {_or_unknown(facts.socket_status)}, group {_or_unknown(facts.socket_group)}",
    )
    yield "user namespaces", _or_unknown(facts.max_user_namespaces)
    yield "  unprivileged", {1: "allowed", 0: "forbidden", None: _UNKNOWN}.get(clone, str(clone))
    yield "  by AppArmor", _restriction(facts)
    yield "  user ids", "all" if facts.ids == ALL_IDS else _or_unknown(facts.ids)
    yield "/dev/net/tun", _or_unknown(facts.tun)


def _restriction(facts: HostFacts) -> str:
    restricted = facts.apparmor_restrict_unprivileged_userns
    if restricted is None or not restricted:
        return _UNKNOWN if restricted is None else "not restricted"
    return f"restricted; profiles for {_list(facts.rootlesskit_profiles)}"


def _security(options: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """`seccomp (builtin)` of `name=seccomp,profile=builtin`."""
    if options is None:
        return None
    pairs = [dict(part.partition("=")[::2] for part in option.split(",")) for option in options]
    return tuple(
        pair.get("name", "") + (f" ({pair['profile']})" if "profile" in pair else "") for pair in pairs
    )


def _unchecked(found: Findings) -> list[str]:
    names = ", ".join(found.unchecked)
    return [f"no rule could look at {names}"] if names else []


def _list(items: Iterable[str] | None) -> str:
    return _UNKNOWN if items is None else ", ".join(items) or "none"


def _amount(size: int | None, unit: int, name: str) -> str:
    return _UNKNOWN if size is None else f"{size / unit:.1f} {name}"


def _or_unknown(value: object) -> str:
    return _UNKNOWN if value is None else str(value)


def _wrapped(start: str, text: str, *, hanging: int | None = None) -> list[str]:
    indent = " " * (len(start) if hanging is None else hanging)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
