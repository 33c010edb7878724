"""A recommendation as text for a terminal and as plain data for a program."""

import dataclasses
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping

from ci_runners.connection import DaemonKind
from ci_runners.recommend.decide import Change, Reasons, Recommendation
from ci_runners.recommend.needs import Needs
from ci_runners.recommend.ways import WAYS

WIDTH = 80
"""Columns of a terminal that nobody has widened."""


def as_text(recommendation: Recommendation) -> str:
    """The whole recommendation, for a person."""
    way = recommendation.way
    sections = [
        [f"Way to build: {f'{way.value} ({WAYS[way].title})' if way else 'none fits'}"],
        ["For these answers:", *_answers(recommendation.needs)],
        ["Why:" if way else "Why none:", *_items(map(str, recommendation.reasons))],
        _section("What it costs:", map(str, recommendation.costs)),
        _section("What would have to change, any one of these:", map(_change, recommendation.changes)),
        _ways("Would do, but fits worse:", recommendation.worse_fits),
        _ways("Ruled out:", recommendation.ruled_out),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def as_json(recommendation: Recommendation) -> str:
    """The whole recommendation as one JSON object; `way` is null when none fits."""
    way = recommendation.way
    plain = {
        "way": way.value if way else None,
        "needs": dataclasses.asdict(recommendation.needs),
        "reasons": _plain(recommendation.reasons),
        "costs": _plain(recommendation.costs),
        "worse_fits": {other.value: _plain(said) for other, said in recommendation.worse_fits.items()},
        "ruled_out": {other.value: _plain(said) for other, said in recommendation.ruled_out.items()},
        "changes": [_plain_change(change) for change in recommendation.changes],
    }
    return json.dumps(plain, indent=2) + "\n"


def written(answer: object) -> str:
    """An answer as it is written on the command line."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return str(getattr(answer, "value", answer))


def option(field: str) -> str:
    """A question's option on the command line."""
    return f"--{field.replace('_', '-')}"


def _answers(needs: Needs) -> Iterator[str]:
    for field in dataclasses.fields(needs):
        yield f"  {option(field.name)} {written(getattr(needs, field.name))}"


def _change(change: Change) -> str:
    answers = " ".join(f"{option(move.field)} {written(move.answer)}" for move in change.moves)
    advice = " ".join(move.advice for move in change.moves)
    return f"{answers}, for {change.way.value}: {advice}"


def _section(title: str, items: Iterable[str]) -> list[str]:
    lines = _items(items)
    return [title, *lines] if lines else []


def _ways(title: str, ways: Mapping[DaemonKind, Reasons]) -> list[str]:
    lines = [
        line for way, said in ways.items() for line in (f"  {way.value}", *_items(map(str, said), "    "))
    ]
    return [title, *lines] if lines else []


def _items(items: Iterable[str], indent: str = "  ") -> list[str]:
    return [
        line
        for item in items
        for line in textwrap.wrap(
            item,
            WIDTH,
            initial_indent=f"{indent}- ",
            subsequent_indent=f"{indent}  ",
            break_on_hyphens=False,
        )
    ]


def _plain(reasons: Reasons) -> list[dict[str, str]]:
    return [dataclasses.asdict(reason) for reason in reasons]


def _plain_change(change: Change) -> dict[str, object]:
    return {
        "way": change.way.value,
        "answers": {move.field: move.answer for move in change.moves},
        "advice": [move.advice for move in change.moves],
    }
