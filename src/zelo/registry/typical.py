"""The row that explanations compare with, and how far each field spreads, kept in a bundle."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from zelo.features.columns import Columns
from zelo.registry.bundle import Bundle
from zelo.spec.frozen import Frozen
from zelo.spec.project import Column, Project

TYPICAL = "explain.json"
SHARES = (0.01, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.99)
"""Where the levels of a number lie: its ends are not one row's alone."""
MOST_CATEGORIES = 20

Array = np.ndarray[Any, Any]


class Typical(Frozen):
    """What the training rows are typically like, by input; texts and the history of a forecast have no entry.

    ``row`` holds the median of each number and the most frequent category: no row of anybody. ``spread`` is
    the standard deviation of each number, in its unit. ``levels`` are values that a field may be changed to:
    quantiles of a number at :data:`SHARES`, the most frequent categories.
    """

    row: dict[str, float | str | None]
    spread: dict[str, float]
    levels: dict[str, tuple[float | str, ...]]


def typical_of(rows: Columns, project: Project) -> Typical:
    """What training rows are typically like; a missing value has no part in it."""
    row: dict[str, float | str | None] = {}
    spread: dict[str, float] = {}
    levels: dict[str, tuple[float | str, ...]] = {}
    for name, field in project.inputs.items():
        if field.type == "text" or name in project.lags:
            continue
        values = rows[name]
        if field.is_numeric:
            known = values[~np.isnan(values)]
            row[name], spread[name], levels[name] = _number(known, field)
        else:
            common = [value for value, _ in Counter(values[values != ""]).most_common(MOST_CATEGORIES)]
            row[name], levels[name] = (common[0] if common else None), tuple(sorted(common))
    return Typical(row=row, spread=spread, levels=levels)


def _number(known: Array, field: Column) -> tuple[float | None, float, tuple[float, ...]]:
    if not len(known):
        return None, 1.0, ()
    # A value that is there: halves of whole numbers are no whole numbers.
    found = np.quantile(known, SHARES, method="closest_observation")
    median = float(found[SHARES.index(0.5)])
    return median, float(known.std()) or 1.0, tuple(np.unique(found).tolist())


def read_typical(bundle: Bundle) -> Typical | None:
    """Of a loaded bundle; ``None`` where it was made before there was such a file."""
    if TYPICAL not in bundle.manifest.get("files", ()):
        return None
    return Typical.model_validate_json((bundle.path / TYPICAL).read_bytes())
