"""A number's distribution as counts between the values of a reference: what millions of rows are kept as.

Each distinct reference value is a cell of its own, and so is the gap before it, so that what hangs on the
reference's values alone is exact: the index of a population's stability, and the largest gap between two
cumulative shares. Cells add up, so that rows may come in parts.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from zelo.stats.arrays import FloatArray
from zelo.stats.drift import Counts, Distance, index_of_counts, inner_edges


class Cells:
    """Counts and sums of the values in each cell: gap, value, gap, ..., value, gap.

    Args:
        edges: the distinct reference values in order [k]; there are 2k + 1 cells.
    """

    def __init__(self, edges: FloatArray) -> None:
        self.edges = edges
        self.counts: Counts = np.zeros(2 * len(edges) + 1, dtype=np.int64)
        self.sums: FloatArray = np.zeros(2 * len(edges) + 1)
        self.missing = 0

    @classmethod
    def of(cls, reference: FloatArray) -> Self:
        """The cells of a sample [n], filled with it; NaN is missing."""
        cells = cls(np.unique(reference[~np.isnan(reference)]))
        cells.add(reference)
        return cells

    def add(self, values: FloatArray) -> None:
        """Count values [m]; NaN is missing."""
        is_missing = np.isnan(values)
        known = values[~is_missing]
        self.missing += int(is_missing.sum())
        if not len(self.edges):
            places = np.zeros(len(known), dtype=np.int64)
        else:
            above = np.searchsorted(self.edges, known)
            places = 2 * above + (self.edges[np.minimum(above, len(self.edges) - 1)] == known)
        self.counts += np.bincount(places, minlength=len(self.counts))
        self.sums += np.bincount(places, weights=known, minlength=len(self.counts))

    @property
    def known(self) -> int:
        """Values that are not missing."""
        return int(self.counts.sum())

    @property
    def rows(self) -> int:
        return self.known + self.missing

    @property
    def mean(self) -> float:
        """Of the values that are not missing; NaN without any."""
        return float(self.sums.sum()) / self.known if self.known else np.nan


def psi_of_cells(reference: Cells, current: Cells, *, bins: int = 10) -> float:
    """:func:`zelo.stats.drift.psi` of two samples in the reference's cells; the same number."""
    if len(reference.edges) < 2 or not current.rows:
        return np.nan
    inner = inner_edges(np.repeat(reference.edges, reference.counts[1::2]), bins)
    # A gap lies below the value after it, and in the bin of that value.
    owner = np.append(np.repeat(np.searchsorted(inner, reference.edges, side="left"), 2), len(inner))
    counts = [
        np.append(
            np.bincount(owner, weights=cells.counts, minlength=len(inner) + 1).astype(np.int64), cells.missing
        )
        for cells in (reference, current)
    ]
    return index_of_counts(counts[0], counts[1])


def ks_of_cells(reference: Cells, current: Cells) -> float:
    """Kolmogorov and Smirnov's statistic of two samples in the reference's cells; the same number."""
    if not reference.known or not current.known:
        return np.nan
    return float(np.abs(_cumulated(reference) - _cumulated(current)).max())


def wasserstein_of_cells(reference: Cells, current: Cells) -> Distance:
    """:func:`zelo.stats.drift.wasserstein` of two samples in the reference's cells.

    The same number, but for gaps in which the two cumulative shares cross: there the current values are taken
    to lie evenly, an error of at most the gap's width times its share of the rows.
    """
    if not reference.known or not current.known:
        return Distance(np.nan, np.nan)
    edges, before, after = reference.edges, _cumulated(reference), _cumulated(current)
    below = (current.counts[0] * edges[0] - current.sums[0]) / current.known
    beyond = (current.sums[-1] - current.counts[-1] * edges[-1]) / current.known
    gaps = slice(2, -1, 2)
    width = np.diff(edges)
    level, start, end = before[gaps], after[1:-2:2], after[gaps]
    # The area under the current share's steps inside a gap, from the sum of its values alone.
    area = start * width + (current.counts[gaps] * edges[1:] - current.sums[gaps]) / current.known
    crossing = (start < level) & (level < end)
    rise = np.where(crossing, end - start, 1.0)
    evenly = width * ((end - level) ** 2 + (level - start) ** 2) / (2 * rise)
    distance = float(below + beyond + np.where(crossing, evenly, np.abs(area - level * width)).sum())
    values = np.repeat(edges, reference.counts[1::2])
    spread = float(values.std()) if len(edges) > 1 else 0.0
    return Distance(distance, distance / spread if spread > 0 else np.nan)


def _cumulated(cells: Cells) -> FloatArray:
    """The share of the known values up to the end of each cell [2k + 1]."""
    found: FloatArray = np.cumsum(cells.counts) / cells.known
    return found
