"""A checkout of its own: another folder, another engine, another namespace; only the cache is shared."""

import os
import random
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
UP_TIMEOUT_S = 1200


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What a person has after cloning the project."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Checkout":
        """Copy every file that git knows or would add, as it is now."""
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (REPOSITORY / name).is_file():
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, target)
        return cls(folder=folder)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a make target in a process group of its own, without this run's own environment."""
        ours = ("VIRTUAL_ENV", "DOCKER_HOST", "PYTHONPATH")
        dropped = ("PULUMI_", "CI_RUNNERS_")
        env = {
            name: value
            for name, value in os.environ.items()
            if name not in ours and (name == "CI_RUNNERS_CACHE" or not name.startswith(dropped))
        }
        env["COLUMNS"] = "200"
        return subprocess.Popen(
            ["make", "--no-print-directory", *words],
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def make(self, *words: str) -> str:
        """Run a make target that must succeed; returns what it wrote."""
        with self.start(*words) as process:
            shown, _ = process.communicate(timeout=UP_TIMEOUT_S)
        assert process.returncode == 0, shown
        return shown

    def kill_within(self, seconds: float, *words: str) -> bool:
        """Start a make target and kill it, and all that it started, at that moment. Says whether it was running."""
        with self.start(*words) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                return True
            return False

    def inside(self, *words: str) -> str:
        """Run a command where this checkout's engine has its addresses."""
        python = self.folder / ".machine" / "venv" / "bin" / "python"
        done = subprocess.run(
            [python, "-m", "bootstrap.cli", "run", *words],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


def moments(count: int, *, seed: int, most: float) -> list[float]:
    """Random moments, in seconds; the same for the same seed."""
    numbers = random.Random(seed)  # noqa: S311  no secret
    return [numbers.uniform(0.5, most) for _ in range(count)]
