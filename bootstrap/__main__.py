"""First stage, standard library only: the virtual environment; the rest then runs inside it."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv

from bootstrap.layout import Layout, layout

UV = "uv==0.13.9"


def environment_key(places: Layout) -> str:
    """Changes whenever the environment must be made anew."""
    parts = [
        sys.version.encode(),
        str(places.venv).encode(),
        (places.root / "requirements.lock").read_bytes(),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def ensure_environment(places: Layout) -> str:
    """Make the virtual environment unless it is there and complete; say how it was come by."""
    stamp = places.venv / "complete"
    key = environment_key(places)
    if stamp.is_file() and stamp.read_text() == key:
        return f"virtual environment\tfound\t{places.venv.name}\t0"
    started = time.monotonic()
    print("making the virtual environment from requirements.lock (hashes checked) ...", flush=True)
    shutil.rmtree(places.venv, ignore_errors=True)
    venv.EnvBuilder(with_pip=True).create(places.venv)
    run = [str(places.python), "-m"]
    env = {**os.environ, "VIRTUAL_ENV": str(places.venv)}
    lock = str(places.root / "requirements.lock")
    subprocess.run([*run, "pip", "install", "--quiet", UV], check=True, env=env)
    subprocess.run(
        [*run, "uv", "pip", "install", "--quiet", "--require-hashes", "--requirement", lock],
        check=True,
        env=env,
    )
    library = ["--no-deps", "--no-build-isolation", "--editable", str(places.root / "components")]
    subprocess.run([*run, "uv", "pip", "install", "--quiet", *library], check=True, env=env)
    stamp.write_text(key)
    return f"virtual environment\tfetched\tPyPI, {lock.rsplit('/', 1)[-1]}\t{time.monotonic() - started:.0f}"


def main() -> None:
    """Make the environment and go on in it."""
    if sys.version_info < (3, 11):  # noqa: UP036  the one place that may meet an older Python
        sys.exit(
            f"Python 3.11 or later is needed; this is {sys.version.split()[0]}. Name another: make PYTHON=python3.12 up"
        )
    places = layout()
    try:
        outcome = ensure_environment(places)
    except (OSError, subprocess.CalledProcessError) as problem:
        sys.exit(
            f"virtual environment: {problem}\nTried: python3 -m venv, then PyPI with the hashes of requirements.lock."
            "\nFix: install python3-venv, check that pip reaches PyPI (pip config list), run this again."
        )
    environment = {**os.environ, "CI_RUNNERS_FIRST_STEP": outcome, "PYTHONPATH": str(places.root)}
    os.chdir(places.root)
    os.execve(places.python, [str(places.python), "-m", "bootstrap.cli", *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
