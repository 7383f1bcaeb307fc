"""The ledger's database: how it is opened, brought up to date, and what its failures mean."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic_core import from_json, to_json
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from zelo.errors import LedgerError

HEAD = "0005"
"""The revision that this code reads and writes; a test holds it to the last file in ``migrations``."""

_MIGRATION_LOCK = 0x2E10
_TURNS = 0x2E11
_JOURNAL = 0x2E12
_CHECKPOINT_MILLISECONDS = 50
_NOTHING_WRITTEN = "nothing was written"
_SQLITE_FAILURES: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED"),
        "the ledger is locked",
        "the write lock within {timeout:g} s",
        "try again; if it lasts, find the other process that writes to this file",
    ),
    (
        ("SQLITE_FULL",),
        "the disk is full",
        "room for the ledger",
        "make room on the disk; serving goes on by itself then",
    ),
    (
        ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"),
        "the ledger cannot be opened for writing",
        "a file and a folder that this process may read and write",
        "look at the path and at the owner of the file and its folder",
    ),
    (
        ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_FORMAT"),
        "the file is damaged or no ledger",
        "a ledger that Zelo wrote",
        "move it away and restore the last copy; a new one is made where none is",
    ),
    (
        ("SQLITE_IOERR",),
        "the disk fails",
        "a disk that can be read and written",
        "look at the disk and its mount; a network folder does not suit SQLite",
    ),
)


def open_engine(url: str, *, busy_timeout: float) -> sa.Engine:
    """An engine whose transactions are durable once committed. ``busy_timeout`` is in seconds.

    Raises:
        LedgerError: the URL is not understood, its driver is not installed, or its folder cannot be made.
    """
    try:
        parsed = sa.make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = (
            {"connect_args": {"timeout": busy_timeout}}
            if sqlite
            else {"pool_pre_ping": True, "connect_args": _patience(busy_timeout)}
        )
        if sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            parsed,
            json_serializer=lambda value: to_json(value).decode(),
            json_deserializer=from_json,
            **options,
        )
    except (ArgumentError, ModuleNotFoundError) as error:
        raise LedgerError(
            "the ledger's URL cannot be used",
            found=str(error).splitlines()[0],
            expected="sqlite:///path/to/ledger.db or postgresql+psycopg://user:password@host/database",
            hint="look at ZELO_DATABASE_URL, and install the driver that it names",
        ) from error
    except OSError as error:
        raise LedgerError(
            "the ledger's folder cannot be made",
            where=str(error.filename),
            found=error.strerror or str(error),
            expected="a folder that this process may write",
            hint="set ZELO_HOME to such a folder",
        ) from error
    if sqlite:
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _patience(seconds: float) -> dict[str, int]:
    """libpq's options: a server that is cut off is given up after so long, not after hours."""
    return {"connect_timeout": max(2, round(seconds)), "tcp_user_timeout": round(1_000 * seconds)}


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # sqlite3 would open transactions by its own rules; _begin_sqlite opens them instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # Who commits is not held up by copying the log into the file: see Journal.settle. This is the last
        # resort of processes that never settle.
        "wal_autocheckpoint = 25000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later cannot wait for the lock: a writer takes it at once.
    writes = connection.get_execution_options().get("zelo_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def upgrade(engine: sa.Engine) -> None:
    """Bring the tables to :data:`HEAD`; processes that start together take turns.

    Raises:
        LedgerError: the ledger was written by a newer Zelo.
    """
    with engine.connect() as connection, connection.begin():
        # Who has nothing to change waits for nobody who writes.
        if current_revision(connection) == HEAD:
            return
    with engine.connect().execution_options(zelo_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        found = current_revision(connection)
        if found == HEAD:
            return
        # Imported here: a ledger that is up to date starts without Alembic.
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option(
            "script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%")
        )
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise LedgerError(
                "the ledger was written by another Zelo",
                where=place(engine),
                found=f"revision {found}",
                expected=f"revision {HEAD} or an earlier one",
                hint="use the newer Zelo that wrote it",
            ) from error


def take_turns(connection: sa.Connection, name: str) -> None:
    """Wait until no other transaction holds ``name``, and hold it until this one ends.

    SQLite needs none of it: a transaction that writes is alone from its beginning.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(:room, hashtext(:name))"), {"room": _TURNS, "name": name}
        )


@contextlib.contextmanager
def driver(engine: sa.Engine) -> Iterator[Any]:
    """A connection as the driver has it, for the few statements of which every microsecond counts.

    What it raises is the driver's own error; what was not committed is undone.
    """
    dialect = engine.dialect
    connection = engine.raw_connection()
    try:
        yield connection
    except dialect.loaded_dbapi.Error as error:
        if dialect.is_disconnect(error, connection.dbapi_connection, None):
            connection.invalidate(error)
        raise
    finally:
        connection.close()


def write_lock(engine: sa.Engine, cursor: Any, *, last: bool) -> bool:
    """Begin a transaction that alone moves the journal: whether it has the lock.

    SQLite has one writer at a time, and is not waited for; where this is the ``last`` time, that it is
    locked is raised. PostgreSQL is waited for: it lets others append meanwhile.
    """
    if engine.dialect.name == "postgresql":
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_JOURNAL])
        return True
    try:
        with _waiting(cursor, 0):
            cursor.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


@contextlib.contextmanager
def _waiting(cursor: sqlite3.Cursor, milliseconds: int) -> Iterator[None]:
    """What is locked is waited for no longer than this."""
    (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {before}")


def checkpoint(engine: sa.Engine, *, alone: bool = False) -> tuple[int, int]:
    """Copy SQLite's log into its file: (pages in the log, pages copied).

    It goes on beside others who read and write. ``alone``, no process writes meanwhile, and all is copied
    but what some reader still needs: where all is copied, SQLite begins its log anew.
    """
    if engine.dialect.name != "sqlite":
        return 0, 0
    with driver(engine) as connection:
        cursor = connection.cursor()
        with _waiting(cursor, _CHECKPOINT_MILLISECONDS):
            statement = f"PRAGMA wal_checkpoint({'FULL' if alone else 'PASSIVE'})"
            _, pages, copied = cursor.execute(statement).fetchone()
    return pages, copied


def current_revision(connection: sa.Connection) -> str | None:
    """The revision of the tables; ``None`` where there are none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def place(engine: sa.Engine) -> str:
    """Where the ledger is, without a password."""
    url = engine.url
    return url.database or "memory" if url.get_backend_name() == "sqlite" else url.render_as_string()


@contextlib.contextmanager
def explained(engine: sa.Engine, *, busy_timeout: float) -> Iterator[None]:
    """Turn what the database raises into a :class:`LedgerError` that says what to do."""
    dbapi = engine.dialect.loaded_dbapi
    try:
        yield
    except (SQLAlchemyError, dbapi.Error) as error:
        raise _explain(error, place(engine), busy_timeout) from error


def _explain(error: Exception, where: str, busy_timeout: float) -> LedgerError:
    original = error.orig if isinstance(error, DBAPIError) else error
    found = str(original).splitlines()[0] if str(original) else type(original).__name__
    name = getattr(original, "sqlite_errorname", "") or ""
    for prefixes, what, expected, hint in _SQLITE_FAILURES:
        if name.startswith(prefixes):
            return LedgerError(
                what,
                where=where,
                found=found,
                expected=expected.format(timeout=busy_timeout),
                hint=f"{_NOTHING_WRITTEN}; {hint}",
            )
    if isinstance(error, sa.exc.IntegrityError):
        return LedgerError(
            "the record contradicts the ledger", where=where, found=found, hint=_NOTHING_WRITTEN
        )
    return LedgerError(
        "the ledger cannot be used",
        where=where,
        found=found,
        expected="a database that answers",
        hint="look at ZELO_DATABASE_URL and at the database; serving goes on by itself once it answers",
    )
