"""The expressions of `rules: if`, as in GitLab's CI/CD YAML reference, "CI/CD variable expressions".

Understood: `$NAME`, `${NAME}`, strings in either quotes, `null`, `/pattern/flags`, `==`, `!=`, `=~`, `!~`, `&&`, `||`
and parentheses. `&&` binds tighter than `||`. A variable that is missing is null; null and the empty string are false.
Patterns are Python's, not RE2: the two differ only in what RE2 refuses.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Values = Mapping[str, str]
Value = str | re.Pattern[str] | bool | None
Evaluate = Callable[[Values], Value]

_TOKENS = re.compile(
    r"""\s*(?:
      (?P<variable>\$(?:\w+|\{\w+\}))
    | (?P<string>"[^"]*"|'[^']*')
    | (?P<pattern>/(?:[^/\\]|\\.)*/[ism]*)
    | (?P<null>null\b)
    | (?P<operator>==|!=|=~|!~|&&|\|\||\(|\))
    )""",
    re.VERBOSE,
)
_FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE}


class ExpressionError(ValueError):
    """An expression that GitLab would call invalid syntax."""


def compile_expression(text: str) -> Callable[[Values], bool]:
    """Makes a function of the variables out of an expression.

    Raises:
        ExpressionError: the expression is not understood.
    """
    parser = _Parser(tokens=_tokens(text), text=text)
    evaluate = parser.disjunction()
    if parser.position < len(parser.tokens):
        raise parser.error()
    return lambda values: _truth(evaluate(values))


def as_pattern(text: str) -> re.Pattern[str]:
    """Compiles `/pattern/flags`.

    Raises:
        ExpressionError: it has no slashes, or the pattern is not valid.
    """
    match = re.fullmatch(r"/(.*)/([ism]*)", text, re.DOTALL)
    if match is None:
        raise ExpressionError(f"{text!r} is not a pattern: write /pattern/")
    flags = re.RegexFlag(0)
    for letter in match[2]:
        flags |= _FLAGS[letter]
    try:
        return re.compile(match[1].replace(r"\/", "/"), flags)
    except re.error as why:
        raise ExpressionError(f"{text!r} is not a valid pattern: {why}") from why


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKENS.match(text, position)
        if match is None:
            raise ExpressionError(f"invalid expression syntax at {text[position:].strip()!r} in {text!r}")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        position = match.end()
    return found


@dataclass(kw_only=True)
class _Parser:
    """Recursive descent: disjunction, conjunction, comparison, operand."""

    tokens: list[tuple[str, str]]
    text: str
    position: int = 0

    def error(self) -> ExpressionError:
        return ExpressionError(f"invalid expression syntax in {self.text!r}")

    def take(self, *operators: str) -> str | None:
        if self.position < len(self.tokens):
            kind, text = self.tokens[self.position]
            if kind == "operator" and text in operators:
                self.position += 1
                return text
        return None

    def disjunction(self) -> Evaluate:
        left = self.conjunction()
        while self.take("||"):
            left = _either(left, self.conjunction())
        return left

    def conjunction(self) -> Evaluate:
        left = self.comparison()
        while self.take("&&"):
            left = _both(left, self.comparison())
        return left

    def comparison(self) -> Evaluate:
        left = self.operand()
        while operator := self.take("==", "!=", "=~", "!~"):
            left = _compared(operator, left, self.operand())
        return left

    def operand(self) -> Evaluate:
        if self.take("("):
            inside = self.disjunction()
            if not self.take(")"):
                raise self.error()
            return inside
        if self.position >= len(self.tokens):
            raise self.error()
        kind, text = self.tokens[self.position]
        self.position += 1
        if kind == "variable":
            name = text.strip("${}")
            return lambda values: values.get(name)
        if kind == "string":
            return _constant(text[1:-1])
        if kind == "pattern":
            return _constant(as_pattern(text))
        if kind == "null":
            return _constant(None)
        raise self.error()


def _constant(value: Value) -> Evaluate:
    return lambda _values: value


def _either(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda values: _truth(left(values)) or _truth(right(values))


def _both(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda values: _truth(left(values)) and _truth(right(values))


def _compared(operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if operator == "==":
        return lambda values: left(values) == right(values)
    if operator == "!=":
        return lambda values: left(values) != right(values)
    if operator == "=~":
        return lambda values: _matches(left(values), right(values))
    return lambda values: not _matches(left(values), right(values))


def _matches(text: Value, pattern: Value) -> bool:
    # A variable may hold the pattern; one that holds something else matches nothing.
    if isinstance(pattern, str):
        try:
            pattern = as_pattern(pattern)
        except ExpressionError:
            return False
    return isinstance(pattern, re.Pattern) and bool(pattern.search(text if isinstance(text, str) else ""))


def _truth(value: Value) -> bool:
    return bool(value)
