import pytest

from sandbox.ci.expressions import ExpressionError, compile_expression

VALUES = {
    "BRANCH": "main",
    "EMPTY": "",
    "SOURCE": "push",
    "VERSION": "v1.2.3",
    "PATTERN": "/^v\\d/",
    "WORD": "main",
    "PATH_LIKE": "a/b",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$BRANCH", True),
        ("${BRANCH}", True),
        ("$EMPTY", False),
        ("$MISSING", False),
        ('$BRANCH == "main"', True),
        ("$BRANCH == 'main'", True),
        ('"main" == $BRANCH', True),
        ("$BRANCH == $WORD", True),
        ('$BRANCH != "main"', False),
        ("$MISSING == null", True),
        ("$EMPTY == null", False),
        ('$EMPTY == ""', True),
        ('$MISSING == ""', False),
        ("$BRANCH != null", True),
        ("$VERSION =~ /^v[0-9.]+$/", True),
        ("$VERSION =~ /^V1/", False),
        ("$VERSION =~ /^V1/i", True),
        ("$VERSION !~ /^v/", False),
        ("$PATH_LIKE =~ /a\\/b/", True),
        ("$VERSION =~ $PATTERN", True),
        ("$VERSION =~ $WORD", False),
        ("$MISSING =~ /x/", False),
        ("$MISSING !~ /x/", True),
        ('$BRANCH == "main" && $SOURCE == "push"', True),
        ('$BRANCH == "main" && $SOURCE == "web"', False),
        ('$BRANCH == "other" || $SOURCE == "push"', True),
        # `&&` binds tighter than `||`.
        ('$BRANCH == "main" || $BRANCH == "x" && $SOURCE == "web"', True),
        ('($BRANCH == "main" || $BRANCH == "x") && $SOURCE == "web"', False),
        ('( $BRANCH == "main" )', True),
        ('$BRANCH == "a && b"', False),
    ],
)
def test_an_expression_is_true_or_false_as_in_gitlab(*, text: str, expected: bool) -> None:
    assert compile_expression(text)(VALUES) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$BRANCH ==",
        "== $BRANCH",
        "$BRANCH = 'main'",
        "($BRANCH",
        "$BRANCH)",
        "main",
        "$A $B",
        "/[/",
        "$A =~ /(/",
    ],
)
def test_an_expression_that_makes_no_sense_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)
