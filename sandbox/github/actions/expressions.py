"""Expressions in workflow files, as far as GitHub evaluates them itself, before a runner has the job.

GitHub docs, "Evaluate expressions in workflows and actions". What is not understood is an error, never ignored.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Value = object
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[<>!().,\[\]]))"
)
_INSERT = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_WORDS: Mapping[str, Value] = {"true": True, "false": False, "null": None}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
STATUS = ("success", "failure", "cancelled", "always")
"""Functions about what went before; without one of them a condition also asks for success."""


class ExpressionError(ValueError):
    """An expression that is not understood."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an expression can see."""

    values: Mapping[str, Value] = field(default_factory=dict)
    """Contexts by name, such as `github`."""
    status: Mapping[str, bool] = field(default_factory=dict)
    """Answers of the status functions that may be called here."""


def insert(text: str, scope: Scope) -> str:
    """The text with every `${{ … }}` replaced by its value."""
    return _INSERT.sub(lambda found: as_text(evaluate(found[1], scope)), text)


def uses_status(text: str) -> bool:
    """Whether a condition calls a status function."""
    return any(re.search(rf"\b{name}\s*\(", text, re.IGNORECASE) for name in STATUS)


def condition(text: str) -> str:
    """A condition without the `${{ }}` around it, which it may have or not."""
    whole = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", text, re.DOTALL)
    return whole[1] if whole else text


def evaluate(text: str, scope: Scope) -> Value:
    """The value of an expression.

    Raises:
        ExpressionError: it is malformed, or has a name or function that is not known here.
    """
    parser = _Parser(_tokens(text), scope, text)
    value = parser.binary(0)
    parser.end()
    return value


def truth(value: Value) -> bool:
    """What counts as true: anything but false, null, 0 and the empty string."""
    return value not in (None, False, 0, "")


def as_text(value: Value) -> str:
    """A value as it is put into a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list):
        raise ExpressionError("an object or array cannot be put into a text")
    return str(value)


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise ExpressionError(f"{text.strip()!r}: not understood from {text[at:].strip()[:20]!r}")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


class _Parser:
    """Evaluates while it reads; both sides of `&&` and `||` are always looked at."""

    def __init__(self, tokens: list[tuple[str, str]], scope: Scope, text: str) -> None:
        self._tokens = tokens
        self._scope = scope
        self._text = text.strip()
        self._at = 0

    def _error(self, why: str) -> ExpressionError:
        return ExpressionError(f"{self._text!r}: {why}")

    def _sign(self, *wanted: str) -> str | None:
        """The next sign, taken if it is one of these."""
        if self._at < len(self._tokens):
            kind, word = self._tokens[self._at]
            if kind == "sign" and word in wanted:
                self._at += 1
                return word
        return None

    def _expect(self, sign: str) -> None:
        if self._sign(sign) is None:
            raise self._error(f"expected {sign!r}")

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._error(f"unexpected {self._tokens[self._at][1]!r}")

    def binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        left = self.binary(level + 1)
        while sign := self._sign(*_LEVELS[level]):
            right = self.binary(level + 1)
            left = _combine(sign, left, right)
        return left

    def _unary(self) -> Value:
        if self._sign("!"):
            return not truth(self._unary())
        if self._sign("("):
            inner = self.binary(0)
            self._expect(")")
            return inner
        if self._at == len(self._tokens):
            raise self._error("it ends too early")
        kind, word = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return float(word)
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "sign":
            raise self._error(f"unexpected {word!r}")
        return self._named(word)

    def _named(self, word: str) -> Value:
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
        if self._sign("("):
            return self._function(word.lower(), self._arguments())
        if word not in self._scope.values:
            raise self._error(f"there is no {word} here")
        value = self._scope.values[word]
        while sign := self._sign(".", "["):
            value = _below(value, self._key(sign))
        return value

    def _key(self, sign: str) -> str:
        if sign == "[":
            key = as_text(self.binary(0))
            self._expect("]")
            return key
        if self._at == len(self._tokens) or self._tokens[self._at][0] != "name":
            raise self._error("a name has to follow the dot")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _arguments(self) -> list[Value]:
        given: list[Value] = []
        if self._sign(")"):
            return given
        given.append(self.binary(0))
        while self._sign(","):
            given.append(self.binary(0))
        self._expect(")")
        return given

    def _function(self, name: str, given: list[Value]) -> Value:
        if name in self._scope.status and not given:
            return self._scope.status[name]
        if name not in _FUNCTIONS or not given:
            raise self._error(f"there is no function {name} here")
        try:
            return _FUNCTIONS[name](*given)
        except (TypeError, IndexError, KeyError, ValueError) as why:
            raise self._error(f"{name} does not take this: {why}") from why


def _below(value: Value, key: str) -> Value:
    if isinstance(value, Mapping):
        return next((held for name, held in value.items() if str(name).lower() == key.lower()), None)
    return None


def _combine(sign: str, left: Value, right: Value) -> Value:
    if sign == "||":
        return left if truth(left) else right
    if sign == "&&":
        return right if truth(left) else left
    first, second = _comparable(left), _comparable(right)
    if type(first) is not type(second):
        first, second = _number(left), _number(right)
    if sign in {"==", "!="}:
        return (first == second) is (sign == "==")
    if isinstance(first, str) and isinstance(second, str):
        return _ordered(sign, first < second, first == second)
    return _ordered(sign, _number(left) < _number(right), _number(left) == _number(right))


def _ordered(sign: str, less: bool, equal: bool) -> bool:  # noqa: FBT001 - both say what was compared
    return {"<": less, "<=": less or equal, ">": not less and not equal, ">=": not less}[sign]


def _comparable(value: Value) -> Value:
    """Texts are compared whatever their case."""
    if isinstance(value, str):
        return value.lower()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _number(value: Value) -> float:
    if value is None or value == "":
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(str(value))
    except ValueError:
        return float("nan")


def _contains(where: Value, what: Value) -> bool:
    if isinstance(where, list):
        return any(_comparable(item) == _comparable(what) for item in where)
    return as_text(what).lower() in as_text(where).lower()


_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "contains": _contains,
    "startswith": lambda text, head: as_text(text).lower().startswith(as_text(head).lower()),
    "endswith": lambda text, tail: as_text(text).lower().endswith(as_text(tail).lower()),
    "format": lambda text, *given: as_text(text).format(*map(as_text, given)),
}
