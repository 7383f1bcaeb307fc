"""Where a pipeline's expressions run: DuckDB on this machine, or Spark. The same tables come out."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

import duckdb
import ibis
import pyarrow as pa

from zelo.errors import DataError, SpecError

EngineName = Literal["duckdb", "spark"]
MEMORY_PER_THREAD = 256
"""MiB of DuckDB's tables in memory: what is more goes to the scratch folder, which costs little."""


@dataclass(frozen=True)
class Engine:
    """A connection, and a scratch folder that is its own."""

    connection: Any
    work: Path
    _numbers: Iterator[int] = field(default_factory=count, repr=False)

    def read_parquet(self, paths: Sequence[Path]) -> ibis.Table:
        """The rows of files with the same columns."""
        with _renamed_method():
            return self.connection.read_parquet([str(path) for path in paths])

    def kept(self, table: ibis.Table) -> ibis.Table:
        """The same rows, computed here and now, so that what stands on them does not compute them again."""
        path = self.work / f"kept-{next(self._numbers)}.parquet"
        self._write(table, path)
        return self.read_parquet([path])

    def count(self, table: ibis.Table) -> int:
        """How many rows there are."""
        return int(self.to_arrow(table.aggregate(rows=table.count()))["rows"][0].as_py())

    def to_arrow(self, table: ibis.Table) -> pa.Table:
        """The rows, in types that no engine decides: int64, float64, bool, string, date32."""
        found = self._fetched(table)
        return found.cast(pa.schema([(column.name, _plain(column.type)) for column in found.schema]))

    def _write(self, table: ibis.Table, path: Path) -> None:
        # It is read once or twice: bloom filters, and dictionaries of what is nearly all different, cost more
        # than they bring.
        self.connection.to_parquet(table, path, DICTIONARY_SIZE_LIMIT=5000, WRITE_BLOOM_FILTER=False)

    def _fetched(self, table: ibis.Table) -> pa.Table:
        with _renamed_method():
            return self.connection.to_pyarrow(table)


@dataclass(frozen=True, kw_only=True)
class SparkEngine(Engine):
    """Its scratch folder must be one that all of Spark's workers reach."""

    session: Any

    def read_parquet(self, paths: Sequence[Path]) -> ibis.Table:
        view = f"read_{next(self._numbers)}"
        rows = self.session.read.parquet(*(path.absolute().as_uri() for path in paths))
        rows.createOrReplaceTempView(view)
        return self.connection.table(view)

    def _write(self, table: ibis.Table, path: Path) -> None:
        self.connection.to_parquet(table, path)

    def _fetched(self, table: ibis.Table) -> pa.Table:
        # Ibis would go through pandas, in which whole numbers beside a NULL are floats.
        return self.session.sql(self.connection.compile(table)).toArrow()


@contextmanager
def open_engine(name: EngineName, work: Path) -> Iterator[Engine]:
    """An engine that lives as long as the block; ``work`` is an empty folder for what it keeps and spills.

    A Spark session that is active is used and left open; else one is made as Spark's own configuration says.

    Raises:
        SpecError: the engine is not installed.
        DataError: inside the block, the engine cannot read or write its files, or has too little memory.
    """
    opened = _duckdb(work) if name == "duckdb" else _spark(work)
    with opened as engine:
        yield engine


@contextmanager
def _duckdb(work: Path) -> Iterator[Engine]:
    connection = ibis.duckdb.connect(
        temp_directory=str(work),
        # Where the order matters it is asked for; keeping it all the way would cost memory.
        preserve_insertion_order=False,
    )
    [(threads,)] = connection.raw_sql("SELECT current_setting('threads')").fetchall()
    connection.raw_sql(f"SET memory_limit = '{MEMORY_PER_THREAD * threads}MiB'")
    try:
        yield Engine(connection, work)
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise _broken("DuckDB", work, error) from error
    finally:
        connection.disconnect()


@contextmanager
def _spark(work: Path) -> Iterator[Engine]:
    if importlib.util.find_spec("pyspark") is None:
        raise SpecError(
            "the engine needs a library that is not installed",
            where="ZELO_ENGINE",
            found="spark, without pyspark",
            expected="PySpark, or duckdb",
            hint="pip install 'zelo[spark]'",
        )
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    session = active or SparkSession.builder.appName("zelo").getOrCreate()
    try:
        yield SparkEngine(ibis.pyspark.connect(session), work, session=session)
    except (Py4JJavaError, PySparkException) as error:
        raise _broken("Spark", work, getattr(error, "java_exception", error)) from error
    finally:
        if active is None:
            session.stop()


@contextmanager
def _renamed_method() -> Iterator[None]:
    # Ibis 12 calls a method that DuckDB 2 has renamed.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        yield


def _broken(engine: str, work: Path, error: object) -> DataError:
    return DataError(
        f"{engine} could not finish",
        where=str(work),
        found=str(error).partition("\n")[0],
        expected="readable files, and room on the disk and in memory",
        hint="make room there and run it again; nothing was written",
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    return pa.string() if pa.types.is_large_string(kind) else kind
