"""Rows unlike the others: numbers by an isolation forest, texts by their distance to the nearest ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest

from zelo.profiling.facts import Extreme, LoneText, Outlier, Outliers
from zelo.profiling.neighbours import Distinct
from zelo.profiling.rows import Rows

Array = np.ndarray[Any, Any]

MOST_SHOWN, MOST_EXTREMES, NEAREST = 15, 3, 3
MAD_TO_SD = 1.4826
TREES = 200


def robust_z(values: Array) -> Array:
    """(value - median) / (1.4826 MAD) of numbers [n], NaN kept; the mean deviation where the MAD is 0.

    Iglewicz & Hoaglin (1993), How to Detect and Handle Outliers.
    """
    away = values - np.nanmedian(values)
    spread = MAD_TO_SD * np.nanmedian(np.abs(away))
    if spread == 0:
        spread = 1.2533 * np.nanmean(np.abs(away))
    return np.asarray(away / spread) if spread > 0 else np.zeros_like(away)


def describe(rows: Rows, texts: Distinct | None) -> Outliers:
    """The rows that are farthest out, first."""
    return Outliers(_numbers(rows), _lone(rows, texts), len(texts.texts) if texts else 0)


def _numbers(rows: Rows) -> tuple[Outlier, ...]:
    names = [
        name
        for name, field in rows.project.inputs.items()
        if field.is_numeric and rows.frame[name].nunique() > 1
    ]
    if not names:
        return ()
    table = rows.frame[names].to_numpy(np.float64)
    filled = np.where(np.isnan(table), np.nanmedian(table, axis=0), table)
    forest = IsolationForest(n_estimators=TREES, random_state=rows.project.split.seed).fit(filled)
    scores = -forest.score_samples(filled)
    z = np.column_stack([robust_z(column) for column in table.T])
    found = []
    for position in np.argsort(-scores, kind="stable")[:MOST_SHOWN]:
        away = np.where(np.isnan(z[position]), 0.0, z[position])
        extremes = tuple(
            Extreme(names[place], float(table[position, place]), float(away[place]))
            for place in np.argsort(-np.abs(away), kind="stable")[:MOST_EXTREMES]
            if away[place]
        )
        found.append(Outlier(rows.row(int(position)), float(scores[position]), extremes))
    return tuple(found)


def _lone(rows: Rows, texts: Distinct | None) -> tuple[LoneText, ...]:
    if texts is None or len(texts.texts) <= NEAREST:
        return ()
    distances, nearest = np.zeros(len(texts.texts)), np.zeros(len(texts.texts), dtype=np.int64)
    for start, cosines in texts.similarities():
        block = np.arange(len(cosines))
        cosines[block, start + block] = -1.0
        nearest[start + block] = cosines.argmax(axis=1)
        closest = np.partition(cosines, -NEAREST, axis=1)[:, -NEAREST:]
        distances[start + block] = np.round(1.0 - closest.mean(axis=1, dtype=np.float64), 6)
    return tuple(
        LoneText(rows.row(int(texts.first[place])), float(distances[place]), texts.texts[nearest[place]])
        for place in np.argsort(-distances, kind="stable")[:MOST_SHOWN]
    )
