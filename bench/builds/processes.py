"""What processes use, read from /proc: CPU seconds and memory of a daemon's process tree (Linux, proc(5)).

The same for every way to build. The host's engine has no control group of its own, a container has, and a tree of
processes is all that both have.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

INTERVAL_S = 0.1
"""Between two looks at memory: a peak that is shorter may go unseen."""
PROXY = "docker-proxy"
"""The engine's helper that carries a published port's traffic: the registry's here, so nobody's."""

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process, and the CPU seconds of its own and of its ended children's."""

    pid: int
    parent: int
    name: str
    cpu_s: float


def parse_stat(text: str, *, ticks: int = _TICKS) -> Process:
    """A process from the text of /proc/PID/stat. Its name may hold blanks and brackets."""
    pid, _, rest = text.partition(" (")
    name, _, numbers = rest.rpartition(") ")
    words = numbers.split()
    # utime, stime, cutime and cstime, fields 14 to 17; the state, field 3, is the first here.
    return Process(
        pid=int(pid), parent=int(words[1]), name=name, cpu_s=sum(int(word) for word in words[11:15]) / ticks
    )


def tree(processes: Mapping[int, Process], roots: Iterable[int]) -> list[Process]:
    """The roots and everything that descends from them, without the engine's proxies."""
    children: dict[int, list[Process]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process)
    found: dict[int, Process] = {}
    waiting = [processes[root] for root in roots if root in processes]
    while waiting:
        process = waiting.pop()
        if process.pid not in found and process.name != PROXY:
            found[process.pid] = process
            waiting += children.get(process.pid, [])
    return list(found.values())


def running() -> dict[int, Process]:
    """Every process of the machine."""
    found = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                process = parse_stat((folder / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile
            found[process.pid] = process
    return found


def parse_pss(text: str) -> float:
    """MiB from the text of /proc/PID/smaps_rollup: memory of its own, and its share of what it shares."""
    kib = next((line.split()[1] for line in text.splitlines() if line.startswith("Pss:")), "0")
    return int(kib) / 1024


def memory_mib(processes: Iterable[Process]) -> float:
    """MiB that the processes hold together, shared memory counted once."""
    total = 0.0
    for process in processes:
        try:
            total += parse_pss((_PROC / str(process.pid) / "smaps_rollup").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile, or a kernel's
    return total


@dataclass(frozen=True, kw_only=True)
class Use:
    """What was used between two moments."""

    cpu_s: float
    peak_mib: float


class Watch:
    """Watches trees of processes from `with` to its end; then `used` says what they used.

    A child's CPU seconds are its parent's once it has ended and been waited for, so the difference of two sums holds
    short-lived processes too. `from_nothing`: the trees began with the watch, so all of their time counts.
    """

    def __init__(self, roots: Callable[[], Iterable[int]], *, from_nothing: bool = False) -> None:
        self._roots = roots
        self._before = 0.0 if from_nothing else self._cpu_s()
        self._peak = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self.used = Use(cpu_s=max(0.0, self._cpu_s() - self._before), peak_mib=self._peak)

    def _cpu_s(self) -> float:
        return sum(process.cpu_s for process in tree(running(), self._roots()))

    def _look(self) -> None:
        while True:
            self._peak = max(self._peak, memory_mib(tree(running(), self._roots())))
            if self._end.wait(INTERVAL_S):
                return
