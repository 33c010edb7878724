from datetime import UTC, datetime

import pytest

from sandbox.ci.cron import CronError, parse_cron

# A Wednesday.
NOW = datetime(2026, 11, 25, 12, 30, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("0 3 * * 0", "UTC", "2026-11-29T03:00"),
        ("0 3 * * 7", "UTC", "2026-11-29T03:00"),
        ("0 3 * * sun", "UTC", "2026-11-29T03:00"),
        ("* * * * *", "UTC", "2026-11-25T12:31"),
        ("30 12 * * *", "UTC", "2026-11-26T12:30"),
        ("*/20 * * * *", "UTC", "2026-11-25T12:40"),
        ("0 0 1 jan *", "UTC", "2027-01-01T00:00"),
        ("0 0 29 2 *", "UTC", "2028-02-29T00:00"),
        ("15,45 8-10 * * 1-5", "UTC", "2026-11-26T08:15"),
        # Both day fields are given: either will do.
        ("0 0 1 * 5", "UTC", "2026-11-27T00:00"),
        ("0 3 * * *", "Europe/Berlin", "2026-11-26T02:00"),
    ],
)
def test_a_schedule_is_next_due(text: str, zone: str, expected: str) -> None:
    due = parse_cron(text, zone).next_after(NOW)
    assert due is not None
    assert due.isoformat(timespec="minutes") == f"{expected}+00:00"


def test_a_date_that_never_comes_has_no_next_time() -> None:
    assert parse_cron("0 0 31 2 *").next_after(NOW) is None


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("", "UTC"),
        ("0 3 * *", "UTC"),
        ("60 * * * *", "UTC"),
        ("* 24 * * *", "UTC"),
        ("* * 0 * *", "UTC"),
        ("5-1 * * * *", "UTC"),
        ("*/0 * * * *", "UTC"),
        ("x * * * *", "UTC"),
        ("0 3 * * 0", "Europe/Nowhere"),
        ("0 3 * * 0", "../etc/passwd"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_an_error(text: str, zone: str) -> None:
    with pytest.raises(CronError):
        parse_cron(text, zone)
