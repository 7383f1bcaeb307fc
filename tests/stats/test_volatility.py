from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zelo.stats.volatility import adapted_limits, moves, spreads

RETURNS = arrays(np.float64, (3, 8), elements=st.floats(-0.5, 0.5))
WEIGHTS = arrays(np.float64, 8, elements=st.floats(0.0, 0.3))
ZERO = np.zeros(8)


def by(returns: Any, **changes: Any) -> Any:
    known: dict[str, Any] = {
        "power": 2,
        "constant": 1e-4,
        "weights": ZERO,
        "falls": ZERO,
        "fill": 4e-4,
        "fill_falls": 2e-4,
    }
    return spreads(np.asarray(returns, dtype=np.float64), **{**known, **changes})


def test_moves_are_relative_and_the_newest_is_first() -> None:
    assert moves(np.array([[11.0, 10.0, 20.0]]))[0].tolist() == pytest.approx([0.1, -0.5])


def test_a_sum_of_weights_is_the_recursion_of_garch() -> None:
    omega, alpha, gamma, beta, start = 2e-6, 0.08, 0.05, 0.85, 3e-4
    rng = np.random.default_rng(0)
    returns = rng.normal(0.0, 0.02, 30)
    variance = start
    for change in returns:
        variance = omega + (alpha + gamma * (change < 0)) * change**2 + beta * variance
    decay = beta ** np.arange(31)
    constant = omega * decay[:-1].sum() + decay[-1] * start
    found = by(returns[None, ::-1], constant=constant, weights=alpha * decay[:-1], falls=gamma * decay[:-1])
    assert found[0, 0] == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_falls_weigh_by_themselves() -> None:
    falls = np.eye(8)[0]
    fallen, risen = by([[-0.1], [0.1]], falls=falls, fill_falls=0.0)[:, 0]
    assert fallen == pytest.approx(np.sqrt(1e-4 + 0.01))
    assert risen == pytest.approx(0.01)


def test_returns_that_nobody_knows_count_as_their_mean() -> None:
    weights = np.full(8, 0.1)
    assert by(np.empty((1, 0)), weights=weights)[0, 0] == pytest.approx(np.sqrt(1e-4 + 0.8 * 4e-4))
    assert by(np.full((1, 8), 0.02), weights=weights)[0, 0] == pytest.approx(np.sqrt(1e-4 + 0.8 * 4e-4))


@given(returns=RETURNS, weights=WEIGHTS, falls=WEIGHTS, power=st.sampled_from([1, 2]))
def test_the_spread_of_a_day_is_that_of_the_returns_before_it(
    returns: Any, weights: Any, falls: Any, power: int
) -> None:
    found = by(returns, weights=weights, falls=falls, power=power, days=8)
    assert found.shape == (3, 9)
    for day in range(9):
        alone = by(returns[:, day:], weights=weights, falls=falls, power=power)
        np.testing.assert_allclose(found[:, day], alone[:, 0], rtol=1e-12)


@given(returns=RETURNS, weights=WEIGHTS, power=st.sampled_from([1, 2]), factor=st.floats(1.0, 5.0))
def test_wilder_days_never_narrow_a_spread(returns: Any, weights: Any, power: int, factor: float) -> None:
    calm = by(returns, weights=weights, power=power)
    wild = by(factor * returns, weights=weights, power=power)
    assert (wild >= calm * (1 - 1e-12)).all()
    assert (calm > 0).all()


def test_a_miss_widens_and_days_within_narrow() -> None:
    spread, moved = np.ones((3, 2)), np.array([[0.5, 0.5], [3.0, 0.5], [3.0, 3.0]])
    limits = adapted_limits(spread, moved, 2.0, rate=0.1)
    assert limits[0] == pytest.approx(2.0 * np.exp(-0.02))
    assert limits[1] == pytest.approx(2.0 * np.exp(0.09 - 0.01))
    assert limits[2] == pytest.approx(2.0 * np.exp(0.18))


def test_no_days_change_no_limit() -> None:
    assert adapted_limits(np.empty((2, 0)), np.empty((2, 0)), 1.5, rate=0.1).tolist() == [1.5, 1.5]


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), limit=st.floats(0.2, 10.0))
def test_the_misses_come_to_their_share_wherever_the_limit_begins(seed: int, limit: float) -> None:
    moved = np.abs(np.random.default_rng(seed).standard_t(4, size=1500))
    misses, rate = 0, 0.1
    for day in moved:
        misses += day > limit
        (limit,) = adapted_limits(np.ones((1, 1)), np.array([[day]]), limit, rate=rate)
    # The sum of rate * (miss - 0.1) is how far the logarithm of the limit went, which the moves bound.
    assert misses / len(moved) == pytest.approx(0.1, abs=0.04)
