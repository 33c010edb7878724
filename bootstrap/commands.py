"""Running other programs: their output goes to a log, and a failure shows its end."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bootstrap.steps import StepFailed

SHOWN_LINES = 15


def run_logged(
    command: Sequence[str | Path],
    *,
    log: Path,
    fix: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """Run a command with its output in `log`; on failure raise `StepFailed` with the last lines and the fix."""
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with log.open("ab") as output:
        try:
            code = subprocess.run(
                words, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=env, cwd=cwd, check=False
            ).returncode
        except OSError as problem:
            raise StepFailed(f"{words[0]}: {problem}", tried=" ".join(words), fix=fix) from problem
    if code:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])
        raise StepFailed(f"exit code {code}; the end of {log.name}:\n{tail}", tried=" ".join(words), fix=fix)


def clean_go_environment(places_cache: Path) -> dict[str, str]:
    """The environment for `go build`: one cache folder, checksum verification on whatever the caller has set."""
    switches = ("GOFLAGS", "GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GONOPROXY", "GOINSECURE")
    env = {name: value for name, value in os.environ.items() if name not in switches}
    if env.get("GOSUMDB") == "off":
        del env["GOSUMDB"]
    return {
        **env,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
        "GOCACHE": str(places_cache / "go" / "build"),
        "GOMODCACHE": str(places_cache / "go" / "mod"),
    }
