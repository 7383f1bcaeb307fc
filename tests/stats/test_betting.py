from __future__ import annotations

import math

import numpy as np
import pytest

from zelo.stats.betting import log_wealth, log_wealth_of_counts, mixed, stakes

RUNS, ROWS, ALPHA = 2_000, 1_000, 0.05


def reached(paths: list[np.ndarray], alpha: float = ALPHA) -> float:
    return float(np.mean([path.max() >= -math.log(alpha) for path in paths]))


@pytest.mark.parametrize("spread", [0.1, 0.5, 1.0])
def test_looking_after_every_row_costs_nothing(spread: float) -> None:
    chance = np.random.default_rng(3)
    paths = [log_wealth(chance.uniform(-spread, spread, ROWS)) for _ in range(RUNS)]

    assert reached(paths) <= ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)


def test_a_rare_large_loss_fools_nobody() -> None:
    """Many small gains and a rare large loss, with a mean of 0: where a plug-in is most easily misled."""
    chance = np.random.default_rng(4)
    paths = [log_wealth(np.where(chance.random(ROWS) < 0.01, -0.99, 0.01)) for _ in range(RUNS)]

    assert reached(paths) <= ALPHA


def test_a_mean_above_zero_is_found() -> None:
    chance = np.random.default_rng(5)
    paths = [log_wealth(chance.normal(0.02, 0.2, 3_000).clip(-1, 1)) for _ in range(200)]

    assert reached(paths, 0.01) >= 0.95


def test_a_better_version_never_is() -> None:
    chance = np.random.default_rng(6)

    assert log_wealth(chance.normal(-0.05, 0.2, 5_000).clip(-1, 1)).max() < 1


def test_a_stake_is_chosen_before_the_row_it_is_on() -> None:
    chance = np.random.default_rng(7)
    rows = chance.uniform(-1, 1, 50)
    other = rows.copy()
    other[20:] = -other[20:]

    np.testing.assert_array_equal(stakes(rows)[:21], stakes(other)[:21])
    assert (stakes(rows)[21:] != stakes(other)[21:]).any()
    assert ((stakes(rows) >= 0) & (stakes(rows) < 1)).all()


def test_nothing_known_is_a_wealth_of_one() -> None:
    assert len(log_wealth(np.array([]))) == 0
    assert log_wealth_of_counts(0, 0, 0.05) == pytest.approx(0.0)


def test_a_mixture_has_what_its_gamblers_have() -> None:
    rich, poor = np.log([1.0, 4.0]), np.log([1.0, 0.5])

    np.testing.assert_allclose(np.exp(mixed([rich, poor], [0.75, 0.25])), [1.0, 3.125])


@pytest.mark.parametrize(
    ("failed", "rows", "out"), [(2, 2, True), (1, 1, False), (5, 100, False), (20, 100, True)]
)
def test_failures_beyond_what_is_allowed(failed: int, rows: int, out: bool) -> None:
    assert (log_wealth_of_counts(failed, rows, 0.05) >= math.log(100)) == out


def test_failures_at_the_limit_seldom_reach_it() -> None:
    chance = np.random.default_rng(8)
    counts = np.cumsum(chance.random((1_000, 500)) < 0.05, axis=1)
    highest = [
        max(log_wealth_of_counts(int(run[row]), row + 1, 0.05) for row in range(0, 500, 25)) for run in counts
    ]

    assert np.mean(np.array(highest) >= math.log(100)) <= 0.02
