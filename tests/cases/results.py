"""What the tests of cases found, kept from run to run in one JSON file for each folder of tests."""

import fcntl
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / ".machine" / "cases"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a test says about itself with `@pytest.mark.case(...)`."""

    number: int
    component: str
    title: str
    cis: str = ""
    """Ids of CIS Docker Benchmark 1.6, where it has one."""
    baseline: bool = False
    """Whether the test shows the danger as it is without our setting."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one test ended."""

    test: str
    """Its node id, parameters among it."""
    case: Case
    outcome: str
    """`passed`, `failed` or `skipped`."""
    seconds: float
    """As it recorded under `seconds` (how long something took to come back); else how long the test took."""


def _defined(test: str) -> bool:
    """Whether the test is still there: a renamed one must not stay in the book."""
    path, _, name = test.partition("::")
    file = REPOSITORY / path
    return file.is_file() and f"def {name.partition('[')[0]}(" in file.read_text()


def read(file: Path) -> list[Result]:
    """What is kept in a file."""
    if not file.is_file():
        return []
    return [Result(**{**each, "case": Case(**each["case"])}) for each in json.loads(file.read_text())]


def keep(fresh: Iterable[Result], folder: Path = RESULTS) -> None:
    """Put fresh results in the place of those that are kept of the same tests, folder by folder."""
    folders: dict[str, list[Result]] = {}
    for result in fresh:
        folders.setdefault(Path(result.test).parts[1], []).append(result)
    for name, results in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f".{name}.lock").open("w") as lock:
            # Two runs of one folder may end at the same time.
            fcntl.flock(lock, fcntl.LOCK_EX)
            _write(folder / f"{name}.json", results)


def _write(file: Path, fresh: list[Result]) -> None:
    # All parameters of a test at once: those that it had before may be gone.
    ran = {result.test.partition("[")[0] for result in fresh}
    kept = [each for each in read(file) if each.test.partition("[")[0] not in ran and _defined(each.test)]
    ordered = sorted([*kept, *fresh], key=lambda result: (result.case.number, result.test))
    whole = file.with_suffix(".new")
    whole.write_text(json.dumps([asdict(result) for result in ordered], indent=1) + "\n")
    whole.replace(file)
