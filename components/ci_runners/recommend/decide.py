"""From answers to a way to build, or to what would have to change."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from ci_runners.connection import DaemonKind
from ci_runners.recommend.changes import MOVES, WITHOUT_A_WAY, Move
from ci_runners.recommend.choices import CHOICES, REASONS, WORSE_FITS
from ci_runners.recommend.costs import COSTS
from ci_runners.recommend.needs import Needs
from ci_runners.recommend.rule import Reason, Rule, Statement
from ci_runners.recommend.ruled_out import RULED_OUT
from ci_runners.recommend.ways import LEAST_PRIVILEGED_FIRST

Reasons = tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Change:
    """The fewest answers that would have to be others for a way to fit."""

    moves: tuple[Move, ...]
    way: DaemonKind
    """The way that would then be recommended."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """A way to build, or none, with everything that was weighed."""

    needs: Needs
    way: DaemonKind | None
    """The way to take. None: nothing that can do what is needed may be done."""

    reasons: Reasons
    """Why this way, or why none."""

    ruled_out: Mapping[DaemonKind, Reasons]
    """Ways that must not be taken, or cannot do what is needed, and all the reasons for it."""

    worse_fits: Mapping[DaemonKind, Reasons] = field(default_factory=dict)
    """Ways that would do, and why they were not taken."""

    costs: Reasons = ()
    """What the way costs. Empty when there is none."""

    changes: tuple[Change, ...] = ()
    """What would have to change for a way to fit, the least privileged first. Empty when there is one."""


def recommend(needs: Needs) -> Recommendation:
    """The way to build that fits these answers best. Every combination has an answer, and always the same."""
    ruled_out = _ruled_out(needs)
    choice = _choice(needs, ruled_out)
    if choice is None:
        return Recommendation(
            needs=needs,
            way=None,
            reasons=_said(WITHOUT_A_WAY, needs),
            ruled_out=ruled_out,
            changes=_changes(needs),
        )
    way = choice.way
    return Recommendation(
        needs=needs,
        way=way,
        reasons=(choice.reason, *_said(_about(way, REASONS), needs)),
        costs=_said(_about(way, COSTS), needs),
        worse_fits=_worse_fits(way, ruled_out),
        ruled_out=ruled_out,
    )


def _ruled_out(needs: Needs) -> dict[DaemonKind, Reasons]:
    said = {way: _said(_about(way, RULED_OUT), needs) for way in LEAST_PRIVILEGED_FIRST}
    return {way: reasons for way, reasons in said.items() if reasons}


def _choice(needs: Needs, ruled_out: Mapping[DaemonKind, Reasons]) -> Rule | None:
    return next((row for row in CHOICES if row.way not in ruled_out and row.when(needs)), None)


def _about(way: DaemonKind, rules: Iterable[Rule]) -> Iterable[Rule]:
    return (rule for rule in rules if rule.way is way)


def _said(statements: Iterable[Statement], needs: Needs) -> Reasons:
    return tuple(statement.reason for statement in statements if statement.when(needs))


def _worse_fits(chosen: DaemonKind, ruled_out: Mapping[DaemonKind, Reasons]) -> dict[DaemonKind, Reasons]:
    return {row.way: (row.reason,) for row in WORSE_FITS if row.chosen is chosen and row.way not in ruled_out}


def _changes(needs: Needs) -> tuple[Change, ...]:
    """All the smallest sets of other answers that lead to a way."""
    possible = [move for move in MOVES if move.changes(needs)]
    for count in range(1, len(possible) + 1):
        found = [change for moves in combinations(possible, count) for change in _leads_to(needs, moves)]
        if found:
            return tuple(sorted(found, key=lambda change: LEAST_PRIVILEGED_FIRST.index(change.way)))
    return ()


def _leads_to(needs: Needs, moves: tuple[Move, ...]) -> Iterable[Change]:
    answers: dict[str, Any] = {move.field: move.answer for move in moves}
    changed = dataclasses.replace(needs, **answers)
    choice = _choice(changed, _ruled_out(changed))
    return [Change(moves=moves, way=choice.way)] if choice else []
