"""The check that every other test here relies on: it finds what GitHub's description does not allow."""

import json
from dataclasses import replace

import pytest

from tests.sandbox.github.description import Exchange, github_description

GOOD = Exchange(
    method="GET",
    path="/repos/me/app/actions/variables/A",
    query="",
    sent=b"",
    status=200,
    content_type="application/json",
    answered=json.dumps(
        {
            "name": "A",
            "value": "1",
            "created_at": "2026-01-02T03:04:05Z",
            "updated_at": "2026-01-02T03:04:05Z",
        }
    ).encode(),
)
SENT = Exchange(
    method="POST",
    path="/repos/me/app/actions/variables",
    query="",
    sent=b'{"name": "A", "value": "1"}',
    status=201,
    content_type="application/json",
    answered=b"{}",
)


@pytest.mark.parametrize("exchange", [GOOD, SENT])
def test_a_call_as_described_has_no_problems(exchange: Exchange) -> None:
    assert github_description().problems(exchange) == []


@pytest.mark.parametrize(
    ("exchange", "problem"),
    [
        (replace(GOOD, path="/repos/me/app/actions/wishes"), "no such call"),
        (replace(GOOD, answered=b'{"name": "A"}'), "'value' is a required property"),
        (replace(GOOD, answered=GOOD.answered.replace(b'"1"', b"1")), "1 is not of type 'string'"),
        (replace(GOOD, answered=GOOD.answered.replace(b"2026", b"26")), "is not a 'date-time'"),
        (replace(GOOD, content_type="text/html"), "is JSON"),
        (replace(GOOD, status=202), "no answer 202"),
        (replace(GOOD, query="colour=red"), "no parameter colour"),
        (replace(GOOD, sent=b'{"a": 1}'), "takes no body"),
        (replace(GOOD, method="DELETE", status=204), "204 has no body"),
        (replace(SENT, sent=b'{"name": "A"}'), "'value' is a required property"),
        (replace(SENT, sent=b""), "body is missing"),
        (replace(SENT, status=422, answered=b'{"message": 7}'), "7 is not of type 'string'"),
    ],
)
def test_what_is_not_as_described_is_found(exchange: Exchange, problem: str) -> None:
    found = github_description().problems(exchange)
    assert any(problem in each for each in found), found


def test_a_request_that_was_refused_may_be_anything() -> None:
    refused = replace(SENT, sent=b'{"name": "A"}', status=422, answered=b'{"message": "no"}')
    assert github_description().problems(refused) == []
