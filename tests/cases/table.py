"""The book of faults and attacks, docs/faults-and-attacks.md, from what the tests found: `python -m tests.cases.table`."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from tests.cases.casebook import CASES, EXCEPTIONS, FIRST_FAULT
from tests.cases.results import REPOSITORY, RESULTS, Result, read

PAGE = REPOSITORY / "docs" / "faults-and-attacks.md"
HEAD = """\
# Faults and attacks

Written by `python -m tests.cases.table` from the results of the last runs (`make test` and `make prove`), on a real
Docker Engine; not by hand. What a stand-in cannot prove is in [proofs.md](proofs.md).

- **without**: the same danger without our setting, so that the result means something. `real`: it happened;
  `-`: no test shows it.
- **result**: `holds`, `FAILS`, or `not run`.
- **CIS**: the ids of CIS Docker Benchmark 1.6.
- **seconds**: of the test; for a fault, until everything was well again without a hand.
"""
COLUMNS = ("case", "component", "what is proven", "without", "result", "CIS", "seconds", "test")
WORDS = {"passed": "holds", "failed": "FAILS", "skipped": "not run"}
BASELINE_WORDS = {"passed": "real", "failed": "NOT SHOWN", "skipped": "not run"}


def _worst(results: Iterable[Result]) -> str:
    outcomes = {result.outcome for result in results}
    return next((word for word in ("failed", "skipped", "passed") if word in outcomes), "")


def _test(result: Result) -> str:
    path, _, name = result.test.partition("[")[0].partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../{path})"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _without(results: Sequence[Result], component: str) -> str:
    """Of the same component; else of any other, which stands for it."""
    shown = [each for each in results if each.case.baseline]
    own = [each for each in shown if each.case.component == component]
    return BASELINE_WORDS.get(_worst(own or shown), "-")


def _lines(number: int, results: Sequence[Result]) -> Iterable[str]:
    """Of one case: a row for each thing that is proven, those that only show the danger last."""

    def key(result: Result) -> tuple[bool, str, str]:
        return result.case.baseline, result.case.component, result.case.title

    for (baseline, component, title), group in groupby(sorted(results, key=key), key):
        same = list(group)
        word = (BASELINE_WORDS if baseline else WORDS)[_worst(same)]
        yield _row(
            str(number),
            component,
            title,
            word if baseline else _without(results, component),
            "-" if baseline else word,
            ", ".join(sorted({each.case.cis for each in same if each.case.cis})) or "-",
            f"{max(each.seconds for each in same):.1f}",
            ", ".join(dict.fromkeys(_test(each) for each in same)),
        )


def _section(title: str, numbers: Iterable[int], by_number: dict[int, list[Result]]) -> list[str]:
    tried = [number for number in numbers if number in by_number]
    rows = [line for number in tried for line in _lines(number, by_number[number])]
    return ["", f"## {title}", "", _row(*COLUMNS), _row(*["---"] * len(COLUMNS)), *rows] if rows else []


def _summary(by_number: dict[int, list[Result]]) -> list[str]:
    proven = {number: [r for r in found if not r.case.baseline] for number, found in by_number.items()}
    held = [number for number, found in proven.items() if found and _worst(found) == "passed"]
    both = [number for number in held if any(r.case.baseline for r in by_number[number])]
    return ["", f"Cases that hold: {len(held)} of {len(CASES)}; {len(both)} of them beside their baseline."]


def _exceptions() -> list[str]:
    rows = [_row(each.component, each.cis, each.what, each.word) for each in EXCEPTIONS]
    head = _row("component", "CIS", "what it does not hold back", "its word")
    return ["", "## Declared exceptions", "", head, _row(*["---"] * 4), *rows]


def page(results: Iterable[Result]) -> str:
    """The whole page."""
    by_number: dict[int, list[Result]] = {}
    for result in results:
        by_number.setdefault(result.case.number, []).append(result)
    missing = [f"- {number}. {title}" for number, title in CASES.items() if number not in by_number]
    lines = [
        HEAD.rstrip(),
        *_summary(by_number),
        *_section("Attacks", range(1, FIRST_FAULT), by_number),
        *_section("Faults", range(FIRST_FAULT, len(CASES) + 1), by_number),
        *_exceptions(),
        *(["", "## Not tried here", "", *missing] if missing else []),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    results = [result for file in sorted(RESULTS.glob("*.json")) for result in read(file)]
    PAGE.write_text(page(results))
    print(f"{PAGE.relative_to(REPOSITORY)}: {len(results)} results")


if __name__ == "__main__":
    main()
