"""What others alarm by, on the same rows: a figure a day, or a row, that is larger the more was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from crepes.martingales import SimpleJumper

from benchmarks.drifting_streams import DAY
from zelo.stats.arrays import FloatArray
from zelo.stats.drift import chi2, ks, psi, psi_categories
from zelo.stats.exchangeable import ranks
from zelo.stats.watched import Values, frequent, missing

Table = Mapping[str, Any]

EVIDENTLY = 0.1
"""The limit of its distances, of a reference of more than 1000 rows."""
DAILY = ("ks and chi2", "psi", "evidently")


def daily(reference: Table, rows: Table) -> dict[str, FloatArray]:
    """The strongest figure of any field, a day each, by method.

    ``ks and chi2``: the smallest p-value as -log10; missing values are a category of their own besides.
    ``psi``: the largest. ``evidently``: the largest of the statistics of its own default choice.
    """
    found: dict[str, list[float]] = {name: [] for name in DAILY}
    for day in days(rows):
        tests, indices = [], []
        for name, base in reference.items():
            values = day[name]
            if base.dtype.kind == "f":
                tests.append(ks(base, values).p_value)
                if missing(base).any():
                    tests.append(
                        chi2(*(missing(of).astype(str).astype(object) for of in (base, values))).p_value
                    )
                indices.append(psi(base, values))
            else:
                tests.append(chi2(base, values).p_value)
                indices.append(psi_categories(base, values))
        found["ks and chi2"].append(-np.log10(max(np.nanmin(tests), 1e-300)))
        found["psi"].append(float(np.nanmax(indices)))
        found["evidently"].append(max(evidently_distances(reference, day).values()))
    return {name: np.array(values) for name, values in found.items()}


def days(rows: Table) -> Iterator[dict[str, Any]]:
    """The rows of each whole day."""
    for start in range(0, len(next(iter(rows.values()))) - DAY + 1, DAY):
        yield {name: values[start : start + DAY] for name, values in rows.items()}


def evidently_distances(reference: Table, day: Table) -> dict[str, float]:
    """The statistic of Evidently's default test of each column, by Evidently's own code."""
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    found = {}
    for name, base in reference.items():
        kind = ColumnType.Numerical if base.dtype.kind == "f" else ColumnType.Categorical
        before, now = pd.Series(base).dropna(), pd.Series(day[name]).dropna()
        test = get_stattest(before, now, kind, None)
        found[name] = float(test(before, now, kind, EVIDENTLY).drift_score)
    return found


def jumpers(reference: Table, rows: Table, rng: np.random.Generator, since: int = 0) -> FloatArray:
    """What crepes' simple jumper gains at each row (1 before ``since``) of each field, shape [m, fields].

    Conformal p-values of the value (missing: below all; a category by how frequent it is), its defaults else.
    """
    gains = []
    for name, base in reference.items():
        before, now = (_ordered(of, base) for of in (base, rows[name]))
        wealth = SimpleJumper().apply(ranks(before, now, rng.random(len(now)))[since:])
        gains.append(np.concatenate([np.ones(since), wealth / np.concatenate([[1.0], wealth[:-1]])]))
    return np.array(gains).T


def restarted(gains: FloatArray, threshold: float) -> list[int]:
    """The rows at which the best start of any field's martingale reaches the threshold; then all anew."""
    found, best = list[int](), np.ones(gains.shape[1])
    for row, gain in enumerate(gains):
        best = np.maximum(best, 1) * gain
        if best.max() >= threshold:
            found.append(row)
            best[:] = 1
    return found


def _ordered(values: Values, base: Values) -> FloatArray:
    if base.dtype.kind == "f":
        return np.nan_to_num(values.astype(np.float64), nan=-1e300)
    places = {name: float(place) for place, name in enumerate(frequent(base))}
    return np.array([places.get(value, len(places)) for value in values], dtype=np.float64)
