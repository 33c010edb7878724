"""Expressions and filter patterns, as GitHub's documents have them."""

import pytest

from sandbox.github.actions.expressions import (
    ExpressionError,
    Scope,
    condition,
    evaluate,
    insert,
    truth,
    uses_status,
)
from sandbox.github.actions.patterns import matches

SCOPE = Scope(
    values={
        "github": {"ref": "refs/heads/main", "event": {"inputs": {"tag": "v1"}}, "run_id": "7"},
        "vars": {"HOST": "example.com"},
        "list": ["a", "B"],
    },
    status={"success": True, "failure": False, "always": True, "cancelled": False},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        ("42", 42.0),
        ("-1.5", -1.5),
        ("true", True),
        ("null", None),
        ("github.ref", "refs/heads/main"),
        ("github['ref']", "refs/heads/main"),
        ("github.event.inputs.tag", "v1"),
        ("github.event.nothing.at.all", None),
        ("vars.host", "example.com"),
        ("'Main' == 'main'", True),
        ("'1' == 1", True),
        ("null == ''", True),
        ("'a' != 'b'", True),
        ("'x' == 0", False),
        ("1 < 2", True),
        ("2 <= 1", False),
        ("'b' > 'a'", True),
        ("3 >= 3", True),
        ("true && 'yes' || 'no'", "yes"),
        ("false && 'yes' || 'no'", "no"),
        ("!('' || null)", True),
        ("contains(list, 'b')", True),
        ("contains('Hello', 'ELL')", True),
        ("startsWith(github.ref, 'refs/heads/')", True),
        ("endsWith(github.ref, '/main')", True),
        ("format('{0}-{1}', github.run_id, 2)", "7-2"),
        ("success() && !cancelled()", True),
        ("always() && failure()", False),
    ],
)
def test_an_expression_has_its_value(text: str, value: object) -> None:
    assert evaluate(text, SCOPE) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "github.",
        "github[",
        "matrix.os",
        "fromJSON('{}')",
        "contains(",
        "startsWith('a')",
        "'open",
        "a b",
        "==",
        "success(1)",
    ],
)
def test_what_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, SCOPE)


def test_values_are_put_into_texts() -> None:
    text = "${{ github.ref }} ${{ 1 }} ${{ true }} ${{ null }} $x"
    assert insert(text, SCOPE) == "refs/heads/main 1 true  $x"
    with pytest.raises(ExpressionError, match="object"):
        insert("${{ github.event }}", SCOPE)


def test_a_condition_may_have_braces_around_it() -> None:
    assert condition("${{ always() }}").strip() == "always()"
    assert condition("always()") == "always()"


@pytest.mark.parametrize(("text", "uses"), [("always()", True), ("Failure ( )", True), ("github.ref", False)])
def test_a_condition_asks_for_success_unless_it_speaks_of_it(text: str, uses: bool) -> None:  # noqa: FBT001
    assert uses_status(text) is uses


@pytest.mark.parametrize("value", [None, False, 0, 0.0, ""])
def test_nothing_is_not_true(value: object) -> None:
    assert not truth(value)


@pytest.mark.parametrize(
    ("patterns", "name", "fits"),
    [
        ("main", "main", True),
        ("main", "main2", False),
        ("*", "feature/x", False),
        ("**", "feature/x", True),
        ("feature/*", "feature/a", True),
        ("feature/*", "feature/a/b", False),
        ("feature/**", "feature/a/b", True),
        ("**/fix", "a/b/fix", True),
        ("v2*", "v2.1", True),
        ("v[12].[0-9]+.[0-9]+", "v1.10.1", True),
        ("v[12].[0-9]+.[0-9]+", "v3.10.1", False),
        ("*.jsx?", "page.js", True),
        ("a\\*b", "a*b", True),
        ("release/** !release/**-alpha", "release/10-alpha", False),
        ("release/** !release/**-alpha", "release/10", True),
        ("!main main", "main", True),
    ],
)
def test_a_pattern_lets_in_what_github_s_cheat_sheet_says(patterns: str, name: str, fits: bool) -> None:  # noqa: FBT001
    assert matches(name, patterns.split()) is fits
