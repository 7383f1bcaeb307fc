"""In which slices of the logged traffic decisions change."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.spec.project import Project
from zelo.stats.arrays import BoolArray

FEWEST_ROWS = 30
_LISTED = 12
_MOST_VALUES = 20
_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Part:
    """The rows where ``field`` is ``value``, or lies in a quarter of what was logged, and how many change."""

    field: str
    value: str
    rows: int
    changed: int


def parts(project: Project, rows: Sequence[Mapping[str, Any]], changed: BoolArray) -> tuple[Part, ...]:
    """The slices of at least 30 rows where the largest share of decisions changes, that one first.

    By each value of a category and each quarter of a number; what has too many values, and a forecast's
    history, are no slices.
    """
    if not changed.any():
        return ()
    found = [
        part for name in _fields(project) for part in _of(name, [row.get(name) for row in rows], changed)
    ]
    return tuple(sorted(found, key=lambda part: -part.changed / part.rows)[:_LISTED])


def _fields(project: Project) -> Iterator[str]:
    for name, field in project.data.fields.items():
        if (
            field.type == "category"
            or name in project.gates.slices
            or (field.is_numeric and field.use == "input")
        ):
            yield name


def _of(name: str, values: Sequence[Any], changed: BoolArray) -> Iterator[Part]:
    if any(isinstance(value, int | float) for value in values):
        labels = _quarters(np.array([np.nan if v is None else v for v in values], dtype=np.float64))
    else:
        labels = np.array(["" if value is None else str(value) for value in values], dtype=object)
    known = sorted(set(labels) - {""})
    if len(known) > _MOST_VALUES:
        return
    for value in known:
        inside = labels == value
        if (rows := int(inside.sum())) >= FEWEST_ROWS:
            yield Part(name, value, rows, int(changed[inside].sum()))


def _quarters(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Each number's quarter in words; of few different values each is a part of its own."""
    known = values[np.isfinite(values)]
    labels = np.full(len(values), "", dtype=object)
    if len(different := np.unique(known)) <= len(_QUARTERS) + 1:
        for value in different:
            labels[values == value] = f"{value:g}"
        return labels
    edges = [known.min(), *np.quantile(known, _QUARTERS), known.max()]
    for place, (low, high) in enumerate(itertools.pairwise(edges)):
        inside = (values >= low) & ((values < high) if place < len(_QUARTERS) else (values <= high))
        labels[inside] = f"{low:g}–{high:g}"
    return labels
