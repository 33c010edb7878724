"""The page of the connection, from its code."""

import ast
import dataclasses
import inspect
import sys
import textwrap

from ci_runners.connection import VERSION, Connection
from tests.docs.tables import cell, lines_of, table


def connection_page(made: str) -> str:
    """Every field with what it holds."""
    said = field_docstrings(Connection)
    rows = [
        [f"`{field.name}`", f"`{_type(field)}`", cell(said.get(field.name, "What builds the images."))]
        for field in dataclasses.fields(Connection)
    ]
    return "\n".join(
        [
            made,
            "# The connection",
            "",
            *lines_of(inspect.cleandoc(sys.modules[Connection.__module__].__doc__ or "")),
            "",
            f"The format's version is {VERSION}. `Connection.parse(text)` reads it and refuses any other version;",
            "`dump()` writes it. A program hands the `connection` output of a daemon on as it is; who renders a pipeline",
            "parses it first.",
            "",
            *table(["field", "type", "what it holds"], rows),
            "",
        ]
    )


def field_docstrings(kind: type) -> dict[str, str]:
    """The text below each field of a class."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            found[field.target.id] = str(text.value.value)  # type: ignore[attr-defined]
    return found


def _type(field: "dataclasses.Field[object]") -> str:
    return getattr(field.type, "__name__", "") if isinstance(field.type, type) else str(field.type)
