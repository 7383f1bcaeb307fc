"""One value of many: sums that come out the same in whatever order, and on whatever engine, they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from zelo.spec.pipeline import Aggregate

_PARTS = 10**9


def table_of(made: Aggregate) -> str:
    """The raw table that a column is made of."""
    return made.of.partition(".")[0]


def tables_of(columns: Mapping[str, Aggregate]) -> tuple[str, ...]:
    """The raw tables that the columns are made of, each once."""
    return tuple(dict.fromkeys(map(table_of, columns.values())))


def columns_of(table: str, columns: Mapping[str, Aggregate]) -> dict[str, Aggregate]:
    """Those of the columns that are made of a raw table."""
    return {name: made for name, made in columns.items() if table_of(made) == table}


def aggregates(rows: ibis.Table, columns: Mapping[str, Aggregate]) -> dict[str, ir.Scalar]:
    """Each column over the rows of a group; a missing cell takes no part."""
    return {name: _value(rows[made.of.partition(".")[2]], made.by) for name, made in columns.items()}


def total(values: Sequence[ir.NumericValue]) -> ir.NumericValue:
    """The sum of a few expressions, in this order; a balanced tree, which stays shallow."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    return total(values[:half]) + total(values[half:])


def _value(column: ir.Column, by: str) -> ir.Scalar:
    if by == "distinct":
        return column.nunique().cast("int64")
    if by == "max":
        return column.max()
    if by == "mean":
        return _sum(column).cast("float64") / column.count()
    return _sum(column)


def _sum(column: ir.NumericColumn) -> ir.NumericScalar:
    if column.type().is_integer():
        # Exact below 2^53; DuckDB's own sum of int64 is of a type that Parquet has not.
        return column.cast("float64").sum().cast("int64")
    # Floats added in another order give another sum: whole numbers, and billionths, do not.
    whole = column.floor()
    parts = ((column - whole) * _PARTS + 0.5).floor()
    return whole.cast("int64").sum().cast("float64") + parts.cast("int64").sum().cast("float64") / _PARTS
