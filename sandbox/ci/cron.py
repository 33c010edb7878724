"""Cron expressions of pipeline schedules: five fields, names, lists, ranges and steps."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
# A date such as 29 February comes at least once in eight years.
_HORIZON_DAYS = 366 * 8


class CronError(ValueError):
    """A cron expression or a time zone that is not understood."""


@dataclass(frozen=True, kw_only=True)
class Cron:
    """A parsed expression in its time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Both day fields are restricted: cron then takes a day that meets one of them."""
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after `moment`, in UTC; None if there is none within eight years."""
        local = moment.astimezone(self.zone)
        day = local.date()
        for _ in range(_HORIZON_DAYS):
            if self._has(day.day, day.month, day.isoweekday() % 7):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        at = datetime(
                            day.year, day.month, day.day, hour, minute, tzinfo=self.zone
                        ).astimezone(UTC)
                        if at > moment:
                            return at
            day += timedelta(days=1)
        return None

    def _has(self, day: int, month: int, weekday: int) -> bool:
        by_day, by_weekday = day in self.days, weekday in self.weekdays
        return month in self.months and (by_day or by_weekday if self.either_day else by_day and by_weekday)


def parse_cron(text: str, zone: str = "UTC") -> Cron:
    """Reads an expression such as `0 3 * * 0`.

    Raises:
        CronError: the expression or the time zone is not understood.
    """
    words = text.lower().split()
    if len(words) != len(_FIELDS):
        raise CronError(f"{text!r} has {len(words)} fields, expected 5")
    sets = [_numbers(word, *field) for word, field in zip(words, _FIELDS, strict=True)]
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as why:
        raise CronError(f"{zone!r} is not a time zone") from why
    return Cron(
        minutes=sets[0],
        hours=sets[1],
        days=sets[2],
        months=sets[3],
        weekdays=frozenset(day % 7 for day in sets[4]),
        either_day=words[2] != "*" and words[4] != "*",
        zone=place,
    )


def _numbers(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            start = low if span == "*" else _number(first, low, names)
            stop = _number(last, low, names) if dash else (high if span == "*" or step else start)
            stride = int(step) if step else 1
        except ValueError as why:
            raise CronError(f"{part!r} is not a {name}") from why
        if not (low <= start <= stop <= high) or stride < 1:
            raise CronError(f"{part!r} is not a {name}: expected {low} to {high}")
        found.update(range(start, stop + 1, stride))
    return frozenset(found)


def _number(word: str, low: int, names: tuple[str, ...]) -> int:
    return names.index(word) + low if word in names else int(word)
