"""Each field by itself: data dictionary, missing and distinct values, quantiles, histogram, top values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zelo.profiling.facts import Count, Field, Histogram, Role, Summary
from zelo.profiling.rows import Rows
from zelo.spec.project import Column

Array = np.ndarray[Any, Any]

MOST_BARS = 30
MOST_VALUES = 12
FAR = 3.0
"""A range of so many times the middle 99 % would leave most bars empty: the rest is counted, not drawn."""


def describe(rows: Rows) -> tuple[Field, ...]:
    """The fields of the contract, in its order."""
    return tuple(_field(rows, name, column, column.use) for name, column in rows.project.fields.items())


def describe_target(rows: Rows) -> Field:
    """The target as a field: a number of a regression, a category of classes."""
    task = rows.project.task
    kind = "number" if task.kind == "regression" else "category"
    column = Column(
        type=kind,
        column=task.column,
        unit=task.unit,
        meaning=task.meaning,
        values=tuple(str(label) for label in rows.project.classes) or None,
    )
    return _field(rows, task.target, column, "target")


def summary(values: Array) -> Summary:
    """Of finite numbers [n], n >= 1."""
    quantiles = np.quantile(values, [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0])
    low, q05, q25, median, q75, q95, high = (float(value) for value in quantiles)
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    return Summary(float(values.mean()), sd, low, q05, q25, median, q75, q95, high)


def histogram(values: Array) -> Histogram:
    """Of finite numbers [n], n >= 1; a bar a value where they are few whole numbers."""
    low, high = np.quantile(values, [0.005, 0.995])
    inside = values
    if values.max() - values.min() > FAR * (high - low) > 0:
        inside = values[(values >= low) & (values <= high)]
    beyond = len(values) - len(inside)
    span = inside.max() - inside.min()
    if span < MOST_BARS and (inside % 1 == 0).all():
        edges = np.arange(inside.min() - 0.5, inside.max() + 1.0)
    else:
        edges = np.histogram_bin_edges(inside, bins="auto")
        if len(edges) > MOST_BARS + 1:
            edges = np.linspace(inside.min(), inside.max(), MOST_BARS + 1)
    counts, edges = np.histogram(inside, bins=edges)
    return Histogram(tuple(edges.tolist()), tuple(int(count) for count in counts), beyond)


def count_values(values: pd.Series[Any], most: int | None = None) -> tuple[Count, ...]:
    """The values with their counts, most frequent first, alphabetical where they tie."""
    counts = values.astype(str).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:most]
    return tuple(Count(str(name), int(count), float(count / len(values))) for name, count in ordered)


def _field(rows: Rows, name: str, column: Column, role: Role) -> Field:
    values = rows.frame[name]
    absent = values.isna() | (values.astype(str) == "")
    present = values[~absent]
    found: dict[str, Any] = {}
    if column.is_numeric and len(present):
        numbers = present.to_numpy(np.float64)
        found = {"summary": summary(numbers), "histogram": histogram(numbers)}
    elif column.type == "date" and len(present):
        found = {"first": present.min().isoformat(), "last": present.max().isoformat()}
    elif len(present):
        found = {"top": count_values(present, MOST_VALUES)}
    return Field(
        name=name,
        column=rows.project.column_of(name),
        role=role,
        type=column.type,
        unit=column.unit,
        meaning=column.meaning,
        contract_min=column.min,
        contract_max=column.max,
        contract_values=column.values,
        missing=int(absent.sum()),
        missing_share=float(absent.mean()),
        distinct=int(present.nunique()),
        **found,
    )
