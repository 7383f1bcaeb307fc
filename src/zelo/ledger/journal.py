"""The journal: what is answered reaches the disk as one entry, and is moved to its tables afterwards.

An entry costs one write at the end of one table, however many rows it holds; a row of ``predictions`` costs
one in every index, at random places. Callers wait for the first alone.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, perf_counter, sleep
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from pydantic_core import PydanticSerializationError, from_json, to_json

from zelo.errors import LedgerError
from zelo.ledger.engine import checkpoint, driver, explained, place, write_lock
from zelo.ledger.records import PredictionRecord, ShadowRecord
from zelo.ledger.schema import journal, microseconds, predictions, shadows

ROWS_AT_ONCE = 16
"""Nothing else is written while an entry is moved: so many rows take one or two milliseconds."""
MOST_ROWS = 2_000_000
"""So many rows may wait: one gigabyte, or two."""
_ENTRIES_A_LOOK = 256
_ROWS_A_CHECKPOINT = 5_000
_LONG_LOG = 50_000
"""Pages, of 4 kB: SQLite's log is begun anew by force where it is longer."""
_MOST_AT_ONCE = 512
"""The more rows wait, the more are moved at once: a row costs less then, and whoever appends waits longer."""
_RESTS = ((10_000, 4), (50_000, 2), (sys.maxsize, 1))
"""Where no more rows wait than these, a move is followed by a rest of so many times its length."""
_LENGTHS = (1, 4, 16, 64, 256, 1_024)
"""Rows, or entries, of a statement."""
_AGAIN_SECONDS = 0.002
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows that wait in the journal, since when, and how many entries were set aside.

    An entry is set aside where it cannot be moved: it is damaged, or contradicts what is there. It stays in
    the journal, with the reason in its column ``fault``.
    """

    rows: int
    since: datetime | None
    set_aside: int


class _Entry(NamedTuple):
    id: int
    rows: int
    content: bytes


class _Rows(NamedTuple):
    """Values as the driver takes them, in the order of the tables' columns."""

    predictions: list[tuple[Any, ...]]
    shadows: list[tuple[Any, ...]]


class Journal:
    """The journal of a ledger. Thread-safe; several processes may use the same one.

    Every method raises :class:`LedgerError` as the ledger's own do.
    """

    def __init__(self, engine: sa.Engine, *, busy_timeout: float, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._busy_timeout = busy_timeout
        self._now = now
        self._mark = "?" if engine.dialect.name == "sqlite" else "%s"
        # Threads of a process queue here: where SQLite waits it sleeps, and longer than a move takes.
        self._turn = threading.Lock()
        self._room = 0
        self._unsynced = 0
        self._pages = 0

    def append(self, records: Sequence[PredictionRecord], beside: Sequence[ShadowRecord]) -> None:
        """Write them all, or nothing; they are on the disk when this returns."""
        rows = len(records) + len(beside)
        at = microseconds(self._now())
        try:
            values = [value for entry in _entries(records, beside) for value in (at, *entry)]
        except PydanticSerializationError as error:
            raise LedgerError("a record is no JSON", where=place(self._engine), found=str(error)) from error
        statement = f"INSERT INTO journal (at, rows, content) VALUES {self._marks(len(values) // 3, 3)}"  # noqa: S608
        if self._room < rows:
            self._make_room(rows)
        with self._explained(), self._turn, driver(self._engine) as connection:
            # One statement is a transaction of its own: SQLite locks, writes and flushes in one call.
            connection.cursor().execute(statement, values)
            connection.commit()
        self._room -= rows

    def settle(self, *, step_back: bool = False) -> int:
        """Move what is in the journal now to its tables: how many rows this call moved.

        An entry is moved once, whoever else settles at the same time. The ledger is left to others for half
        of the time; with ``step_back``, for four fifths of it where few rows wait, and who steps back leaves
        :meth:`checkpoint` to a thread of less priority.
        """
        moved = 0
        with self._explained():
            with self._engine.connect() as connection:
                newest, waiting = connection.execute(_NEWEST).one()
            rests = next(rest for rows, rest in _RESTS if waiting <= rows) if step_back else 1
            most = min(max(ROWS_AT_ONCE, waiting // 500), _MOST_AT_ONCE)
            while newest is not None and (entries := self._oldest(newest)):
                for some in _moves(entries, most):
                    started = perf_counter()
                    rows = self._move(some)
                    moved += rows
                    self._unsynced += rows
                    self._shorten()
                    if not step_back:
                        self.checkpoint()
                    # Another process that waits for the lock sleeps, and must find it free when it looks.
                    sleep(rests * (perf_counter() - started))
        return moved

    def waiting(self) -> Waiting:
        """What it holds now."""
        with self._explained(), self._engine.connect() as connection:
            rows, since = connection.execute(_COUNT).one()
            return Waiting(int(rows), since, connection.execute(_SET_ASIDE).scalar_one())

    def prediction(self, prediction_id: str) -> PredictionRecord | None:
        """The prediction of that id, where it waits here."""
        quoted = to_json(prediction_id)
        with self._explained(), self._engine.connect() as connection:
            for (content,) in connection.execute(sa.select(journal.c.content).where(_WAITS)):
                if quoted not in content:
                    continue
                for record in _read(content)[0]:
                    if record.id == prediction_id:
                        return record
        return None

    def checkpoint(self) -> None:
        """Copy SQLite's log into its file, where much has been moved: long work that nobody waits for."""
        if self._unsynced < _ROWS_A_CHECKPOINT:
            return
        self._unsynced = 0
        with self._explained():
            self._pages, copied = checkpoint(self._engine)
            self._pages -= copied

    def _shorten(self) -> None:
        """Begin SQLite's log anew, by force, where the others let it grow."""
        if self._pages > _LONG_LOG:
            self._pages = 0
            # Most is copied first: what came meanwhile takes nobody long.
            checkpoint(self._engine)
            with self._turn:
                checkpoint(self._engine, alone=True)

    def _make_room(self, rows: int) -> None:
        """Count what waits: not for each answer, but when the room that was found last is used up."""
        waiting = self.waiting().rows
        if waiting + rows > MOST_ROWS:
            raise LedgerError(
                "the ledger's journal is full",
                where=place(self._engine),
                found=f"{waiting} rows that wait to be moved to their tables",
                expected=f"at most {MOST_ROWS}",
                hint="nothing was written; look in the log for why they are not moved, or for a slow disk",
            )
        self._room = MOST_ROWS - waiting

    def _oldest(self, newest: int) -> list[_Entry]:
        with self._engine.connect() as connection:
            return [_Entry(*row) for row in connection.execute(_OLDEST, {"newest": newest})]

    def _move(self, entries: Sequence[_Entry]) -> int:
        """Move entries in one transaction; what cannot be moved is set aside. How many rows were moved."""
        dbapi = self._engine.dialect.loaded_dbapi
        try:
            return self._moved(entries, [_decoded(entry.content) for entry in entries])
        except (ValueError, TypeError, dbapi.IntegrityError, dbapi.DataError) as error:
            if len(entries) > 1:
                return sum(self._move([entry]) for entry in entries)
            self._set_aside(entries[0], error)
            return 0

    def _moved(self, entries: Sequence[_Entry], decoded: Sequence[_Rows]) -> int:
        ids = [entry.id for entry in entries]
        with self._writing() as cursor:
            # A few lengths alone: the driver keeps each statement that it has seen, and a long one is large.
            wanted = ids + ids[:1] * (next(size for size in _LENGTHS if size >= len(ids)) - len(ids))
            cursor.execute(f"DELETE FROM journal WHERE id IN {self._marks(1, len(wanted))}", wanted)  # noqa: S608
            if cursor.rowcount != len(ids):
                # Another process was faster; what it left is found at the next look.
                cursor.connection.rollback()
                return 0
            for table, name in ((predictions, "predictions"), (shadows, "shadows")):
                self._insert(cursor, table, [row for rows in decoded for row in getattr(rows, name)])
        return sum(entry.rows for entry in entries)

    def _insert(self, cursor: Any, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
        # Many rows a statement: between two this thread would wait for its turn in Python, with the ledger
        # locked. And a few lengths alone, as above.
        names = ", ".join(table.c.keys())
        while rows:
            length = max(size for size in _LENGTHS if size <= len(rows))
            marks = self._marks(length, len(table.c))
            statement = f"INSERT INTO {table.name} ({names}) VALUES {marks}"  # noqa: S608
            cursor.execute(statement, [value for row in rows[:length] for value in row])
            rows = rows[length:]

    def _set_aside(self, entry: _Entry, fault: Exception) -> None:
        # The message may quote the row: it stays in the ledger.
        _LOG.error(
            "entry %d of the journal cannot be moved and is set aside: %s", entry.id, type(fault).__name__
        )
        statement = f"UPDATE journal SET fault = {self._mark} WHERE id = {self._mark}"  # noqa: S608
        with self._writing() as cursor:
            cursor.execute(statement, [str(fault), entry.id])

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """A cursor in a transaction that alone writes. While it waits for the lock, appends go on."""
        deadline = monotonic() + self._busy_timeout
        with driver(self._engine) as connection:
            cursor = connection.cursor()
            while True:
                with self._turn:
                    if write_lock(self._engine, cursor, last=monotonic() >= deadline):
                        yield cursor
                        connection.commit()
                        return
                sleep(_AGAIN_SECONDS)

    def _marks(self, rows: int, values: int) -> str:
        one = f"({', '.join([self._mark] * values)})"
        return ", ".join([one] * rows)

    def _explained(self) -> Any:
        return explained(self._engine, busy_timeout=self._busy_timeout)


_WAITS = journal.c.fault.is_(None)
_NEWEST = sa.select(sa.func.max(journal.c.id), sa.func.coalesce(sa.func.sum(journal.c.rows), 0)).where(_WAITS)
_OLDEST = (
    sa.select(journal.c.id, journal.c.rows, journal.c.content)
    .where(_WAITS, journal.c.id <= sa.bindparam("newest"))
    .order_by(journal.c.id)
    .limit(_ENTRIES_A_LOOK)
)
_COUNT = sa.select(sa.func.coalesce(sa.func.sum(journal.c.rows), 0), sa.func.min(journal.c.at)).where(_WAITS)
_SET_ASIDE = sa.select(sa.func.count()).select_from(journal).where(~_WAITS)


def _moves(entries: Sequence[_Entry], most: int) -> Iterator[list[_Entry]]:
    """Together, entries of no more than ``most`` rows; one at the least."""
    some: list[_Entry] = []
    for entry in entries:
        if some and sum(one.rows for one in some) + entry.rows > most:
            yield some
            some = []
        some.append(entry)
    if some:
        yield some


def _entries(
    records: Sequence[PredictionRecord], beside: Sequence[ShadowRecord]
) -> Iterator[tuple[int, bytes]]:
    """(rows, content) of each entry; shadows come with their predictions, or after them."""
    if len(records) + len(beside) <= ROWS_AT_ONCE:
        yield len(records) + len(beside), _content(records, beside)
        return
    for start in range(0, len(records), ROWS_AT_ONCE):
        some = records[start : start + ROWS_AT_ONCE]
        yield len(some), _content(some, ())
    for start in range(0, len(beside), ROWS_AT_ONCE):
        others = beside[start : start + ROWS_AT_ONCE]
        yield len(others), _content((), others)


def _content(records: Sequence[PredictionRecord], beside: Sequence[ShadowRecord]) -> bytes:
    plain = [[tuple(record) for record in records], [tuple(shadow) for shadow in beside]]
    try:
        return orjson.dumps(plain)
    except TypeError:
        # A whole number of more than 64 bits; the slower writer takes any.
        return to_json(plain)


def _decoded(content: bytes) -> _Rows:
    """The rows of an entry. Raises ValueError, TypeError where it is none."""
    records, beside = _read(content)
    return _Rows([_prediction(record) for record in records], [_shadow(shadow) for shadow in beside])


def _read(content: bytes) -> tuple[list[PredictionRecord], list[ShadowRecord]]:
    records, beside = from_json(content)
    return (
        [(record := PredictionRecord(*values))._replace(at=_moment(record.at)) for values in records],
        [(shadow := ShadowRecord(*values))._replace(at=_moment(shadow.at)) for values in beside],
    )


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(text)


def _prediction(record: PredictionRecord) -> tuple[Any, ...]:
    at = microseconds(record.at)
    inputs, decision = _json(record.inputs), _json(record.decision)
    return (
        record.id,
        record.project,
        record.version,
        record.variant,
        record.entity,
        at,
        inputs,
        record.score,
        decision,
    )


def _shadow(shadow: ShadowRecord) -> tuple[Any, ...]:
    at = microseconds(shadow.at)
    decision = _json(shadow.decision)
    return (shadow.prediction_id, shadow.version, shadow.project, at, shadow.score, decision)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return to_json(value).decode()
