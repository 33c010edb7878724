"""Records on disk: one SQLite table per record class, each row a JSON document."""

# ruff: noqa: S608 - names of tables and columns come from the record classes, never from a request

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TypeVar

from sandbox import models

# SQLite's integers end here.
_LARGEST = 2**63 - 1

R = TypeVar("R", bound=models.Record)

_KINDS: tuple[type[models.Record], ...] = (
    models.Namespace,
    models.Project,
    models.Runner,
    models.RunnerManager,
    models.Variable,
    models.ProtectedRef,
    models.Pipeline,
    models.Job,
    models.Schedule,
    models.MergeRequest,
    models.Note,
)


class Store:
    """Reads and writes records. Used from one thread only: the event loop's."""

    def __init__(self, path: Path, kinds: Sequence[type[models.Record]] = _KINDS) -> None:
        # Opened before the event loop's thread is known; used by that thread alone.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A killed sandbox loses nothing that was answered; only a crash of the machine may.
        self._db.execute("PRAGMA synchronous = NORMAL")
        for kind in kinds:
            table = _table(kind)
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)"
            )
            for name in kind.INDEXED:
                self._db.execute(
                    f"CREATE INDEX IF NOT EXISTS {table}_{name} ON {table} ({_column(kind, name)})"
                )

    def close(self) -> None:
        """Closes the database file."""
        self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes in the block are kept, or, when it raises, none."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add(self, record: R) -> R:
        """Stores a new record and gives it its number."""
        cursor = self._db.execute(f"INSERT INTO {_table(type(record))} (body) VALUES (?)", (_dump(record),))
        record.id = cursor.lastrowid or 0
        return record

    def save(self, record: models.Record) -> None:
        """Writes a record that `add` stored before."""
        self._db.execute(
            f"UPDATE {_table(type(record))} SET body = ? WHERE id = ?", (_dump(record), record.id)
        )

    def delete(self, record: models.Record) -> None:
        """Removes a record. Its number is never given again."""
        self._db.execute(f"DELETE FROM {_table(type(record))} WHERE id = ?", (record.id,))

    def get(self, kind: type[R], number: int, /) -> R | None:
        """The record with this number."""
        if number > _LARGEST:
            return None
        rows = self._db.execute(f"SELECT id, body FROM {_table(kind)} WHERE id = ?", (number,))
        return next((_load(kind, row) for row in rows), None)

    def find(self, kind: type[R], /, **equals: str | int | None) -> list[R]:
        """All records whose fields have these values, oldest first."""
        where = " AND ".join(f"{_column(kind, name)} IS ?" for name in equals) or "TRUE"
        rows = self._db.execute(
            f"SELECT id, body FROM {_table(kind)} WHERE {where} ORDER BY id", tuple(equals.values())
        )
        return [_load(kind, row) for row in rows]

    def first(self, kind: type[R], /, **equals: str | int | None) -> R | None:
        """The oldest record whose fields have these values."""
        return next(iter(self.find(kind, **equals)), None)


def _table(kind: type[models.Record]) -> str:
    return kind.__name__.lower()


def _column(kind: type[models.Record], name: str) -> str:
    if name not in {field.name for field in fields(kind)}:
        raise AttributeError(f"{kind.__name__} has no field {name}")
    return f"json_extract(body, '$.{name}')"


def _dump(record: models.Record) -> str:
    body = asdict(record)
    del body["id"]
    return json.dumps(body)


def _load(kind: type[R], row: tuple[int, str]) -> R:
    return kind(id=row[0], **json.loads(row[1]))
