"""Every bet is fair, and wealth is at most the days that passed on average."""

from __future__ import annotations

import numpy as np
import pytest

from zelo.stats.arrays import FloatArray
from zelo.stats.restarts import Column, intervals, log_factors, race

GRID = (np.arange(200_000) + 0.5) / 200_000
"""Ranks, as evenly as can be."""


def column(ranks: np.ndarray, about: str = "value", edge: float = np.nan, weight: float = 1.0) -> Column:
    return Column(about, ("a",), None, weight, ranks, edge)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("about", "edge"), [("value", np.nan), ("correlation", np.nan), ("category", 0.7), ("missing", 0.9995)]
)
def test_each_bet_multiplies_by_1_on_average(about: str, edge: float) -> None:
    of = column(GRID, about, edge)
    factors = np.exp(log_factors(of, slice(None)))
    assert factors.shape == (len(GRID), len(of.shares))
    # The widest spread wins by the rarest ranks, which a grid cuts off.
    assert factors.mean(axis=0) == pytest.approx(np.ones(len(of.shares)), rel=0.05)


def test_rows_of_one_moment_share_the_days_since_the_last() -> None:
    assert intervals(np.array([2.0, 3.0, 3.0, 3.0, 3.0, 5.0])) == pytest.approx(
        [2, 0.25, 0.25, 0.25, 0.25, 2]
    )


def test_a_row_without_a_rank_stakes_nothing_and_the_next_one_its_days_too() -> None:
    path, _ = race([column(np.array([0.5, np.nan, np.nan]))], np.array([1.0, 2.0, 3.0]), 90.0)
    assert path[0] == path[1] == path[2] != 1
    whole, _ = race([column(np.array([np.nan, np.nan, 0.5]))], np.array([1.0, 2.0, 3.0]), 90.0)
    assert whole[2] == pytest.approx(3 * path[0])


def test_wealth_is_what_every_start_has_won() -> None:
    rng = np.random.default_rng(1)
    of = column(rng.random(50))
    days: FloatArray = np.cumsum(rng.random(50))
    factors, staked = np.exp(log_factors(of, slice(None))), intervals(days)
    starts = [staked[start] * factors[start:].prod(axis=0) @ of.shares for start in range(50)]
    path, _ = race([of], days, 1e9)
    assert path[-1] == pytest.approx(sum(starts))


def test_days_alone_are_no_alarm() -> None:
    """Of a row a month the stakes pass the budget soon; without evidence that means nothing."""
    ranks = np.random.default_rng(2).random(12)
    path, crossings = race([column(ranks)], np.linspace(30, 360, 12), 90.0)
    assert path.max() > 90
    assert not crossings


def test_a_change_crosses_and_all_begins_anew() -> None:
    ranks = np.concatenate([np.random.default_rng(1).random(500), np.full(60, 0.99)])
    path, crossings = race([column(ranks)], np.arange(1, 561) / 100, 90.0)
    first = crossings[0]
    assert 500 < first.row < 520
    assert path[first.row] >= 90 > path[first.row + 1]
    assert first.held == pytest.approx([1.0])
    assert crossings[1].since == first.row + 1


@pytest.mark.slow
def test_false_alarms_keep_to_the_budget() -> None:
    """A short budget, so that there are many to count: 200 runs of 60 days, one allowed in 10 days."""
    rng = np.random.default_rng(3)
    alarms = []
    for _ in range(200):
        columns = [column(rng.random(600), weight=0.5), column(rng.random(600), "category", 0.8, 0.5)]
        alarms.append(len(race(columns, np.arange(1, 601) / 10, 10.0)[1]))
    mean, error = np.mean(alarms), np.std(alarms) / np.sqrt(200)
    assert mean - 2 * error <= 6
    assert mean > 1, "a detector that never alarms keeps to any budget"
