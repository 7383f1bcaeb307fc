"""The nearest change of a row that alters its decision: of one field, or of two where one is not enough.

Near is counted in standard deviations of the training rows; another category counts as one of them. Wachter,
Mittelstadt & Russell 2018, "Counterfactual explanations without opening the black box", ask for such changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from zelo.decisions.decide import Decision, decide, predicted_classes
from zelo.features.columns import Columns
from zelo.registry.typical import Typical
from zelo.serving.scoring import Model, scored
from zelo.spec.project import Column

Array = np.ndarray[Any, Any]
Value = float | str

_ROUNDS = 3
"""How often a number is drawn nearer: each time up to ten values between are tried."""


@dataclass(frozen=True)
class Change:
    """The fields that change with their new values, how far that is, and what is decided then."""

    to: Mapping[str, Value]
    distance: float
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Move:
    """New values of a row, that of ``field`` the last.

    ``inner`` is the value of ``field`` that was tried before it: nearer to the row's own, or that itself.
    """

    to: dict[str, Value]
    field: str
    inner: Value


def nearest_change(model: Model, typical: Typical, row: Columns, said: int) -> Change | None:
    """The nearest change within the contract and what was seen in training; ``None`` where none was found.

    Each field is tried at its levels, each two fields at every other level where that is not enough, and what
    alters the decision is drawn nearer. Where the score goes to and fro between two levels, a change that is
    nearer still may be missed.

    Args:
        model: that answered; of two classes.
        typical: of its bundle.
        row: the inputs, [1] each.
        said: the place of the class that was answered.

    Raises:
        ServingError: the model gave no usable score.
    """
    return _Search(model, typical, row, said).nearest()


class _Search:
    def __init__(self, model: Model, typical: Typical, row: Columns, said: int) -> None:
        self._model = model
        self._row = row
        self._said = said
        self._spread = typical.spread
        inputs = model.bundle.project.inputs
        self._fields = {name: inputs[name] for name in typical.levels if inputs[name].actionable}
        self._own: dict[str, Value] = {name: row[name].item() for name in self._fields}
        self._levels = {
            name: [value for value in typical.levels[name] if _allowed(value, field)]
            for name, field in self._fields.items()
        }

    def nearest(self) -> Change | None:
        ones = [move for name in self._fields for move in self._moves(name, self._levels[name], {})]
        found = self._nearer(self._altering(ones))
        if not found and (twos := self._altering(self._twos())):
            found = [min(twos, key=self._distance)]
            for _ in range(2):
                found = self._nearer([self._turned(min(found, key=self._distance))])
        if not found:
            return None
        best = min(found, key=self._distance)
        (decision,) = decide(self._scores([best]), self._model.bundle.policy)
        return Change(best.to, self._distance(best), decision)

    def _twos(self) -> list[_Move]:
        return [
            move
            for one, other in combinations(self._fields, 2)
            for first in self._moves(one, self._some(one), {})
            for move in self._moves(other, self._some(other), first.to)
        ]

    def _some(self, name: str) -> Sequence[Value]:
        return self._levels[name][::2] if self._fields[name].is_numeric else self._levels[name]

    def _moves(self, name: str, levels: Sequence[Any], to: dict[str, Value]) -> Iterator[_Move]:
        """A field at every level, of a number the nearest first in each direction."""
        own: Any = self._own[name]
        if not self._fields[name].is_numeric:
            yield from (_Move({**to, name: level}, name, own) for level in levels if level != own)
            return
        # A missing number is neither above nor below a level: nothing is made up for it.
        above = [level for level in levels if level > own]
        below = [level for level in levels if level < own]
        for side in (above, below[::-1]):
            inner = own
            for level in side:
                yield _Move({**to, name: level}, name, inner)
                inner = level

    def _altering(self, moves: Sequence[_Move]) -> list[_Move]:
        """Those that alter the decision."""
        if not moves:
            return []
        altered = predicted_classes(self._scores(moves), self._model.bundle.policy) != self._said
        return [move for move, alters in zip(moves, altered.tolist(), strict=True) if alters]

    def _nearer(self, moves: list[_Move]) -> list[_Move]:
        """With them those with values between that alter the decision too."""
        fresh = moves
        for _ in range(_ROUNDS):
            best = min(map(self._distance, moves), default=0.0)
            # Of the rest no value between can be the nearest.
            promising = [move for move in fresh if self._distance(move, move.inner) < best]
            between = [(move, list(self._between(move))) for move in promising]
            altering = set(map(id, self._altering([one for _, tried in between for one in tried])))
            fresh = [
                next(
                    (one for one in tried if id(one) in altering),
                    replace(move, inner=tried[-1].to[move.field]),
                )
                for move, tried in between
                if tried
            ]
            moves = moves + fresh
        return moves

    def _between(self, move: _Move) -> Iterator[_Move]:
        field, outer = self._fields[move.field], move.to[move.field]
        if not field.is_numeric:
            return
        inner = float(move.inner)
        for value in round_between(inner, float(outer), whole=field.type == "integer"):
            yield _Move({**move.to, move.field: value}, move.field, inner)
            inner = value

    def _turned(self, move: _Move) -> _Move:
        """The same values of two fields, to draw the other one nearer."""
        (other,) = (name for name in move.to if name != move.field)
        return _Move(move.to, other, self._own[other])

    def _distance(self, move: _Move, at: Value | None = None) -> float:
        """How far a move is from the row, or would be with its last field ``at`` another value."""
        to = move.to if at is None else {**move.to, move.field: at}
        return sum(self._apart(name, value) for name, value in to.items())

    def _apart(self, name: str, value: Value) -> float:
        own = self._own[name]
        if self._fields[name].is_numeric:
            return abs(float(value) - float(own)) / self._spread[name]
        return float(value != own)

    def _scores(self, moves: Sequence[_Move]) -> Array:
        columns = {name: np.repeat(values, len(moves)) for name, values in self._row.items()}
        for place, move in enumerate(moves):
            for name, value in move.to.items():
                columns[name][place] = value
        return scored(self._model, columns)


def round_between(inner: float, outer: float, *, whole: bool) -> list[float]:
    """At most ten values strictly between two, from ``inner`` on: multiples of a power of ten."""
    low, high = min(inner, outer), max(inner, outer)
    power = math.ceil(math.log10((high - low) / 10))
    power = max(power, 0) if whole else power
    step = 10.0**power
    numbers = range(math.ceil(low / step), math.floor(high / step) + 1)
    values = [round(number * step, max(-power, 0)) for number in numbers]
    found = [value for value in values if low < value < high]
    return found if outer > inner else found[::-1]


def _allowed(value: Value, field: Column) -> bool:
    """Whether the contract takes a level: it may have become narrower than what was trained on."""
    if isinstance(value, str):
        return field.values is None or value in field.values
    return (field.min is None or value >= field.min) and (field.max is None or value <= field.max)
