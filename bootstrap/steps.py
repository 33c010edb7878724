"""Steps with needs: each says how it came by its part (found, fetched or built), from where and in what time."""

import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from graphlib import TopologicalSorter

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class How(Enum):
    """How a part was come by."""

    FOUND = "found"
    FETCHED = "fetched"
    BUILT = "built"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a step came to. `source` is where the part is from, in words for a person."""

    how: How
    source: str


class StepFailed(Exception):
    """A step that cannot go on: what was tried and what the person can do."""

    def __init__(self, what: str, *, tried: str, fix: str) -> None:
        super().__init__(f"{what}\n  Tried: {tried}\n  Fix: {fix}")
        self.what, self.tried, self.fix = what, tried, fix


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part. `work` is idempotent: killed at any moment and run again, it comes to the same end."""

    name: str
    work: Callable[[], Outcome]
    needs: tuple[str, ...] = ()
    dev_station: bool = True
    """Whether the dev station needs it."""


def _line(console: Console, name: str, outcome: Outcome, seconds: float) -> None:
    console.print(
        f"  {escape(name):<28} [bold]{outcome.how.value:<8}[/bold] {seconds:6.1f} s  {escape(outcome.source)}",
        highlight=False,
    )


def _attempt(step: Step) -> Outcome:
    """The step's outcome. Whatever stops it is a `StepFailed` that begins with the step's name."""
    try:
        return step.work()
    except StepFailed as failure:
        raise StepFailed(f"{step.name}: {failure.what}", tried=failure.tried, fix=failure.fix) from failure
    except Exception as problem:
        # The frame below this one is the step's own work.
        place = traceback.extract_tb(problem.__traceback__, limit=2)[-1]
        raise StepFailed(
            f"{step.name}: {type(problem).__name__}: {problem}",
            tried=f"{place.name}, line {place.lineno} of {place.filename}; nobody foresaw this failure",
            fix="mend what the message names and run this again, it goes on; the logs are in .machine/logs",
        ) from problem


def run_steps(steps: Sequence[Step], console: Console, *, lanes: int = 3) -> dict[str, Outcome]:
    """Run every step as soon as what it needs is there.

    The first failure stops new steps and is raised, once those that run have ended: a `StepFailed` with the step's name.
    `lanes` is how many steps may run at once: waiting for a network and compiling go well together.
    """
    by_name = {step.name: step for step in steps}
    order = TopologicalSorter({step.name: set(step.needs) & by_name.keys() for step in steps})
    order.prepare()
    outcomes: dict[str, Outcome] = {}
    ready: deque[str] = deque()
    running: dict[Future[Outcome], tuple[str, float, TaskID]] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with ThreadPoolExecutor(lanes) as pool, Progress(*columns, console=console, transient=True) as progress:
        while order.is_active():
            ready.extend(order.get_ready())
            while ready and len(running) < lanes:  # what the pool does not know of, a failure can still stop
                name = ready.popleft()
                task = progress.add_task(escape(name), total=None)
                running[pool.submit(_attempt, by_name[name])] = (name, time.monotonic(), task)
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name, started, task = running.pop(future)
                progress.remove_task(task)
                outcomes[name] = future.result()
                _line(console, name, outcomes[name], time.monotonic() - started)
                order.done(name)
    return outcomes
