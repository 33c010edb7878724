"""Times what a person waits for, one after the other in this checkout, and adds a row for each to bench/results.csv.

Start it when nothing is up (`make down`). What the first figure means depends on the cache folder: empty, it is a bare
machine's first built image; filled, a further checkout's.
"""

import csv
import datetime as dt
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from bootstrap.layout import layout

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.csv"
REPEATS = 3
JOB = re.compile(r"│ job\s+│ success in ([\d.]+) s")
UP = re.compile(r"│ pulumi up\s+│ ([\d.]+) s")


def timed(*words: str) -> tuple[float, str]:
    """Seconds that a command took, and what it wrote. Ends the run when it fails: a failure has no time."""
    started = time.monotonic()
    done = subprocess.run(
        words,
        check=False,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout}")
    return time.monotonic() - started, done.stdout


def found(pattern: re.Pattern[str], text: str) -> float:
    """A figure out of the summary."""
    match = pattern.search(text)
    if match is None:
        sys.exit(f"no {pattern.pattern!r} in:\n{text}")
    return float(match.group(1))


def measure() -> list[tuple[str, float]]:
    """Every figure, in the order in which it was taken."""
    cached = (layout().cache / "programs").is_dir()
    first, summary = timed("make", "up")
    rows = [("further checkout to built image" if cached else "bare machine to built image", first)]
    rows += [
        ("job, start to finish, first", found(JOB, summary)),
        ("first pulumi up of the station", found(UP, summary)),
    ]
    for _ in range(REPEATS):
        rows.append(("make up again", timed("make", "up")[0]))
        rows.append(("make preview", timed("make", "preview")[0]))
    return rows


def main() -> None:
    """Measure and write down."""
    commit = timed("git", "rev-parse", "--short", "HEAD")[1].strip()
    date = dt.datetime.now(dt.UTC).date().isoformat()
    rows = measure()
    new = not RESULTS.is_file()
    with RESULTS.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(["date", "commit", "cores", "what", "seconds"])
        for what, seconds in rows:
            writer.writerow([date, commit, os.cpu_count(), what, f"{seconds:.1f}"])
            print(f"{seconds:8.1f} s  {what}")


if __name__ == "__main__":
    main()
