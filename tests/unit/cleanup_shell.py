"""A cleanup's script, with a Docker client that has no engine."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_runners.connection import DaemonKind
from ci_runners.render.cleanup import cleanup_script
from tests.unit import fake_docker

BUSYBOX = shutil.which("busybox") or ""
PROGRAMS = ["sh", *(["busybox"] if BUSYBOX else [])]
"""The machine's own and, where it has a busybox, the ones that Alpine's images have."""
HOUR = 3600
WEEK = 168 * HOUR
SETTINGS = {
    "CLEANUP_BUILDERS": "1",
    "CLEANUP_JOBS_ONLY": "0",
    "CLEANUP_KEEP_IMAGES": "",
    "CLEANUP_LONGEST_GAP": str(WEEK),
    "CLEANUP_MAX_BYTES": "0",
    "CLEANUP_NAME": "dind-cleanup",
    "CLEANUP_PRESSURE_PERCENT": "0",
    "CLEANUP_SCHEDULE": "0 3 * * 0",
    "CLEANUP_UNUSED_SECONDS": str(WEEK),
}
WORLD: dict[str, Any] = {"containers": [], "images": [], "volumes": [], "cache": [], "pruned": []}
ANONYMOUS = "f" * 64
JOBS = "runner-abcdefgh-project-7-concurrent-0-cache-" + "0" * 32


def image(name: str, mb: int = 100) -> dict[str, Any]:
    return {"id": f"sha256:{name}", "names": [f"{name}:1"], "mb": mb}


def container(name: str, state: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  any part of the fake
    return {"id": name, "name": name, "state": state, "image": "sha256:none", "building": False, **more}


@dataclass(frozen=True, kw_only=True)
class Cleanup:
    folder: Path
    environment: dict[str, str]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def world(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "bin" / "world.json").read_text())
        return found

    def set_world(self, **parts: Any) -> None:  # noqa: ANN401  any part of the fake
        (self.folder / "bin" / "world.json").write_text(json.dumps({**WORLD, **parts}))

    def do(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", self.folder / "cleanup", *words],
            env={**self.environment, **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def receipt(self, *words: str, **settings: str) -> dict[str, Any]:
        """Do something that writes one receipt."""
        done = self.do(*words, **settings)
        found: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == bool(found["errors"]), done
        assert done.stderr == ""
        return found

    def age(self, seconds: int, *names: str) -> None:
        """Let last uses of things with these names be so much longer ago."""
        lines = [line.split() for line in (self.state / "seen").read_text().splitlines()]
        aged = [
            (kind, name, int(at) - seconds * (name.removeprefix("sha256:") in names))
            for kind, name, at in lines
        ]
        (self.state / "seen").write_text("".join(f"{kind} {name} {at}\n" for kind, name, at in aged))

    def seen(self) -> dict[str, int]:
        lines = [line.split() for line in (self.state / "seen").read_text().splitlines()]
        return {name.removeprefix("sha256:"): int(at) for _, name, at in lines}

    def names(self) -> list[str]:
        return [each["id"].removeprefix("sha256:") for each in self.world()["images"]]


def cleanup_in(folder: Path, *, programs_of: str) -> Cleanup:
    """A cleanup whose last good run was an hour ago."""
    programs, state = folder / "bin", folder / "state"
    programs.mkdir()
    state.mkdir()
    if programs_of == "busybox":
        for applet in subprocess.check_output([BUSYBOX, "--list"], text=True).split():
            (programs / applet).symlink_to(BUSYBOX)
    fake = shutil.copy(fake_docker.__file__, programs / "fake_docker.py")
    (programs / "docker").write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {fake} "$@"\n')
    (programs / "docker").chmod(0o755)
    script = cleanup_script(DaemonKind.DIND).splitlines(keepends=True)[1:-2]
    (folder / "cleanup").write_text("".join(script))
    places = {
        "CLEANUP_STATE": state,
        "CLEANUP_WORK": folder / "work",
        "CLEANUP_SCRIPT": folder / "cleanup",
    }
    environment = {
        **SETTINGS,
        **{name: str(place) for name, place in places.items()},
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    found = Cleanup(folder=folder, environment=environment)
    found.set_world()
    (state / "last_success").write_text(f"{int(time.time()) - HOUR}\n")
    return found
