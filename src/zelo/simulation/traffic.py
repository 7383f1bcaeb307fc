"""Requests, one after the other: the same ones for the same seed, whoever asks for them and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.simulation.change import Change
from zelo.simulation.changer import Changer
from zelo.simulation.pool import Pool, Row
from zelo.spec.project import Label

LARGEST_SEED = 1_000_000
_KEYS_A_SEED = 1_000_000_000


@dataclass(frozen=True)
class Request:
    """Rows that are asked together, and what will turn out to be true of each."""

    rows: tuple[Row, ...]
    truths: tuple[Label | float, ...]


class Traffic:
    """``requests`` of ``rows_each`` rows, drawn from a pool, with changes at their time.

    Rows are drawn with replacement and are each about somebody new; those of a forecast come in order, and
    from the first again after the last. Safe to share between threads.
    """

    def __init__(
        self, pool: Pool, *, requests: int, rows_each: int, seed: int, changes: Sequence[Change] = ()
    ) -> None:
        self.pool, self.requests, self.rows_each, self.seed = pool, requests, rows_each, seed
        self._changers = [Changer(change, pool) for change in changes]

    def request(self, number: int) -> Request:
        """The request of that number, from 0 on."""
        chance = np.random.default_rng((self.seed, number))
        progress = number / self.requests
        changers = [changer for changer in self._changers if changer.change.holds(progress)]
        rows, truths = [], []
        for place, position in enumerate(self._positions(number, changers, chance)):
            row, truth = self.pool.rows[position], self.pool.truths[position]
            for changer in changers:
                row, truth = changer.apply(row, truth, chance)
            rows.append(self._about_somebody(row, number * self.rows_each + place))
            truths.append(truth)
        return Request(tuple(rows), tuple(truths))

    def _positions(
        self, number: int, changers: Sequence[Changer], chance: np.random.Generator
    ) -> Sequence[int]:
        if self.pool.project.forecast:
            first = number * self.rows_each
            return [place % len(self.pool) for place in range(first, first + self.rows_each)]
        weights = next((found for changer in changers if (found := changer.weights()) is not None), None)
        drawn: list[int] = chance.choice(len(self.pool), self.rows_each, p=weights).tolist()
        return drawn

    def _about_somebody(self, row: Row, number: int) -> dict[str, Any]:
        name = self.pool.about
        if name is None or name not in row:
            return dict(row)
        if isinstance(row[name], int):
            return {**row, name: (self.seed + 1) * _KEYS_A_SEED + number}
        return {**row, name: f"sim-{self.seed}-{number}"}
