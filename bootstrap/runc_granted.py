"""Runs runc with only the capabilities that this host can grant.

`--privileged` asks for every capability. Where the host's bounding set lacks one (as in some virtual machines and
containers), runc refuses to start anything privileged; this wrapper takes what cannot be granted out of the
request, for `create`, `run` and `exec`. Standard library only: it starts with every container.
"""

import json
import os
import sys
from pathlib import Path

NAMES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]
"""In the order of their bits (linux/capability.h)."""


def granted(status: str) -> frozenset[str]:
    """The capabilities of the bounding set, read from the text of /proc/self/status."""
    mask = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd:"))
    return frozenset(f"CAP_{name}" for bit, name in enumerate(NAMES) if mask >> bit & 1)


def option(words: list[str], *names: str) -> str | None:
    """The value of a command-line option, given as `--name value` or `--name=value`."""
    for position, word in enumerate(words):
        if word in names:
            return words[position + 1]
        for name in names:
            if word.startswith(f"{name}="):
                return word.partition("=")[2]
    return None


def request_file(words: list[str]) -> Path | None:
    """The file that says which capabilities are asked for, if this call asks for any."""
    bundle = option(words, "--bundle", "-b")
    if bundle and {"create", "run"} & set(words):
        return Path(bundle) / "config.json"
    process = option(words, "--process", "-p")
    return Path(process) if process and "exec" in words else None


def narrowed(request: dict[str, object], allowed: frozenset[str]) -> dict[str, object]:
    """The request without the capabilities that cannot be granted."""
    process = request.get("process", request)
    sets = process.get("capabilities") if isinstance(process, dict) else None
    if not isinstance(process, dict) or not isinstance(sets, dict):
        return request
    process["capabilities"] = {
        kind: [name for name in names or [] if name in allowed] for kind, names in sets.items()
    }
    return request


def main() -> None:
    """Narrow the request, then become runc."""
    words = sys.argv[1:]
    if (file := request_file(words)) is not None:
        allowed = granted(Path("/proc/self/status").read_text())
        file.write_text(json.dumps(narrowed(json.loads(file.read_text()), allowed)))
    os.execvp("runc", ["runc", *words])


if __name__ == "__main__":
    main()
