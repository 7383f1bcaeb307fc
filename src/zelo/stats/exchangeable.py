"""Ranks that are independent and uniform for as long as rows are exchangeable with a reference.

Each row is ranked among the reference and every row before it, ties broken by a random number (Vovk,
Gammerman and Shafer 2005, "Algorithmic Learning in a Random World", ch. 8). Under exchangeability the ranks
are independent and uniform on (0, 1), whatever the distribution and however small the reference: nothing is
estimated that could be wrong, and no number of rows turns a reference's own chance into an alarm. They are
so for whoever knows the earlier ranks; not for whoever knows the values or the reference itself, and so no
bet on a rank may look at those.
"""

from __future__ import annotations

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray, IntArray


def ranks(reference: FloatArray, rows: FloatArray, ties: FloatArray) -> FloatArray:
    """The rank in (0, 1) of each row among the reference and all rows before it, shape [m].

    Args:
        reference: shape [n], without NaN; may be empty.
        rows: shape [m], without NaN, in the order in which they came.
        ties: shape [m], uniform on (0, 1) and independent of the rows.
    """
    values = np.concatenate([reference, rows])
    order = np.argsort(values, kind="stable")
    position = np.empty(len(values), dtype=np.int64)
    position[order] = np.arange(len(values))
    ordered, places = values[order], np.arange(len(values))
    first = np.maximum.accumulate(np.where(np.diff(ordered, prepend=np.nan) != 0, places, 0))
    # The sort is stable, and so an equal value before a row is one at a smaller position.
    equal = (places - first)[position[len(reference) :]]
    less = _earlier_smaller(position)[len(reference) :] - equal
    among = len(reference) + np.arange(1, len(rows) + 1)
    found: FloatArray = (less + ties * (equal + 1)) / among
    return found


def indicator_ranks(reference: BoolArray, rows: BoolArray, ties: FloatArray) -> FloatArray:
    """:func:`ranks` of what is so (the high ranks) or not so, shape [m]."""
    so_far = int(reference.sum()) + np.cumsum(rows) - rows
    among = len(reference) + np.arange(1, len(rows) + 1)
    not_so = among - 1 - so_far
    found: FloatArray = np.where(rows, not_so + ties * (so_far + 1), ties * (not_so + 1)) / among
    return found


def _earlier_smaller(position: IntArray) -> IntArray:
    """How many before each place of a permutation are smaller, shape [n]; in n log n steps.

    From the highest bit to the lowest, the places are parted into those whose bit is 0 and 1, in their order:
    a place with a 1 has all zeros before it in its part below it, and lower bits settle the rest.
    """
    index = np.arange(len(position), dtype=np.int32)
    places, sorted_by = index, position.astype(np.int32)
    counts = np.zeros(len(position), dtype=np.int64)
    for bit in reversed(range(max(len(position) - 1, 0).bit_length())):
        ones = ((sorted_by >> bit) & 1).astype(bool)
        start = (sorted_by >> (bit + 1)) << (bit + 1)
        # The parts before are whole, and so half of each are zeros.
        zeros = np.cumsum(~ones, dtype=np.int32) - (start >> 1)
        counts[places[ones]] += zeros[ones]
        target = np.where(ones, index + (1 << bit) - zeros, start + zeros - 1)
        moved, moved_by = np.empty_like(places), np.empty_like(sorted_by)
        moved[target], moved_by[target] = places, sorted_by
        places, sorted_by = moved, moved_by
    return counts
