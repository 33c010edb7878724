"""Reading the end of a certificate's life."""

import pytest

from ci_runners.certificate import expiry


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("notAfter=Jan  2 03:04:05 2027 GMT\n", "2027-01-02T03:04:05Z"),
        ("notAfter=Dec 31 23:59:59 2099 GMT", "2099-12-31T23:59:59Z"),
        ("notAfter=Jan  2 03:04:05 2028 GMT\nnotAfter=Jan  2 03:04:05 2027 GMT\n", "2027-01-02T03:04:05Z"),
        ("warning: something\nnotAfter=Feb 29 00:00:00 2028 GMT\n", "2028-02-29T00:00:00Z"),
    ],
)
def test_the_end_is_given_in_utc(text: str, expected: str) -> None:
    assert expiry(text) == expected


@pytest.mark.parametrize("text", ["", "unable to load certificate", "notAfter=Feb 30 00:00:00 2027 GMT"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"end of a certificate|day is out of range"):
        expiry(text)


def test_what_the_certificate_maker_says_is_wrong_is_told() -> None:
    with pytest.raises(ValueError, match="the certificates were not made: the key is another's"):
        expiry("problem: the key is another's\n")
