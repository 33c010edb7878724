"""The schedule of a cleanup: five fields of cron as busybox's crond reads them, and the longest time between two runs.

crond does not make up for a run that was missed while it was down. Knowing how far two runs are apart at the most,
whoever looks can tell that one is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

MINUTES_A_DAY = 24 * 60
WEEK = 7
MONTH = 32
"""Days that a star means, with busybox's day 0."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One of the five fields."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    """Words for its numbers, from the least on."""
    star: int
    """Where a star's steps begin."""


# To busybox a month has a day 0, so that */2 means the even days; and a week has no day 7 (miscutils/crond.c, ParseField).
FIELDS = (
    Field(name="minute", least=0, most=59, star=0),
    Field(name="hour", least=0, most=23, star=0),
    Field(name="day of the month", least=1, most=31, star=0),
    Field(
        name="month",
        least=1,
        most=12,
        names=("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        star=1,
    ),
    Field(
        name="day of the week",
        least=0,
        most=6,
        names=("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
        star=0,
    ),
)
FIRST = date(2096, 1, 1)
DAYS = 16 * 366
"""Sixteen years around 2100, which is no leap year: with them the eight years between two days of 29 February."""


def longest_gap(schedule: str) -> int:
    """Seconds between two runs of a schedule at the most. Raises `ValueError`, which says what is wrong with it."""
    words = schedule.split()
    if len(words) != len(FIELDS):
        raise ValueError(f"{len(words)} fields instead of five")
    minutes, hours, of_month, months, of_week = map(_numbers, words, FIELDS)
    times = sorted(60 * hour + minute for hour in hours for minute in minutes)
    either = len(of_month) < MONTH and len(of_week) < WEEK
    found = [day.toordinal() for day in _days(of_month, months, of_week, either=either)]
    if not found:
        raise ValueError("a day that never comes")
    within = max((later - earlier for earlier, later in pairwise(times)), default=0)
    across = max(later - earlier for earlier, later in pairwise(found)) * MINUTES_A_DAY - times[-1] + times[0]
    return 60 * max(within, across)


def _days(
    of_month: frozenset[int], months: frozenset[int], of_week: frozenset[int], *, either: bool
) -> Iterator[date]:
    """The days that a schedule names: where it names days of the month and of the week, those of either."""
    for offset in range(DAYS):
        day = FIRST + timedelta(days=offset)
        meets = (day.day in of_month, day.isoweekday() % WEEK in of_week)
        if day.month in months and (any(meets) if either else all(meets)):
            yield day


def _numbers(word: str, field: Field) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            start = field.star if span == "*" else _number(first, field.least, field.names)
            end = field.most if span == "*" else _number(last, field.least, field.names) if dash else start
            stride = int(step) if slash else 1
        except ValueError:
            raise ValueError(f"{part!r}, which is no {field.name}") from None
        # crond takes a step only after a star or a range.
        good = span == "*" or field.least <= start <= end <= field.most
        if not good or stride < 1 or (slash and start == end):
            raise ValueError(f"{part!r}, which is no {field.name} of {field.least} to {field.most}")
        found.update(range(start, end + 1, stride))
    return frozenset(found)


def _number(word: str, least: int, names: tuple[str, ...]) -> int:
    """A number in digits or, where the field has them, in three letters."""
    if word.lower() in names:
        return names.index(word.lower()) + least
    if not word.isascii() or not word.isdigit():
        raise ValueError(word)
    return int(word)
