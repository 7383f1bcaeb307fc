from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t, ttest_rel

from zelo.stats.arrays import FloatArray
from zelo.stats.diebold_mariano import diebold_mariano


def losses(seed: int, n: int, gain: float = 0.0, reach: int = 1) -> tuple[FloatArray, FloatArray]:
    """Losses of two forecasters; their difference is a moving average over ``reach`` steps less ``gain``."""
    rng = np.random.default_rng(seed)
    common = rng.gamma(2.0, 1.0, n)
    difference = np.convolve(rng.normal(size=n + reach - 1), np.ones(reach), mode="valid")
    return common + difference / 2 - gain, common - difference / 2


@pytest.mark.parametrize("alternative", ["less", "greater", "two-sided"])
def test_one_step_ahead_it_is_the_paired_t_test(alternative: str) -> None:
    a, b = losses(1, 40, gain=0.2)
    expected = ttest_rel(a, b, alternative=alternative)
    found = diebold_mariano(a, b, alternative=alternative)  # type: ignore[arg-type]
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.mean_difference == pytest.approx((a - b).mean())


@pytest.mark.parametrize("horizon", [2, 4, 7])
def test_more_steps_ahead_it_is_the_papers_sum(horizon: int) -> None:
    a, b = losses(2, 50, reach=horizon)
    n, d = 50, a - b
    centred = d - d.mean()
    near = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) < horizon
    variance_of_mean = centred @ np.where(near, 1.0, 0.0) @ centred / n**2
    corrected = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    statistic = corrected * d.mean() / math.sqrt(variance_of_mean)
    found = diebold_mariano(a, b, horizon=horizon)
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(t.cdf(statistic, n - 1))


def test_a_variance_that_is_not_positive_is_weighted() -> None:
    # The differences swing, so that neighbours cancel: 1 + 2 (-0.95) times the variance is below 0.
    d = np.tile([1.0, -0.9], 10)
    found = diebold_mariano(d + 5, np.full(20, 5.0), horizon=2)
    centred = d - d.mean()
    near = np.clip(1 - np.abs(np.subtract.outer(np.arange(20), np.arange(20))) / 2, 0, None)
    variance_of_mean = centred @ near @ centred / 20**2
    statistic = d.mean() / math.sqrt(variance_of_mean) * math.sqrt(18 * 19) / 20
    assert found.statistic == pytest.approx(statistic)


def test_the_sides_mirror_each_other() -> None:
    a, b = losses(3, 60, gain=1.0, reach=3)
    less = diebold_mariano(a, b, horizon=3)
    greater = diebold_mariano(b, a, horizon=3, alternative="greater")
    other = diebold_mariano(a, b, horizon=3, alternative="greater")
    both = diebold_mariano(a, b, horizon=3, alternative="two-sided")
    assert less.p_value == pytest.approx(greater.p_value)
    assert less.statistic == pytest.approx(-greater.statistic)
    assert less.p_value + other.p_value == pytest.approx(1.0)
    assert both.p_value == pytest.approx(2 * less.p_value)
    assert less.statistic < 0


def test_the_unit_of_the_loss_changes_nothing() -> None:
    a, b = losses(4, 30, reach=2)
    plain, scaled = (diebold_mariano(by * a, by * b, horizon=2) for by in (1.0, 1e6))
    assert scaled.statistic == pytest.approx(plain.statistic)
    assert scaled.mean_difference == pytest.approx(1e6 * plain.mean_difference)


@pytest.mark.parametrize("horizon", [1, 4])
def test_equal_forecasters_are_told_apart_as_rarely_as_stated(horizon: int) -> None:
    p = np.array(
        [diebold_mariano(*losses(seed, 80, reach=horizon), horizon=horizon).p_value for seed in range(1000)]
    )
    # The sum of few autocovariances errs to the low side, and so the test to more than its level.
    assert 0.03 < np.mean(p < 0.05) < (0.07 if horizon == 1 else 0.1)
    assert 0.45 < np.mean(p) < 0.55


def test_correlation_of_errors_is_not_taken_for_proof() -> None:
    drawn = [losses(seed, 80, reach=4) for seed in range(400)]
    naive = np.mean([diebold_mariano(a, b).p_value < 0.05 for a, b in drawn])
    aware = np.mean([diebold_mariano(a, b, horizon=4).p_value < 0.05 for a, b in drawn])
    assert naive > 0.14
    assert aware < naive - 0.05


def test_losses_that_depend_on_each_other_are_told_apart_more_rarely() -> None:
    rng = np.random.default_rng(1)
    plain, aware = 0, 0
    for _ in range(300):
        # Wild months, in which one of the two loses more, for as long as they last.
        months = np.repeat(rng.normal(size=40), 20)
        difference = months + rng.normal(size=800)
        base = np.full(800, 10.0)
        plain += diebold_mariano(base + difference, base).p_value < 0.05
        aware += diebold_mariano(base + difference, base, lags=22).p_value < 0.05
    assert plain / 300 > 0.25
    # Bartlett's weights leave some of it out.
    assert aware / 300 < 0.15
    assert aware < plain / 2


def test_the_variance_with_lags_is_newey_and_wests() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.gamma(2.0, size=(2, 60))
    centred = (a - b) - (a - b).mean()
    weighted = sum(
        (1 - abs(lag) / 4) * (centred[abs(lag) :] * centred[: 60 - abs(lag)]).sum() for lag in range(-3, 4)
    )
    expected = (a - b).mean() / np.sqrt(weighted / 60 / 60) * np.sqrt(59 / 60)
    assert diebold_mariano(a, b, lags=3).statistic == pytest.approx(expected)


def test_a_better_forecaster_is_found() -> None:
    p = [diebold_mariano(*losses(seed, 80, gain=0.5)).p_value < 0.05 for seed in range(200)]
    assert np.mean(p) > 0.95


def test_where_there_is_no_test_nothing_is_significant() -> None:
    a, b = losses(5, 9)
    few = diebold_mariano(a, b)
    assert math.isnan(few.p_value)
    assert few.mean_difference == pytest.approx((a - b).mean())
    a, b = losses(5, 30)
    for same in (
        diebold_mariano(a, a),
        diebold_mariano(a, a + 0.1, horizon=3),
        diebold_mariano(a, b, horizon=30),
    ):
        assert math.isnan(same.statistic)
        assert math.isnan(same.p_value)
        assert not same.p_value < 0.05
    assert diebold_mariano(a, a).mean_difference == 0.0
    assert math.isnan(diebold_mariano(np.empty(0), np.empty(0)).mean_difference)
    assert not math.isnan(diebold_mariano(a, b, horizon=29).p_value)


@pytest.mark.parametrize(
    ("a", "b", "horizon", "message"),
    [
        (np.ones(3), np.ones(4), 1, r"losses \(3,\) and \(4,\) are not of the same steps"),
        (np.ones((3, 2)), np.ones((3, 2)), 1, "not of the same steps"),
        (np.array([1.0, np.nan]), np.ones(2), 1, "not finite"),
        (np.ones(2), np.array([1.0, np.inf]), 1, "not finite"),
        (np.ones(2), np.ones(2), 0, "horizon 0 is below 1"),
    ],
)
def test_what_cannot_be_tested_is_refused(a: FloatArray, b: FloatArray, horizon: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        diebold_mariano(a, b, horizon=horizon)
