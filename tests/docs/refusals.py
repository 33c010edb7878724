"""What a component refuses, read from its code: every `Problem` that its rules can make, with the argument it names.

It follows the calls from the component's class through this package's plain functions, statement by statement, and
keeps the texts that it knows. What is only known when a component is made (a value, a position) is shown as `…`.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from ci_runners.problems import Problem
from ci_runners.validate import Rules

UNKNOWN = "…"
SAID_ONCE = {"ci_runners.specs"}
"""What every component says of unknown, missing and mistyped arguments: the pages' index says it."""

Known = Mapping[str, str]
"""Texts by the names of the variables that hold them."""


@dataclass(frozen=True, order=True)
class Refusal:
    """One thing that is refused."""

    field: str
    expected: str
    fix: str

    @property
    def argument(self) -> str:
        """The argument that the field is, or is a part of."""
        return re.split(r"[.\[,]", self.field)[0]


@dataclass
class _Walk:
    """The functions that were seen with the same texts as arguments, and what they refuse."""

    modules: tuple[str, ...]
    seen: set[tuple[object, tuple[tuple[str, str], ...]]] = field(default_factory=set)
    inner: dict[str, ast.FunctionDef] = field(default_factory=dict)
    """Functions within functions, by name."""
    found: dict[Refusal, None] = field(default_factory=dict)

    def enter(self, function: Any, known: Known) -> None:  # noqa: ANN401  a function or a class
        mark = (function, tuple(sorted(known.items())))
        if mark in self.seen or function.__module__ in SAID_ONCE:
            return
        self.seen.add(mark)
        module, tree = sys.modules[function.__module__], _tree(function)
        bodies = tree.body if isinstance(tree, ast.ClassDef) else [tree]
        for body in bodies:
            if isinstance(body, ast.FunctionDef):
                self.block(body.body, module, dict(known))

    def block(self, statements: list[ast.stmt], module: ModuleType, known: dict[str, str]) -> bool:
        """Statements in their order; False where they never come to their end.

        Where the two ways of an `if` leave different texts behind, what follows is read once for each.
        """
        for at, statement in enumerate(statements):
            after = statements[at + 1 :]
            if isinstance(statement, ast.If) and _says(statement):
                self.expression(statement.test, module, known)
                for way in (statement.body, statement.orelse):
                    self.block([*way, *after], module, known | {})
                return False
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.IfExp):
                self.expression(statement.value, module, known)
                for value in (statement.value.body, statement.value.orelse):
                    self.block(after, module, known | _assigned(statement.targets[0], value, module, known))
                return False
            if not self.statement(statement, module, known):
                return False
        return True

    def statement(self, statement: ast.stmt, module: ModuleType, known: dict[str, str]) -> bool:
        if isinstance(statement, ast.FunctionDef):
            self.inner[statement.name] = statement
            self.block(statement.body, module, known | {})  # it may be handed on instead of being called
            return True
        bodies = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        handlers = [handler.body for handler in getattr(statement, "handlers", [])]
        named = (
            statement.target.id
            if isinstance(statement, ast.For) and isinstance(statement.target, ast.Name)
            else ""
        )
        each = _listed(statement.iter, module) if isinstance(statement, ast.For) and named else []
        for part in ast.iter_child_nodes(statement):
            if isinstance(part, ast.expr | ast.withitem | ast.keyword):
                self.expression(part, module, known)
        ends = [
            self.block(body, module, known | ({named: text} if named else {}))
            for text in each or [UNKNOWN]
            for body in (*bodies, *handlers)
        ]
        if isinstance(statement, ast.If) and not any(ends):
            return False
        if isinstance(statement, ast.Assign):
            known |= _assigned(statement.targets[0], statement.value, module, known)
        return not isinstance(statement, ast.Return | ast.Raise | ast.Continue)

    def expression(self, node: ast.AST, module: ModuleType, known: Known) -> None:
        """The calls in an expression."""
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                self.call(part, module, known)

    def call(self, call: ast.Call, module: ModuleType, known: Known) -> None:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        function = _resolved(call.func, module)
        rule = isinstance(call.func, ast.Attribute) and not name.startswith("_") and hasattr(Rules, name)
        if function is Problem:
            self.refuse(_bound([], call, module, known))
        elif rule and name == "problem":
            self.refuse(_bound(["field", "value", "expected", "fix"], call, module, known))
        elif rule and name == "each":
            field_ = f"{_text(call.args[0], module, known)}[{UNKNOWN}]"
            self.enter(getattr(Rules, _text(call.args[2], module, known)), {"field": field_})
        elif rule:
            self.enter(getattr(Rules, name), _bound(_parameters(getattr(Rules, name)), call, module, known))
        elif isinstance(call.func, ast.Name) and name in self.inner and function is None:
            inner = self.inner[name]
            bound = _bound([part.arg for part in inner.args.args], call, module, known)
            self.block(inner.body, module, {**known, **bound})
        elif isinstance(function, FunctionType) and function.__module__.startswith(self.modules):
            self.enter(function, _bound(_parameters(function), call, module, known))

    def refuse(self, said: Known) -> None:
        if UNKNOWN not in {said.get("expected", UNKNOWN), said.get("field", UNKNOWN)}:
            self.found[Refusal(said["field"], said["expected"], said.get("fix", UNKNOWN))] = None


def refusals(component: type, modules: tuple[str, ...] = ("ci_runners.",)) -> list[Refusal]:
    """Everything that a component's code can refuse, as far as it is in one of these modules."""
    walk = _Walk(modules)
    walk.enter(component, {})
    return sorted(walk.found)


@cache
def _tree(function: Any) -> ast.stmt:  # noqa: ANN401  a function or a class
    return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]


def _resolved(node: ast.expr, module: ModuleType) -> object:
    """The object that a plain or dotted name stands for in its module; None for a local one."""
    if isinstance(node, ast.Name):
        return getattr(module, node.id, None)
    if isinstance(node, ast.Attribute):
        return getattr(_resolved(node.value, module), node.attr, None)
    return None


def _parameters(function: Any) -> list[str]:  # noqa: ANN401  a function
    return [name for name in inspect.signature(function).parameters if name != "self"]


def _bound(names: list[str], call: ast.Call, module: ModuleType, known: Known) -> dict[str, str]:
    """The texts that a call hands over, by the names of the parameters."""
    pairs = [
        *zip(names, call.args, strict=False),
        *((word.arg, word.value) for word in call.keywords if word.arg),
    ]
    texts = {name: _text(value, module, known) for name, value in pairs}
    return {name: text for name, text in texts.items() if text != UNKNOWN}


def _says(statement: ast.If) -> bool:
    """Whether one of its ways gives a text to a name."""
    texts = (ast.Constant, ast.JoinedStr, ast.IfExp, ast.Tuple)
    parts = (part for way in (statement.body, statement.orelse) for inner in way for part in ast.walk(inner))
    return any(isinstance(part, ast.Assign) and isinstance(part.value, texts) for part in parts)


def _assigned(target: ast.expr, value: ast.expr, module: ModuleType, known: Known) -> dict[str, str]:
    """The texts that an assignment gives to names."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=False)
        return {name: text for each in pairs for name, text in _assigned(*each, module, known).items()}
    return {target.id: _text(value, module, known)} if isinstance(target, ast.Name) else {}


def _listed(node: ast.expr, module: ModuleType) -> list[str]:
    """The texts of a list that is written out, here or as a constant of the module."""
    if isinstance(node, ast.Tuple | ast.List):
        texts = [_text(item, module, {}) for item in node.elts]
        return [] if UNKNOWN in texts else texts
    found = _resolved(node, module)
    listed = isinstance(found, tuple | list | set | frozenset) and all(
        isinstance(item, str) for item in found
    )
    if not listed or not isinstance(found, tuple | list | set | frozenset):
        return []
    return sorted(found) if isinstance(found, set | frozenset) else list(found)


def _text(node: ast.expr, module: ModuleType, known: Known) -> str:
    """A text with `…` for what is not known."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, module, known) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, module, known)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        return _text(node.func.value, module, known).join(_listed(node.args[0], module)) or UNKNOWN
    constant = _resolved(node, module)
    return str(constant) if isinstance(constant, str | int | float) else UNKNOWN
