"""The drift table from counts: what :mod:`zelo.monitoring.drift` finds, without the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

import numpy as np

from zelo.monitoring.drift import BINS, FEWEST_ROWS, Drift, chance_level, label_of
from zelo.stats.binned import Cells, ks_of_cells, psi_of_cells, wasserstein_of_cells
from zelo.stats.drift import Categories, chi2_of_counts, index_of_counts, missing_share


def counted_numbers(found: Drift, reference: Cells, current: Cells) -> Drift:
    """The row of a number, or of the score; ``found`` names it."""
    start = _begun(found, reference.rows, current.rows)
    if start.status != "computed":
        return start
    distance = wasserstein_of_cells(reference, current)
    measured = replace(
        start,
        test="ks",
        statistic=_known(ks_of_cells(reference, current)),
        wasserstein=_known(distance.units),
        wasserstein_sd=_known(distance.deviations),
        mean_change=_known(current.mean - reference.mean),
        missing_reference=reference.missing / reference.rows,
        missing=current.missing / current.rows,
    )
    if not reference.known:
        return replace(measured, status="cannot be computed", reason="no values in the reference")
    cells = BINS + int(reference.missing > 0 or current.missing > 0)
    return _labelled(measured, psi_of_cells(reference, current, bins=BINS), cells)


def counted_categories(found: Drift, reference: Categories, current: Mapping[str, int]) -> Drift:
    """The row of a category; "" is the missing value."""
    before, rows = Counter(reference), sum(current.values())
    start = _begun(found, len(reference), rows)
    if start.status != "computed":
        return start
    names = sorted({*before, *current})
    counts = (
        np.array([before[name] for name in names], dtype=np.int64),
        np.array([current.get(name, 0) for name in names], dtype=np.int64),
    )
    shares = counts[0] / len(reference), counts[1] / rows
    changed = int(np.argmax(np.abs(shares[1] - shares[0])))
    measured = replace(
        start,
        test="chi2",
        statistic=_known(chi2_of_counts(*counts).statistic),
        category=names[changed],
        category_share_reference=float(shares[0][changed]),
        category_share=float(shares[1][changed]),
        missing_reference=missing_share(reference),
        missing=current.get("", 0) / rows,
    )
    return _labelled(measured, index_of_counts(*counts), len(names))


def _begun(found: Drift, reference_rows: int, rows: int) -> Drift:
    start = Drift(found.field, found.kind, found.unit, reference_rows, rows, "computed")
    if min(rows, reference_rows) >= FEWEST_ROWS:
        return start
    return replace(start, status="too few rows to tell", reason="fewer than 100 rows")


def _labelled(measured: Drift, index: float, cells: int) -> Drift:
    if not isfinite(index):
        return replace(measured, status="cannot be computed", reason="constant in the reference")
    chance = chance_level(measured.reference_rows, measured.rows, cells)
    return replace(measured, psi=index, psi_chance=chance, label=label_of(index, chance))


def _known(value: float) -> float | None:
    return value if isfinite(value) else None
