"""Metrics by slice: the test rows of each value of the fields that the project names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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


def by_slice(
    scored: Scored, values: Mapping[str, Array], names: Sequence[str], *, seed: int
) -> tuple[Slice, ...]:
    """Every slice in order of field and value.

    Slices with fewer than 50 rows, or 10 of the positive class, are counted and not measured.

    Args:
        scored: the rows [n].
        values: field -> its value on each row [n], as text.
        names: the metrics.
        seed: of the bootstrap.
    """
    found = []
    for field, column in values.items():
        for value in np.unique(column):
            part = scored.where(column == value)
            enough = len(part) >= FEWEST_ROWS and _positives(part) >= FEWEST_POSITIVES
            metrics = metric_intervals(part, names, seed=seed) if enough else None
            found.append(Slice(field, str(value), len(part), metrics))
    return tuple(found)


def _positives(part: Scored) -> int:
    return len(part) if part.positive is None else int((part.truth == part.positive).sum())
