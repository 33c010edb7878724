"""Times as GitLab's API writes them."""

from datetime import UTC, datetime


def stamp(moment: datetime | None = None) -> str:
    """A moment, by default now, as `2026-11-24T23:46:04.123Z`."""
    at = (moment or datetime.now(UTC)).astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Reads what `stamp` wrote."""
    return datetime.fromisoformat(text)


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Seconds from one stamp to another, up to now while the end is open; None before the start."""
    if start is None:
        return None
    return (parse(end or stamp()) - parse(start)).total_seconds()
