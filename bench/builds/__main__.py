"""Measures the same builds in every way to build, in one session: `bootstrap run python -m bench.builds`.

Needs root on the machine that the engine runs on: it reads /proc and the daemons' stores. Nothing else should build
there meanwhile.
"""

import argparse
import contextlib
import datetime as dt
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import docker

from bench.builds import bases, contexts, engine, registry, report, rows, stack
from bench.builds.dind_ways import Dind, DindMirror, DindNoVolume, DindP384, DindRsa
from bench.builds.machine import Machine
from bench.builds.measure import Bench, Plan, run
from bench.builds.registry import PORT, Registry
from bench.builds.rows import Row
from bench.builds.ways import Buildkit, Dood, Kaniko, KanikoCache, Way
from bootstrap.layout import layout

WAYS: tuple[type[Way], ...] = (
    Dood,
    Dind,
    DindNoVolume,
    DindMirror,
    Buildkit,
    Kaniko,
    KanikoCache,
    DindRsa,
    DindP384,
)
RESULTS = Path(__file__).resolve().parent.parent / "results"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.builds", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="measured runs, after one that warms up; 5")
    parser.add_argument("--ways", nargs="+", metavar="WAY", help="only these; all")
    parser.add_argument("--projects", nargs="+", metavar="PROJECT", help="only these; all")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results; bench/results")
    asked = parser.parse_args()
    if asked.runs < 1:
        parser.error("--runs: one or more")
    return asked


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """The engine that `bootstrap run` names, a folder for files, and at the end neither files nor leftovers."""
    host = urlsplit(os.environ["DOCKER_HOST"])
    if host.scheme != "unix" or os.geteuid() != 0:
        sys.exit(
            "the bench reads processes and stores: it needs root and an engine on this machine's own socket"
        )
    client = docker.from_env(timeout=300)
    home = layout().machine / "bench"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock, contextlib.ExitStack() as at_end:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("another bench runs in this checkout")
        folder = home / "work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        at_end.callback(shutil.rmtree, folder)
        one = Machine(
            engine=client,
            roots=tuple(engine.roots(host.path)),
            engine_data=Path(client.info()["DockerRootDir"]),
            folder=folder,
            mark=stack.NAME,
            records_before=frozenset(record["ID"] for record in engine.cache_records(client)),
        )
        one.remove_leftovers()
        at_end.callback(one.clear_engine, keep_mounts=False)
        at_end.callback(one.remove_leftovers)
        yield one


@contextlib.contextmanager
def bench(one: Machine) -> Iterator[tuple[Bench, list[Way]]]:
    """The registry, the daemons and the base images."""
    gateway = os.environ["CI_RUNNERS_REGISTRY"].split(":")[0]
    host = f"{gateway}:{PORT}"
    container = registry.start(one.engine, name=f"{stack.NAME}-registry", gateway=gateway, labels=one.labels)
    Registry(host=host).wait()
    state = layout().machine / "bench" / "state"
    socket = urlsplit(os.environ["DOCKER_HOST"]).path
    with stack.daemons(state, socket=socket, registry=host) as connections:
        ways = [kind(one, connections, host) for kind in WAYS]
        try:
            yield (
                Bench(
                    registry=Registry(host=host),
                    registry_data=engine.mounted_from(container, registry.DATA),
                    mirror=lambda: _mirror(one),
                    bulks=bases.make(layout(), one.folder),
                    architecture=one.engine.version()["Arch"],
                ),
                ways,
            )
        finally:
            for way in ways:
                way.remove()


def _mirror(one: Machine) -> Registry:
    networks = one.engine.containers.get(stack.MIRROR).attrs["NetworkSettings"]["Networks"]
    return Registry(host=f"{networks[stack.MIRROR]['IPAddress']}:5000")


def chosen(asked: argparse.Namespace, ways: list[Way]) -> Plan:
    """What the command line asks for."""
    found = [way for way in ways if way.name in (asked.ways or [way.name])]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], check=True, capture_output=True, text=True
    )
    return Plan(
        date=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        commit=commit.stdout.strip(),
        cores=os.cpu_count() or 0,
        ways=found,
        projects=[each for each in contexts.ALL if each.name in (asked.projects or [each.name])],
        builders={way.name: way.says_version() for way in found},
    )


def measure(asked: argparse.Namespace) -> list[Row]:
    """All runs."""
    measured: list[Row] = []
    with machine() as one, bench(one) as (where, ways):
        plan = chosen(asked, ways)
        for number in range(asked.runs + 1):
            started = time.monotonic()
            for row in run(where, plan, number):
                print(
                    f"{number} {row.project:12} {row.way:13} {row.mode.value:12}"
                    f" {row.wall_s:7.2f} s {row.cpu_s:7.2f} s CPU {row.peak_mib:7.1f} MiB {row.disk_mib:7.1f} MiB on disk",
                    flush=True,
                )
                measured += [row] if number else []
            print(f"run {number} of {asked.runs} took {time.monotonic() - started:.0f} s", flush=True)
    return measured


def main() -> None:
    """Measure, then write the figures and what they say."""
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # and what was started with it
    started = time.monotonic()
    measured = measure(asked)
    asked.out.mkdir(parents=True, exist_ok=True)
    rows.write(asked.out / "builds.csv", measured)
    report.write(asked.out)
    print(f"{len(measured)} figures in {time.monotonic() - started:.0f} s: {asked.out}")


if __name__ == "__main__":
    main()
