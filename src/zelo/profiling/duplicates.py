"""Rows that are there twice, texts that almost are, and equal inputs with different targets."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from zelo.profiling.facts import Count, Duplicates, Near, Same
from zelo.profiling.neighbours import Distinct
from zelo.profiling.rows import Rows

Array = np.ndarray[Any, Any]

NEAR = 0.8
MOST_SHOWN, MOST_ROWS = 25, 6


def describe(rows: Rows, test: Rows, texts: Distinct | None) -> Duplicates:
    """Exact duplicates among training rows, and near-duplicates among their texts; conflicts come first."""
    inputs = rows.inputs()
    keys = _keys(inputs)
    members: dict[int, list[int]] = {}
    for position, key in enumerate(keys):
        members.setdefault(int(key), []).append(position)
    groups = [_same(rows, positions) for positions in members.values() if len(positions) > 1]
    groups.sort(key=lambda group: (not group[1], -len(group[0]), group[0][0]))
    conflicts = [positions for positions, conflict in groups if conflict]
    near, near_count, near_conflicts = _near(rows, texts)
    known = set(keys.tolist())
    return Duplicates(
        groups=len(groups),
        repeated=sum(len(positions) - 1 for positions, _ in groups),
        conflicts=len(conflicts),
        conflicting_rows=sum(len(positions) for positions in conflicts),
        shown=tuple(_shown(rows, *group) for group in groups[:MOST_SHOWN]),
        in_test=sum(int(key) in known for key in _keys(test.inputs())),
        threshold=NEAR,
        distinct=texts.found if texts else 0,
        compared=len(texts.texts) if texts else 0,
        near=near_count,
        near_conflicts=near_conflicts,
        near_shown=near,
    )


def _keys(inputs: pd.DataFrame) -> Array:
    return np.asarray(pd.util.hash_pandas_object(inputs, index=False))


def _same(rows: Rows, positions: list[int]) -> tuple[list[int], bool]:
    return positions, len(set(rows.truth[positions].tolist())) > 1


def _shown(rows: Rows, positions: list[int], conflict: bool) -> Same:
    targets = Counter(str(rows.target(position)) for position in positions)
    return Same(
        count=len(positions),
        rows=tuple(rows.row(position) for position in positions[:MOST_ROWS]),
        targets=tuple(Count(name, count, count / len(positions)) for name, count in targets.most_common()),
        conflict=conflict,
    )


def _near(rows: Rows, texts: Distinct | None) -> tuple[tuple[Near, ...], int, int]:
    """The pairs to show (different targets first, then the most alike), how many there are, and conflicts."""
    if texts is None:
        return (), 0, 0
    truth = rows.truth[texts.first]
    # Of each kind the most alike, ranked by (cosine, -one, -other) so that ties fall the same way each time.
    best: dict[bool, list[tuple[float, int, int]]] = {True: [], False: []}
    counts = {True: 0, False: 0}
    for start, cosines in texts.similarities():
        for one, other in np.argwhere(cosines >= NEAR):
            first, second = start + int(one), int(other)
            if first >= second:
                continue
            conflict = bool(truth[first] != truth[second])
            counts[conflict] += 1
            best[conflict].append((round(float(cosines[one, other]), 6), -first, -second))
        best = {kind: heapq.nlargest(MOST_SHOWN, pairs) for kind, pairs in best.items()}
    shown = [(True, pair) for pair in best[True]] + [(False, pair) for pair in best[False]]
    near = tuple(
        Near(rows.row(int(texts.first[-one])), rows.row(int(texts.first[-other])), min(cosine, 1.0), conflict)
        for conflict, (cosine, one, other) in shown[:MOST_SHOWN]
    )
    return near, sum(counts.values()), counts[True]
