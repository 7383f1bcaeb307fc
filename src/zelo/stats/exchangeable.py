"""Ranks that are independent and uniform for as long as rows are exchangeable with a reference.

Each row is ranked among the reference and every row before it, ties broken by a random number (Vovk,
Gammerman and Shafer 2005, "Algorithmic Learning in a Random World", ch. 8). Under exchangeability the ranks
are independent and uniform on (0, 1), whatever the distribution and however small the reference: nothing is
estimated that could be wrong, and no number of rows turns a reference's own chance into an alarm.
"""

from __future__ import annotations

import numpy as np

from zelo.stats.arrays import FloatArray

_BLOCK = 128


class Ranker:
    """Ranks the rows of one stream, in their order, as they come.

    Args:
        reference: shape [n], without NaN.
    """

    def __init__(self, reference: FloatArray) -> None:
        self._pool: FloatArray = np.sort(reference)

    @property
    def rows(self) -> int:
        """How many rows the next one is ranked among."""
        return len(self._pool)

    def rank(self, rows: FloatArray, ties: FloatArray) -> FloatArray:
        """The rank in (0, 1) of each row among all before it, shape [m]; the rows are then of the pool.

        Args:
            rows: shape [m], without NaN.
            ties: shape [m], uniform on (0, 1) and independent of the rows.
        """
        ranks = np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            block = slice(start, start + _BLOCK)
            ranks[block] = self._rank(rows[block], ties[block])
        return ranks

    def _rank(self, rows: FloatArray, ties: FloatArray) -> FloatArray:
        earlier = np.tri(len(rows), k=-1, dtype=bool)
        less = ((rows[None, :] < rows[:, None]) & earlier).sum(axis=1)
        equal = ((rows[None, :] == rows[:, None]) & earlier).sum(axis=1)
        below = np.searchsorted(self._pool, rows, side="left")
        same = np.searchsorted(self._pool, rows, side="right") - below
        among = len(self._pool) + np.arange(len(rows)) + 1
        ordered = np.sort(rows)
        self._pool = np.insert(self._pool, np.searchsorted(self._pool, ordered), ordered)
        found: FloatArray = (below + less + ties * (same + equal + 1)) / among
        return found
