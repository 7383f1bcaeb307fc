"""Shapley values: how a score is shared out among the players that made it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray, IntArray

EXACT = 8
"""Up to so many players every coalition is scored; beyond, those that permutations pass through."""


@dataclass(frozen=True)
class Game:
    """Which coalitions to score, and how their scores become the players' shares.

    ``coalitions`` [C, k]: who takes part; the first is empty and the last has everybody, of no players it is
    one and the same. Each of p estimates of a player's share is a mean, with ``weights`` [p, k, m], of what
    the coalition ``after`` it joined scores more than the one ``before``. Of every coalition there is one
    estimate, and it is exact.
    """

    coalitions: BoolArray
    before: IntArray
    after: IntArray
    weights: FloatArray

    @property
    def exact(self) -> bool:
        """Whether the shares have no sampling error."""
        return len(self.weights) == 1

    def shares(self, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What each player adds [n, k], and the largest standard error of these [n] (0 where they are exact).

        The shares sum to the last score less the first one. Who changes no score has none.

        Args:
            scores: of the coalitions, in their order, of n times that the game was played, [n, C].
        """
        each = ((scores[:, self.after] - scores[:, self.before]) * self.weights).sum(axis=-1)
        if self.exact:
            return each[:, 0], np.zeros(len(scores))
        error = each.std(axis=1, ddof=1) / np.sqrt(len(self.weights))
        return each.mean(axis=1), error.max(axis=-1)


@lru_cache(maxsize=256)
def game(players: int, most: int) -> Game:
    """The coalitions of that many players.

    Up to :data:`EXACT` players the shares are exact: a player's share is the mean of what it adds to each
    coalition of the others, those of each size weighing alike (Shapley 1953; of a model's inputs, Lundberg &
    Lee 2017, "A unified approach to interpreting model predictions"). Beyond, it is the mean over random
    orders of what it adds to those before it (Štrumbelj & Kononenko 2014, "Explaining prediction models and
    individual predictions with feature contributions"), each order with its reverse, which cancels what pairs
    of players do together (Mitchell et al. 2022, "Sampling permutations for Shapley value estimation").
    The orders are always the same: an answer is explained alike twice.

    Args:
        players: how many, k.
        most: coalitions to score beyond :data:`EXACT` players; at least two pairs of orders are taken.
    """
    return _every(players) if players <= EXACT else _some(players, max(2, most // (2 * (players - 1))))


def _every(players: int) -> Game:
    numbers = np.arange(2**players)
    coalitions = (numbers[:, None] >> np.arange(players)) & 1 == 1
    shape = (1, players, 2**players // 2)
    before = np.array([numbers[~coalitions[:, player]] for player in range(players)], dtype=np.int64)
    after = before + 2 ** np.arange(players)[:, None]
    of_size = np.array([players * comb(players - 1, size) for size in range(players)], dtype=np.float64)
    weights = 1 / of_size[coalitions[before].sum(axis=-1)]
    return Game(coalitions, before.reshape(shape), after.reshape(shape), weights.reshape(shape))


def _some(players: int, pairs: int) -> Game:
    chance = np.random.default_rng(0)
    inner = players - 1
    coalitions = np.zeros((2 + 2 * pairs * inner, players), dtype=bool)
    coalitions[-1] = True
    before = np.zeros((pairs, players, 2), dtype=np.int64)
    after = np.full_like(before, len(coalitions) - 1)
    row = 1
    for pair in range(pairs):
        forth = chance.permutation(players)
        for way, order in enumerate((forth, forth[::-1])):
            for place in range(inner):
                coalitions[row, order[: place + 1]] = True
                after[pair, order[place], way] = before[pair, order[place + 1], way] = row
                row += 1
    return Game(coalitions, before, after, np.full(before.shape, 0.5))
