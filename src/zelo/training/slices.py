"""Metrics by slice: the test rows of each value of the fields that the project names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zelo.spec.project import Project
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.metrics import Scored

Array = np.ndarray[Any, Any]

FEWEST_ROWS, FEWEST_POSITIVES = 50, 10


@dataclass(frozen=True)
class Slice:
    """One value of one field: its rows, and its metrics where there are rows enough to say anything."""

    field: str
    value: str
    rows: int
    metrics: Mapping[str, Interval] | None


def grouped(table: pd.DataFrame, project: Project) -> dict[str, Array]:
    """What rows may be sliced by: the project's slicing fields, and the year of each other date that is
    metadata; field -> value on each row of the table, as text."""
    fields = {name: table[name].astype(str).to_numpy() for name in project.gates.slices}
    years = {
        name: table[name].dt.strftime("%Y").fillna("").to_numpy()
        for name, field in project.fields.items()
        if field.type == "date" and field.use == "metadata" and name not in fields and name in table
    }
    return {**fields, **years}


def by_slice(
    scored: Scored,
    values: Mapping[str, Array],
    names: Sequence[str],
    *,
    seed: int,
    fewest: int = FEWEST_ROWS,
) -> tuple[Slice, ...]:
    """Every slice in order of field and value.

    Slices with fewer rows than ``fewest``, or 10 of the positive class, are counted and not measured.

    Args:
        scored: the rows [n]; where they are repeated, each counts once.
        values: field -> its value on each row [n], as text.
        names: the metrics.
        seed: of the bootstrap.
        fewest: rows that say something.
    """
    found = []
    for field, column in values.items():
        for value in np.unique(column):
            part = scored.where(column == value)
            rows = len(part) // part.repeats
            enough = rows >= fewest and _enough_positives(part)
            metrics = metric_intervals(part, names, seed=seed) if enough else None
            found.append(Slice(field, str(value), rows, metrics))
    return tuple(found)


def _enough_positives(part: Scored) -> bool:
    if part.positive is None:
        return True
    return int((part.truth == part.positive).sum()) // part.repeats >= FEWEST_POSITIVES
