"""What goes together: fields with each other, and with the target."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from zelo.profiling.facts import Group, Measure, Relation, Relations, TargetBy
from zelo.profiling.fields import count_values
from zelo.profiling.rows import Rows

Array = np.ndarray[Any, Any]

MOST_FIELDS = 30
"""Fields beyond the first so many are not compared: the pairs grow with their square."""
MOST_CATEGORIES = 50
FEW = 12
MOST_SHOWN, GROUPS, MOST_GROUPS = 6, 5, 8


def spearman(one: Array, other: Array) -> float:
    """Spearman's rank correlation of numbers [n], ties by mean rank; NaN where one never changes."""
    ranks = rankdata(one) - (len(one) + 1) / 2, rankdata(other) - (len(other) + 1) / 2
    spread = np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum())
    return float((ranks[0] * ranks[1]).sum() / spread) if spread > 0 else np.nan


def cramers_v(one: Array, other: Array) -> float:
    """Cramér's V of categories [n], corrected for its bias; NaN where one never changes.

    Bergsma (2013), A bias-correction for Cramér's V and Tschuprow's T.
    """
    left, right = (np.unique(values, return_inverse=True)[1] for values in (one, other))
    table = np.zeros((left.max() + 1, right.max() + 1))
    np.add.at(table, (left, right), 1)
    n, (r, k) = table.sum(), table.shape
    if min(r, k) < 2 or n < 2:
        return np.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / n
    phi2 = ((table - expected) ** 2 / expected).sum() / n
    phi2 = max(0.0, phi2 - (r - 1) * (k - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(min(1.0, phi2 / smaller))) if smaller > 0 else np.nan


def correlation_ratio(categories: Array, values: Array) -> float:
    """Root of the share of the values' variance that lies between categories, corrected for its bias.

    Kelley's epsilon squared (1935), at least 0; NaN where there is one category or one value, or none twice.
    """
    groups = np.unique(categories, return_inverse=True)[1]
    sizes = np.bincount(groups)
    total = ((values - values.mean()) ** 2).sum()
    n, k = len(values), len(sizes)
    if k < 2 or k >= n or total <= 0:
        return np.nan
    means = np.bincount(groups, weights=values) / sizes
    within = ((values - means[groups]) ** 2).sum()
    return float(np.sqrt(max(0.0, 1.0 - (within / (n - k)) / (total / (n - 1)))))


def describe(rows: Rows) -> Relations:
    """Every pair of comparable fields and the target, strongest first."""
    numbers, categories, left_out = _comparable(rows)
    target = rows.project.task.target
    names = [name for name in rows.project.fields if name in numbers or name in categories]
    left_out += names[MOST_FIELDS:]
    names = [*names[:MOST_FIELDS], target]
    pairs = [
        relation
        for one, other in combinations(names, 2)
        if (relation := _relation(rows.frame, one, other, numbers)) is not None
    ]
    pairs.sort(key=lambda pair: (-abs(pair.value), pair.one, pair.other))
    with_target = [pair for pair in pairs if pair.other == target]
    shown = [pair.one for pair in with_target if pair.one in rows.project.inputs][:MOST_SHOWN]
    return Relations(
        names=tuple(names),
        pairs=tuple(pair for pair in pairs if pair.other != target),
        with_target=tuple(with_target),
        target_by=tuple(_target_by(rows, name, name in numbers) for name in shown)
        if rows.project.task.kind != "multiclass"
        else (),
        left_out=tuple(left_out),
    )


def _comparable(rows: Rows) -> tuple[set[str], set[str], list[str]]:
    """Names of numbers, of categories, and of fields of either kind that cannot be compared."""
    task, fields = rows.project.task, rows.project.fields
    numbers = {name for name, field in fields.items() if field.is_numeric}
    categories = {name for name, field in fields.items() if field.type == "category"}
    left_out = []
    for name in sorted(numbers | categories):
        distinct = rows.frame[name][_present(rows.frame[name])].nunique()
        most = min(MOST_CATEGORIES, len(rows) / 2) if name in categories else len(rows)
        if not 2 <= distinct <= most:
            left_out.append(name)
    (numbers if task.kind == "regression" else categories).add(task.target)
    return numbers - set(left_out), categories - set(left_out), left_out


def _relation(frame: pd.DataFrame, one: str, other: str, numbers: set[str]) -> Relation | None:
    both = frame.loc[_present(frame[one]) & _present(frame[other]), [one, other]]
    if len(both) < 3:
        return None
    left, right = (both[name].to_numpy() for name in (one, other))
    # Beside a category, a number of few values is a category too: the one need not rise with the other.
    is_number = [name in numbers for name in (one, other)]
    if sum(is_number) == 1:
        is_number = [
            number and both[name].nunique() > FEW for number, name in zip(is_number, both, strict=True)
        ]
    measure: Measure
    if all(is_number):
        measure, value = "spearman", spearman(left, right)
    elif is_number[0]:
        measure, value = "correlation_ratio", correlation_ratio(right.astype(str), left.astype(np.float64))
    elif is_number[1]:
        measure, value = "correlation_ratio", correlation_ratio(left.astype(str), right.astype(np.float64))
    else:
        measure, value = "cramers_v", cramers_v(left.astype(str), right.astype(str))
    return None if np.isnan(value) else Relation(one, other, measure, value, len(both))


def _present(column: pd.Series[Any]) -> pd.Series[bool]:
    return column.notna() & (column.astype(str) != "")


def _target_by(rows: Rows, name: str, number: bool) -> TargetBy:
    column = rows.frame[name]
    task = rows.project.task
    of_group: Callable[[Array], float]
    if task.kind == "regression":
        truth, of_group = rows.truth, lambda values: float(np.median(values))
    else:
        positive = rows.project.classes.index(rows.project.positive)
        truth, of_group = (rows.truth == positive).astype(np.float64), lambda values: float(values.mean())
    groups: list[tuple[str | None, float | None, float | None, Array]]
    if number and column.nunique() > GROUPS + 1:
        edges = np.unique(np.quantile(column.dropna(), np.linspace(0, 1, GROUPS + 1)))
        places = np.searchsorted(edges[1:-1], column, side="left")
        groups = [
            (None, low, high, (places == place) & column.notna().to_numpy())
            for place, (low, high) in enumerate(pairwise(edges.tolist()))
        ]
    elif number:
        groups = [
            (None, value, value, (column == value).to_numpy()) for value in sorted(column.dropna().unique())
        ]
    else:
        groups = [
            (value.name, None, None, (column == value.name).to_numpy())
            for value in count_values(column[column != ""], MOST_GROUPS)
        ]
    found = (
        Group(category, low, high, int(of.sum()), of_group(truth[of]))
        for category, low, high, of in groups
        if of.any()
    )
    return TargetBy(name, tuple(found))
