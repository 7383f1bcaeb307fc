"""Drift put into rows that keep their contract all the same."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from zelo.simulation.change import Change, refuse_change
from zelo.simulation.pool import Pool, Row
from zelo.spec.project import Label


class Changer:
    """A change made ready for a pool: its means, deviations and categories are the pool's own."""

    def __init__(self, change: Change, pool: Pool) -> None:
        refuse_change(change, pool.project)
        self.change = change
        self._pool = pool
        self._name = change.field or ""
        self._is_history = pool.project.forecast is not None and self._name == pool.project.history_name
        self._field = None if self._is_history else pool.project.data.fields.get(self._name)
        self._numbers()
        counts = Counter(str(row[self._name]) for row in pool.rows if self._name in row)
        ordered = [name for name, _ in counts.most_common()]
        allowed = [*ordered, *((self._field.values or ()) if self._field else ())]
        self._most, self._least = (ordered[0], list(dict.fromkeys(allowed))[-1]) if ordered else ("", "")
        self._truths = Counter(pool.truths)

    def _numbers(self) -> None:
        numeric = self._is_history or (self._field is not None and self._field.is_numeric)
        known = [row[self._name] for row in self._pool.rows if self._name in row] if numeric else [0.0]
        values = np.concatenate([np.atleast_1d(value) for value in known]).astype(np.float64)
        self._mean, self._sd = float(values.mean()), float(values.std())
        if not self._pool.project.classes:
            self._truth_sd = float(np.std(np.asarray(self._pool.truths, dtype=np.float64)))

    def weights(self) -> np.ndarray[Any, Any] | None:
        """The chance of each row of the pool to be drawn; ``None`` where all are alike."""
        if self.change.kind != "labels":
            return None
        project, total = self._pool.project, len(self._pool)
        wanted: Label = (
            project.positive
            if project.task.kind == "binary"
            else min(project.classes, key=lambda label: (self._truths[label] or math.inf, str(label)))
        )
        share = self._truths[wanted] / total
        target = min(share + self.change.size, 0.999)
        is_wanted = np.array([truth == wanted for truth in self._pool.truths])
        chances = np.where(is_wanted, target / max(share, 1e-12), (1 - target) / max(1 - share, 1e-12))
        found: np.ndarray[Any, Any] = chances / chances.sum()
        return found

    def apply(self, row: Row, truth: Label | float, chance: np.random.Generator) -> tuple[Row, Label | float]:
        """The row and its truth as they are once the change is there."""
        kind, size, name = self.change.kind, self.change.size, self._name
        if kind == "truth":
            return row, self._other_truth(truth, chance)
        if kind in ("shift", "spread"):
            return ({**row, name: self._moved(row[name])} if name in row else row), truth
        if kind == "labels" or chance.random() >= size:
            return row, truth
        others = {key: value for key, value in row.items() if key != name}
        if kind == "missing":
            return others, truth
        if kind == "swap":
            return ({**row, name: self._least} if row.get(name) == self._most else row), truth
        if kind == "words":
            unknown = " ".join(f"{word[::-1]}x" for word in str(row.get(name, "")).split())
            return {**row, name: unknown}, truth
        other = self._pool.rows[chance.integers(len(self._pool))]
        return (others | {name: other[name]} if name in other else others), truth

    def _other_truth(self, truth: Label | float, chance: np.random.Generator) -> Label | float:
        if not self._pool.project.classes:
            return float(truth) + self.change.size * self._truth_sd
        others = [label for label in self._pool.project.classes if label != truth]
        return others[chance.integers(len(others))] if chance.random() < self.change.size else truth

    def _moved(self, value: Any) -> Any:
        if self._is_history:
            return [self._number(part) for part in value]
        return self._number(value)

    def _number(self, value: float) -> float | int:
        moved = (
            value + self.change.size * self._sd
            if self.change.kind == "shift"
            else self._mean + self.change.size * (value - self._mean)
        )
        project, field = self._pool.project, self._field
        if self._is_history:
            field = project.lags[project.lag(1)]
        assert field is not None
        # What nobody may send is not sent: a range holds the change back, and a check of the range sees it.
        low = -math.inf if field.min is None else field.min
        high = math.inf if field.max is None else field.max
        moved = min(max(moved, low), high)
        return round(moved) if field.type == "integer" else moved
