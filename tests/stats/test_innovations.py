from __future__ import annotations

import numpy as np
import pytest

from zelo.stats.innovations import surprises


def made(n: int, *, seed: int = 3, memory: float = 0.7, spread: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = np.empty(n)
    last = 100.0
    for place in range(n):
        last = 100 + memory * (last - 100) + rng.normal(0, spread)
        values[place] = last
    return values


def test_what_the_past_tells_is_no_surprise() -> None:
    values = made(600)

    found = surprises(values, 400, lags=2)

    def neighbours(series: np.ndarray) -> float:
        return float(np.corrcoef(series[:-1], series[1:])[0, 1])

    assert neighbours(values) > 0.6
    assert abs(neighbours(found.errors[2:])) < 0.1
    assert np.std(found.errors[400:]) == pytest.approx(4.0, rel=0.15)
    assert np.std(found.scaled[400:]) == pytest.approx(1.0, rel=0.2)


def test_those_learned_from_are_as_far_off_as_later_ones() -> None:
    # 30 rows and 9 weights: residuals of the fit itself would be a sixth too small.
    ratios = []
    for seed in range(200):
        errors = surprises(made(60, seed=seed, memory=0.3), 30, lags=8).errors
        ratios.append(np.std(errors[8:30]) / np.std(errors[30:]))

    assert np.median(ratios) == pytest.approx(1.0, abs=0.15)


def test_a_surprise_is_told_by_the_past_alone() -> None:
    values = made(200)
    longer = np.append(values, 500.0)

    before, after = (surprises(series, 150, lags=2) for series in (values, longer))

    np.testing.assert_allclose(after.scaled[:200], before.scaled, equal_nan=True)


def test_a_gap_costs_the_rows_that_need_it() -> None:
    values = made(200)
    values[160] = np.nan

    scaled = surprises(values, 150, lags=2).scaled

    assert np.flatnonzero(np.isnan(scaled)).tolist() == [0, 1, 160, 161, 162]


def test_too_few_rows_tell_nothing() -> None:
    assert np.isnan(surprises(made(40), 6, lags=2).scaled).all()


def test_a_series_that_never_moves_has_no_spread() -> None:
    assert np.isnan(surprises(np.full(50, 3.0), 30, lags=0).scaled).all()
