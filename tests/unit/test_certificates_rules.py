"""What is refused of a daemon's certificates, when they are made anew, and when a person hears of them."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.render.certificates import (
    LIFE_DAYS,
    SCRIPT,
    Certificates,
    authority_end,
    authority_key_problems,
    certificate_notice,
    certificates_problems,
    without_key,
)
from ci_runners.validate import Rules
from tests.unit.authority import AUTHORITY, AUTHORITY_END, KEY, SERVER

RULES = Rules(component="DindDaemon 'dind'")
TODAY = date(2026, 12, 1)
DAYS = st.dates(date(2020, 1, 1), date(2090, 1, 1))


def end_in(days: int) -> str:
    return f"{TODAY + timedelta(days=days)}T03:04:05Z"


def text(days: int, **asked: Any) -> str:  # noqa: ANN401  any field's value
    """What a warning says of certificates that end in so many days."""
    notice = certificate_notice(end_in(days), TODAY, Certificates(**asked))
    assert notice is not None
    assert notice.is_warning
    return notice.text


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"rotate": "soon"}, "rotate"),
        ({"rotate": "2026-02-30"}, "rotate"),
        ({"rotate": "20261201"}, "rotate"),
        ({"rotate": "2026-W49-2"}, "rotate"),
        ({"rotate": "2026-12-01T00:00:00"}, "rotate"),
        ({"rotate": ""}, "rotate"),
        ({"warn_days": 0}, "warn_days"),
        ({"warn_days": LIFE_DAYS + 1}, "warn_days"),
        ({"authority_certificate": ""}, "authority_certificate"),
        ({"authority_certificate": "/etc/ssl/ca.pem"}, "authority_certificate"),
        ({"authority_certificate": "\u00e9"}, "authority_certificate"),
        ({"authority_certificate": SERVER}, "authority_certificate"),
        ({"authority_certificate": AUTHORITY + SERVER}, "authority_certificate"),
        ({"authority_certificate": KEY}, "authority_certificate"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_argument_is_named_and_nothing_else_is(asked: dict[str, Any], field: str) -> None:
    found = list(certificates_problems(RULES, Certificates(**asked)))

    assert [problem.field for problem in found] == [f"certificates.{field}"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"rotate": "2020-02-29"},
        {"rotate": "2199-12-31", "warn_days": 1},
        {"authority_certificate": AUTHORITY, "warn_days": LIFE_DAYS},
        {"authority_certificate": f"issued by us\n{AUTHORITY}"},
    ],
    ids=str,
)
def test_what_works_is_not_refused(asked: dict[str, Any]) -> None:
    assert list(certificates_problems(RULES, Certificates(**asked))) == []


def test_an_authoritys_end_is_read_from_its_certificate() -> None:
    end = authority_end(AUTHORITY)

    assert end is not None
    assert str(end.date()) == AUTHORITY_END


@pytest.mark.parametrize(
    ("certificate", "key", "fields"),
    [
        (None, None, []),
        (AUTHORITY, KEY, []),
        (AUTHORITY, object(), []),
        (AUTHORITY, None, ["authority_key"]),
        (None, KEY, ["certificates.authority_certificate"]),
        (AUTHORITY, "no key", ["authority_key"]),
        (AUTHORITY, AUTHORITY, ["authority_key"]),
        (AUTHORITY, KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"), ["authority_key"]),
        (AUTHORITY, KEY.replace("\n", "\nProc-Type: 4,ENCRYPTED\n", 1), ["authority_key"]),
    ],
)
def test_certificate_and_key_come_together_and_the_key_is_one(
    certificate: str | None, key: object, fields: list[str]
) -> None:
    asked = Certificates(authority_certificate=certificate)

    assert [problem.field for problem in authority_key_problems(RULES, asked, key)] == fields


def test_no_message_shows_a_key() -> None:
    asked = Certificates(authority_certificate=AUTHORITY)
    (problem,) = authority_key_problems(RULES, asked, "made-up-secret")

    assert "a secret value" in str(problem)
    assert "made-up-secret" not in str(problem)


@pytest.mark.parametrize(
    ("rotate", "due"),
    [(None, None), ("2026-12-02", None), ("2026-12-01", "2026-12-01"), ("2020-01-01", "2020-01-01")],
)
def test_a_rotation_is_due_on_its_day_and_stays_so(rotate: str | None, due: str | None) -> None:
    assert Certificates(rotate=rotate).rotated(TODAY) == due


@pytest.mark.parametrize(
    ("days", "asked"),
    [
        (31, {}),
        (825, {}),
        (8, {"warn_days": 7}),
        (31, {"rotate": "2026-11-30"}),
        (31, {"rotate": "2026-12-01"}),
    ],
)
def test_nothing_is_told_of_certificates_that_hold(days: int, asked: dict[str, Any]) -> None:
    assert certificate_notice(end_in(days), TODAY, Certificates(**asked)) is None


def test_a_warning_names_the_day_and_what_to_do() -> None:
    said = text(30)

    assert "the certificates end on 2026-12-31, in 30 days" in said
    assert "set certificates.rotate to a day before" in said


def test_a_warning_comes_as_early_as_asked_for() -> None:
    assert "in 300 days" in text(300, warn_days=300)


def test_certificates_that_ended_are_said_to_keep_jobs_from_the_daemon() -> None:
    assert "ended on 2026-11-30: no job reaches the daemon" in text(-1)


def test_a_rotation_in_time_is_told_and_no_warning() -> None:
    notice = certificate_notice(end_in(10), TODAY, Certificates(rotate="2026-12-05"))

    assert notice is not None
    assert not notice.is_warning
    assert "on or after 2026-12-05" in notice.text


@pytest.mark.parametrize("days", [10, 400])
@pytest.mark.parametrize("later", [0, 1, 300])
def test_a_rotation_that_comes_too_late_is_warned_of_at_once(days: int, later: int) -> None:
    rotate = TODAY + timedelta(days=days + later)

    assert f"certificates.rotate is {rotate}, and they end on {end_in(days)[:10]} already" in text(
        days, rotate=str(rotate)
    )


def test_where_ones_own_authority_ends_the_cure_is_a_newer_one() -> None:
    own = Certificates(authority_certificate=AUTHORITY, warn_days=LIFE_DAYS)
    of_the_authority = certificate_notice(f"{AUTHORITY_END}T00:00:00Z", TODAY, own)
    before_it = certificate_notice(end_in(10), TODAY, own)

    assert of_the_authority is not None
    assert before_it is not None
    assert "give certificates.authority_certificate one that holds for longer" in of_the_authority.text
    assert "set certificates.rotate" in before_it.text


@given(end=DAYS, today=DAYS, rotate=st.none() | DAYS, warn_days=st.integers(1, LIFE_DAYS))
def test_nobody_is_surprised_by_the_end(end: date, today: date, rotate: date | None, warn_days: int) -> None:
    asked = Certificates(rotate=str(rotate) if rotate else None, warn_days=warn_days)
    notice = certificate_notice(f"{end}T00:00:00Z", today, asked)

    near = (end - today).days <= warn_days
    planned = rotate is not None and today < rotate
    in_time = rotate is not None and planned and rotate < end
    assert (notice is not None) == (near or planned)
    assert (notice is not None and notice.is_warning) == ((near or planned) and not in_time)


def test_only_the_key_is_kept_from_the_spec() -> None:
    assert without_key({"memory": 1, "certificates": {}, "authority_key": KEY}) == {
        "memory": 1,
        "certificates": {},
    }


def test_the_script_and_the_package_agree_on_a_certificates_life() -> None:
    assert f"\nlife_days={LIFE_DAYS}\n" in SCRIPT
